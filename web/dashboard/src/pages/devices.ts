/** Devices: codes, and confirming whose keys are genuine. */
import { deviceFingerprint, groups, ReteamzError, randomBytes } from "@reteamz/core";
import { get, post, remove } from "../api.ts";
import { all, ask, byId, fieldValue, maybe, onClick } from "../dom.ts";
import { showCode } from "../give.ts";
import { checkNotices } from "../notices.ts";
import { Owner } from "../owner.ts";
import type { Member } from "../shell.ts";
import type { DeviceKeysView, Keys } from "../types.ts";

const DAY_MS = 24 * 3600 * 1000;
const POLL_MS = 5000;
const GROUPS = 12;

export function startDevices(member: Member): void {
  onClick(byId("new-code"), () => newCode(member));
  onClick(maybe("confirm-all"), () => confirm(member, null));
  for (const button of all("[data-confirm]")) onClick(button, () => confirm(member, button.dataset.confirm ?? ""));
  for (const button of all("[data-refuse]"))
    onClick(button, async () => {
      await post(`/api/devices/${button.dataset.refuse}/refuse`);
      location.reload();
    });
  for (const button of all("[data-withdraw]"))
    onClick(button, async () => {
      await remove(`/api/tickets/${button.dataset.withdraw}`);
      location.reload();
    });
  checkNotices(member);
  followWaiting();
}

function newCode(member: Member): void {
  byId("code-ask").hidden = false;
  byId("code-made").hidden = true;
  const dialog = ask("code-dialog", async () => {
    const owner = await Owner.open(member.account, member.member, fieldValue("code-password"));
    const code = await owner.enrolmentCode(Number(fieldValue("code-uses")), Number(fieldValue("code-days")) * DAY_MS);
    byId("code-ask").hidden = true;
    byId("code-made").hidden = false;
    submitOf(dialog).hidden = true;
    showCode(code);
    dialog.addEventListener("close", () => location.reload(), { once: true });
    return "stay";
  });
  submitOf(dialog).hidden = false;
}

function submitOf(dialog: HTMLDialogElement): HTMLElement {
  return dialog.querySelector("button[type=submit]") as HTMLElement;
}

/** Confirm one waiting computer, or all: by their code, or, where the code is gone, by comparing the fingerprint. */
async function confirm(member: Member, id: string | null): Promise<void> {
  const { devices } = await get<Keys>("/api/keys");
  const chosen = devices.filter((device) => device.state === "waiting" && (id === null || device.id === id));
  const compared = chosen.find((device) => !device.ticket);
  if (compared && chosen.length > 1)
    throw new ReteamzError("input_invalid", "The code of one of them is gone; confirm that one by itself.");
  byId("recipients").replaceChildren(...(await Promise.all(chosen.map(recipient))));
  byId("compare").hidden = !compared;
  const wanted = compared ? await askGroups(compared) : [];
  ask("confirm-dialog", async () => {
    if (compared && !wanted.every(({ input, digits }) => input.value.trim() === digits))
      throw new ReteamzError(
        "enrolment_forged",
        "The groups do not fit: what waits here are not the keys of that computer. Refuse it.",
      );
    const owner = await Owner.open(member.account, member.member, fieldValue("confirm-password"));
    await owner.confirm(chosen, new Set(compared ? [compared.id] : []));
    location.reload();
    return "close";
  });
}

/** Who receives keys, and since when it waits. */
async function recipient(device: DeviceKeysView): Promise<HTMLElement> {
  const row = document.createElement("li");
  const print = groups(await deviceFingerprint(device.signing, device.exchange));
  const at = new Date(device.redeemed).toLocaleString();
  row.textContent = `${device.platform} computer, asked ${at}`;
  const code = document.createElement("code");
  code.textContent = device.ticket ? print.join(" ") : "fingerprint to be compared";
  row.append(document.createElement("br"), code);
  return row;
}

type Group = { input: HTMLInputElement; digits: string };

/** Ask for three groups, drawn at random, so that nobody agrees without looking. */
async function askGroups(device: DeviceKeysView): Promise<Group[]> {
  const print = groups(await deviceFingerprint(device.signing, device.exchange));
  const places = new Set<number>();
  while (places.size < 3) places.add((randomBytes(1)[0] ?? 0) % GROUPS);
  return [...places]
    .sort((a, b) => a - b)
    .map((place, i) => {
      (document.querySelector(`[data-group="${i}"]`) as HTMLElement).textContent = String(place + 1);
      const input = document.querySelector(`[data-group-input="${i}"]`) as HTMLInputElement;
      return { input, digits: print[place] ?? "" };
    });
}

/** Show computers that begin to wait while the page is open. */
function followWaiting(): void {
  const shown = all("[data-device]").length;
  setInterval(async () => {
    if (document.querySelector("dialog[open]")) return;
    const keys = await get<Keys>("/api/keys").catch(() => null);
    if (keys && keys.devices.filter((device) => device.state === "waiting").length !== shown) location.reload();
  }, POLL_MS);
}
