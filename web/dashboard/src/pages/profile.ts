/** Profile → Encryption: enabling it, Backup Keys, password, second factor, sessions. */
import { newCode } from "@reteamz/core";
import { post, remove } from "../api.ts";
import { all, ask, byId, fieldValue, maybe, onClick, onSubmit } from "../dom.ts";
import { drawQr, showKit } from "../give.ts";
import { tellUnlocked } from "../lock.ts";
import { OpenMember } from "../member.ts";
import { Owner } from "../owner.ts";
import { startMeter } from "../password.ts";
import type { Member } from "../shell.ts";
import { openKeys } from "../vault.ts";
import { progressOf, startHistory } from "./encryption.ts";

export function startProfile(member: Member): void {
  const { account, member: id } = member;
  onClick(maybe("enable"), () => {
    ask("enable-dialog", async () => {
      const owner = await Owner.open(account, id, fieldValue("enable-password"));
      await owner.enableEncryption(progressOf("enable-progress"));
      tellUnlocked();
      location.reload();
      return "close";
    });
  });
  onClick(byId("kit"), () => {
    byId("kit-ask").hidden = false;
    byId("kit-made").hidden = true;
    const dialog = ask("kit-dialog", async () => {
      const opened = await OpenMember.open(account, id, fieldValue("kit-password"));
      const code = newCode();
      showKit(await opened.kit(code), code);
      byId("kit-ask").hidden = true;
      byId("kit-made").hidden = false;
      submit.hidden = true;
      return "stay";
    });
    const submit = dialog.querySelector("button[type=submit]") as HTMLElement;
    submit.hidden = false;
  });
  startHistory(member);
  startPassword(member);
  startTotp();
  for (const button of all("[data-end]"))
    onClick(button, async () => {
      await remove(`/api/sessions/${button.dataset.end}`);
      location.reload();
    });
  const showPrint = async () => {
    byId("fingerprint").textContent = (await openKeys(account))?.fingerprint ?? "";
  };
  member.decryptor.whenOpen(() => void showPrint());
}

function startPassword({ account, member }: Member): void {
  const form = byId<HTMLFormElement>("password-form");
  const done = form.querySelector(".form-done") as HTMLElement;
  startMeter(byId<HTMLInputElement>("new-password"));
  onSubmit(form, async () => {
    done.hidden = true;
    const old = fieldValue("old-password");
    const opened = await OpenMember.open(account, member, old);
    await opened.changePassword(old, fieldValue("new-password"));
    tellUnlocked();
    form.reset();
    done.hidden = false;
  });
}

function startTotp(): void {
  const form = byId<HTMLFormElement>("totp-form");
  let secret = "";
  onClick(maybe("totp-start"), async () => {
    const start = await post<{ secret: string; uri: string }>("/api/totp/start");
    secret = start.secret;
    byId("totp-secret").textContent = secret;
    drawQr(byId("totp-qr"), start.uri);
    byId("totp-ask").hidden = false;
    byId("totp-start").hidden = true;
    byId("totp-code").focus();
  });
  onSubmit(form, async () => {
    const code = fieldValue("totp-code");
    if (form.dataset.totp === "on") await remove("/api/totp", { code });
    else await post("/api/totp", { secret, code });
    location.reload();
  });
}
