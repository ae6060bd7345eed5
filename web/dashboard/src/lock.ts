/** Locking: by the button, after 15 idle minutes, in every tab at once. */
import { forgetKeys } from "./vault.ts";

const IDLE_MS = 15 * 60 * 1000;
const WRITE_MS = 10_000;
const CHECK_MS = 15_000;
const SEEN = "reteamz-seen";
const channel = new BroadcastChannel("reteamz");

function seen(): number {
  return Number(localStorage.getItem(SEEN) ?? 0);
}

/** Whether nobody used any tab for 15 minutes. */
export function idleTooLong(): boolean {
  return Date.now() - seen() > IDLE_MS;
}

export function touch(): void {
  localStorage.setItem(SEEN, String(Date.now()));
}

let leaving = false;

/** Ask before a page is left in which something was changed; locking asks nobody: keys and names must go. */
export function guardChanges(changed: () => boolean): void {
  addEventListener("beforeunload", (event) => {
    if (!leaving && changed()) event.preventDefault();
  });
}

function reload(): void {
  leaving = true;
  location.reload();
}

/** Forget the keys; every tab shows its page anew, without them. */
export async function lock(): Promise<void> {
  await forgetKeys();
  channel.postMessage("changed");
  reload();
}

/** Tell other tabs that the keys are here. */
export function tellUnlocked(): void {
  touch();
  channel.postMessage("changed");
}

/** Lock when nobody is there any more; follow other tabs. */
export function watch(unlocked: boolean): void {
  channel.onmessage = reload;
  if (!unlocked) return;
  touch();
  for (const event of ["pointermove", "keydown", "scroll"] as const)
    addEventListener(
      event,
      () => {
        if (Date.now() - seen() > WRITE_MS) touch();
      },
      { passive: true },
    );
  const check = () => {
    if (idleTooLong()) void lock();
  };
  setInterval(check, CHECK_MS);
  document.addEventListener("visibilitychange", check);
}
