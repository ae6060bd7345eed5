/** Sign-up → Backup Keys → enrolment code → waiting → confirm → first data. */
import { newCode } from "@reteamz/core";
import { busy, byId, fieldValue, onSubmit, show, told } from "../dom.ts";
import { showCode, showKit } from "../give.ts";
import { tellUnlocked } from "../lock.ts";
import { Owner } from "../owner.ts";
import { startMeter } from "../password.ts";
import type { DeviceKeysView } from "../types.ts";

const DAY_MS = 24 * 3600 * 1000;
const POLL_MS = 3000;
const MODES = {
  on: "The server will never see a name. Encryption cannot be switched off.",
  off: "The server will read every name. You can enable encryption later.",
};

export function startSignup(): void {
  const encrypted = byId<HTMLInputElement>("encrypted");
  startMeter(byId<HTMLInputElement>("password"));
  encrypted.addEventListener("change", () => {
    byId("mode-text").textContent = encrypted.checked ? MODES.on : MODES.off;
  });
  const form = byId<HTMLFormElement>("signup");
  onSubmit(form, async () => {
    const owner = await Owner.signUp({
      email: fieldValue("email"),
      password: fieldValue("password"),
      company: fieldValue("company"),
      encrypted: encrypted.checked,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    });
    form.reset();
    tellUnlocked();
    await offerKit(owner);
  });
}

async function offerKit(owner: Owner): Promise<void> {
  const code = newCode();
  showKit(await owner.kit(code), code);
  step("signup", "step-kit", "kit-title");
  byId("kit-next").addEventListener("click", () => void offerCode(owner), { once: true });
}

async function offerCode(owner: Owner): Promise<void> {
  step("step-kit", "step-enrol", "enrol-title");
  const section = byId("step-enrol");
  await busy(section, async () => showCode(await owner.enrolmentCode(1, 7 * DAY_MS)));
  const line = byId("enrol-waiting");
  const button = byId<HTMLButtonElement>("enrol-confirm");
  const timer = setInterval(async () => {
    const devices = await owner.waiting().catch(() => []);
    if (!devices.length) return;
    clearInterval(timer);
    show(line, "A computer is here. Its keys were made where the code was used.");
    await owner.verify(devices[0] as DeviceKeysView).catch((error: unknown) => show(line, told(error)));
    button.hidden = false;
    button.focus();
    button.onclick = () =>
      void busy(section, async () => {
        await owner.confirm(devices);
        location.assign("/");
      });
  }, POLL_MS);
}

function step(from: string, to: string, heading: string): void {
  byId(from).hidden = true;
  byId(to).hidden = false;
  byId(heading).focus();
}
