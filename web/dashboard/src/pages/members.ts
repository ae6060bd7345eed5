/** Members: inviting, confirming, removing. Every one is a ceremony of the owner's. */
import { type MemberEntry, ReteamzError, type Right } from "@reteamz/core";
import { get, post, remove } from "../api.ts";
import { all, ask, byId, fieldValue, maybe, onClick } from "../dom.ts";
import { drawQr } from "../give.ts";
import { type Offer, Owner } from "../owner.ts";
import { renewPolicyOf } from "../policybook.ts";
import { renewRulesOf } from "../rulebook.ts";
import type { Member } from "../shell.ts";
import type { MemberView } from "../types.ts";
import { openKeys } from "../vault.ts";

const DAY_MS = 24 * 3600 * 1000;
const POLL_MS = 5000;

export function startMembers(member: Member): void {
  if (!maybe("members")) return;
  onClick(byId("invite"), () => invite(member));
  for (const button of all("[data-welcome]")) onClick(button, () => welcome(member, button.dataset.welcome ?? ""));
  for (const button of all("[data-turn-away]"))
    onClick(button, async () => {
      await post(`/api/members/${button.dataset.turnAway}/refuse`);
      location.reload();
    });
  for (const button of all("[data-withdraw-invitation]"))
    onClick(button, async () => {
      await remove(`/api/tickets/${button.dataset.withdrawInvitation}`);
      location.reload();
    });
  for (const button of all("[data-remove-member]"))
    onClick(button, () => {
      ask("remove-member-dialog", async () => {
        const owner = await Owner.open(member.account, member.member, fieldValue("remove-member-password"));
        const id = button.dataset.removeMember ?? "";
        await signAgain(member.account, owner.trusted.member(id));
        await owner.removeMember(id);
        location.reload();
        return "close";
      });
    });
  followJoining();
}

/** Nobody follows a removed member's signature: what they signed last, rules and policy, is signed again before (spec 16.7). */
async function signAgain(account: string, leaving: MemberEntry | undefined): Promise<void> {
  const keys = await openKeys(account);
  if (!keys || !leaving?.rights.includes("settings")) return;
  await renewRulesOf(keys, leaving.settings);
  await renewPolicyOf(keys, leaving.settings);
}

function invite(member: Member): void {
  byId("invite-ask").hidden = false;
  byId("invite-made").hidden = true;
  const dialog = ask("invite-dialog", async () => {
    const offer = chosenOffer(dialog);
    const owner = await Owner.open(member.account, member.member, fieldValue("invite-password"));
    const code = await owner.invite(offer, Number(fieldValue("invite-days")) * DAY_MS);
    showLink(`${location.origin}/join#${code}`);
    byId("invite-ask").hidden = true;
    byId("invite-made").hidden = false;
    submit.hidden = true;
    dialog.addEventListener("close", () => location.reload(), { once: true });
    return "stay";
  });
  const submit = dialog.querySelector("button[type=submit]") as HTMLElement;
  submit.hidden = false;
  const follow = () => {
    const manager = roleOf(dialog) === "manager";
    byId("invite-manager").hidden = !manager;
    byId("invite-employee").hidden = manager;
    byId<HTMLInputElement>("invite-label").required = manager;
    byId<HTMLSelectElement>("invite-person").required = !manager;
  };
  for (const choice of all("input[name=role]", dialog)) choice.onchange = follow;
  follow();
}

function roleOf(dialog: HTMLElement): string {
  return dialog.querySelector<HTMLInputElement>("input[name=role]:checked")?.value ?? "";
}

/** What the dialog says. An employee has neither departments nor rights. */
function chosenOffer(dialog: HTMLElement): Offer {
  if (roleOf(dialog) === "employee") {
    const person = Number(fieldValue("invite-person"));
    if (!person) throw new ReteamzError("input_invalid", "Choose who they are in the records.");
    return { role: "employee", rights: [], departments: [], person, label: null };
  }
  const checked = (name: string) =>
    all<HTMLInputElement>(`input[name=${name}]:checked`, dialog).map((field) => field.value);
  const label = fieldValue("invite-label").trim();
  if (!label) throw new ReteamzError("input_invalid", "A manager needs a name that colleagues see; type one.");
  return {
    role: "manager",
    rights: checked("right") as Right[],
    departments: checked("department"),
    person: null,
    label,
  };
}

function showLink(link: string): void {
  byId("invite-link").textContent = link;
  drawQr(byId("invite-qr"), link);
  onClick(byId("invite-copy"), async () => {
    await navigator.clipboard.writeText(link);
    byId("invite-copy").classList.add("copied");
  });
}

/** Confirm one who waits: their code proves their keys, or nothing is signed. */
async function welcome(member: Member, id: string): Promise<void> {
  const waiting = (await get<MemberView[]>("/api/members")).filter((one) => one.id === id && one.state === "waiting");
  const row = document.querySelector(`[data-joining="${id}"] span`);
  byId("welcome-told").replaceChildren(row?.cloneNode(true) ?? "");
  ask("welcome-dialog", async () => {
    const owner = await Owner.open(member.account, member.member, fieldValue("welcome-password"));
    await owner.welcome(waiting);
    location.reload();
    return "close";
  });
}

/** Show those who begin to wait while the page is open. */
function followJoining(): void {
  const shown = Number(byId("members").dataset.waiting);
  setInterval(async () => {
    if (document.querySelector("dialog[open]")) return;
    const members = await get<MemberView[]>("/api/members").catch(() => null);
    if (members && members.filter((one) => one.state === "waiting").length !== shown) location.reload();
  }, POLL_MS);
}
