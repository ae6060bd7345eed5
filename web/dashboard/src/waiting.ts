/** Waiting until the owner confirms; then the page goes on by itself. */
import { get } from "./api.ts";
import { byId, problemOf, show, told } from "./dom.ts";
import type { Membership } from "./types.ts";

const POLL_MS = 3000;

/** Show that the owner has to act in the place of `before`, and do `work` once they did. */
export function waitForOwner(before: HTMLElement, work: () => Promise<void>): void {
  const section = byId("step-waiting");
  before.hidden = true;
  section.hidden = false;
  byId("waiting-title").focus();
  const timer = setInterval(async () => {
    const membership = await get<Membership>("/api/membership").catch(() => null);
    if (membership?.state !== "active") return;
    clearInterval(timer);
    await work().catch((error: unknown) => show(problemOf(section), told(error)));
  }, POLL_MS);
}
