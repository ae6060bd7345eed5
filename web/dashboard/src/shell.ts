/** What every page of a member has: unlocking, locking, colours, menu, logging out. */
import { post } from "./api.ts";
import { PageDecryptor } from "./decrypt.ts";
import { byId, fieldValue, maybe, onClick, onSubmit } from "./dom.ts";
import { tellJoining } from "./history.ts";
import { idleTooLong, lock, tellUnlocked, watch } from "./lock.ts";
import { OpenMember } from "./member.ts";
import { forgetKeys, type OpenKeys, openKeys } from "./vault.ts";

export type Member = { account: string; member: string; keys: OpenKeys | null; decryptor: PageDecryptor };

/** Set a member's page up. */
export async function startShell(): Promise<Member> {
  const { account = "", member = "" } = document.body.dataset;
  if (idleTooLong()) await forgetKeys();
  const shell: Member = { account, member, keys: await usableKeys(account), decryptor: new PageDecryptor() };
  startTheme();
  startMenu();
  onClick(maybe("logout"), async () => {
    await forgetKeys();
    await post("/api/logout");
    location.assign("/login");
  });
  const button = maybe("lock");
  const form = maybe<HTMLFormElement>("unlock");
  const settle = () => {
    if (button) button.hidden = !shell.keys;
    if (form) form.hidden = shell.keys !== null;
    watch(shell.keys !== null);
  };
  settle();
  onClick(button, lock);
  if (form)
    onSubmit(form, async () => {
      const opened = await OpenMember.open(account, member, fieldValue("unlock-password"));
      form.reset();
      shell.keys = await openKeys(account);
      tellUnlocked();
      settle();
      if (shell.keys) await shell.decryptor.unlock(shell.keys);
      await opened.joinNames(tellJoining(byId("joining")));
    });
  await shell.decryptor.start(shell.keys);
  return shell;
}

/** The open keys, unless encryption was enabled since they were opened: then the password opens those that the owner granted. */
async function usableKeys(account: string): Promise<OpenKeys | null> {
  const keys = await openKeys(account);
  return keys && keys.epoch === 0 && document.body.dataset.mode === "encrypted" ? null : keys;
}

function startTheme(): void {
  onClick(maybe("theme"), () => {
    const root = document.documentElement;
    const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
    root.dataset.bsTheme = next;
    localStorage.setItem("theme", next);
  });
}

function startMenu(): void {
  const button = byId("menu-button");
  button.addEventListener("click", () => {
    const open = byId("menu").classList.toggle("sidebar-open");
    button.setAttribute("aria-expanded", String(open));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    byId("menu").classList.remove("sidebar-open");
    button.setAttribute("aria-expanded", "false");
    for (const box of document.querySelectorAll<HTMLDetailsElement>("details.choices[open]")) {
      box.open = false;
      box.querySelector("summary")?.focus();
    }
  });
  document.addEventListener("click", (event) => {
    for (const box of document.querySelectorAll<HTMLDetailsElement>("details.choices[open]"))
      if (!box.contains(event.target as Node)) box.open = false;
  });
}
