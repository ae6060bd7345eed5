/** Whether the notices of a page are what computers signed (spec 17.4). */
import { ReteamzError, requireNotice, verifySigned } from "@reteamz/core";
import { all, byId, told } from "./dom.ts";
import type { Member } from "./shell.ts";
import { SignedBatches } from "./signed.ts";

/** Check every notice of the page once its names can be read, and mark those that must not be believed. */
export function checkNotices(member: Member): void {
  const items = all("#notices > li");
  if (items.length)
    member.decryptor.whenOpen(() => {
      if (member.keys?.epoch) void check(member, items);
    });
}

async function check({ account, keys, decryptor }: Member, items: HTMLElement[]): Promise<void> {
  const { reader } = decryptor;
  if (!keys || !reader) return;
  const signed = new SignedBatches(account, keys, "/api/notices", verifySigned);
  const outcomes = await Promise.all(
    items.map(async (item) => {
      const { device = "", seq, at, code = "", count } = item.dataset;
      const person = item.querySelector(".found-what .name")?.textContent.trim() ?? "";
      try {
        const batch = await signed.batch(device, Number(seq));
        await requireNotice(batch, { at: Number(at), code, count: Number(count), person }, reader);
        return true;
      } catch (error) {
        if (!(error instanceof ReteamzError)) throw error;
        const line = document.createElement("p");
        line.className = "found-problem";
        line.textContent = told(error);
        item.querySelector(".found-main")?.append(line);
        return false;
      }
    }),
  );
  const line = byId("notices-checked");
  line.hidden = false;
  line.textContent = outcomes.every(Boolean)
    ? "Signed by the computers that they name."
    : "Not all of this could be checked; see below.";
  line.className = `card-body m-0 ${outcomes.every(Boolean) ? "text-secondary" : "found-problem"}`;
}
