/** Whether the notices of a page are what computers signed (spec 17.4). */
import { ReteamzError, requireNotice, type ShownNotice, verifySigned } from "@reteamz/core";
import { all, byId, told } from "./dom.ts";
import { momentsIn } from "./moments.ts";
import type { Member } from "./shell.ts";
import { SignedBatches } from "./signed.ts";

/** What happened, by code (spec 17.2), in the words of the server's page. */
const WORDS: Record<string, string> = {
  policy_refused: "Refused a policy",
  records_lost: "Gave up sealed records",
  clock_jumped: "Its clock was set",
  consent_given: "Accepted what the policy asks for",
  consent_refused: "Declined what the policy asks for",
  capture_unsupported: "Cannot record what the policy asks for",
  capture_failed: "Could not record what the policy asks for",
};

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
  const moments = momentsIn(byId("notices").dataset.zone);
  const seen = new Set<string>();
  const outcomes = await Promise.all(
    items.map(async (item) => {
      const { device = "", seq, at, code = "", count } = item.dataset;
      const person = item.querySelector(".found-what .name")?.textContent.trim() ?? "";
      const told = { at: Number(at), code, count: Number(count), person };
      try {
        const batch = await signed.batch(device, Number(seq));
        await requireNotice(batch, told, reader);
        const name = JSON.stringify([device, seq, told]);
        if (seen.has(name))
          throw new ReteamzError("batch_altered", "The computer told this once; do not trust this server.");
        seen.add(name);
        write(item, told, moments);
        return true;
      } catch (error) {
        // Whatever is wrong with a proof, it is none.
        mark(item, error instanceof ReteamzError ? error : new ReteamzError("batch_missing", "Its proof is no proof."));
        return false;
      }
    }),
  );
  const line = byId("notices-checked");
  line.hidden = false;
  line.textContent = outcomes.every(Boolean)
    ? "Each is as a computer that you confirmed signed it."
    : "Not all of this could be checked; see below.";
  line.className = `card-body m-0 ${outcomes.every(Boolean) ? "text-secondary" : "found-problem"}`;
}

/** Say what was signed in this page's own words: those that came with the page are the server's. */
function write(item: HTMLElement, notice: ShownNotice, moments: Intl.DateTimeFormat): void {
  const put = (part: string, text: string): void => {
    const element = item.querySelector(part);
    if (element) element.textContent = text;
  };
  put(".notice-what", WORDS[notice.code] ?? notice.code);
  put(".notice-at", moments.format(notice.at));
  put(
    ".notice-count",
    notice.count > 1 ? ` · ${notice.count.toLocaleString("en").replaceAll(",", "\u202f")} times` : "",
  );
}

function mark(item: HTMLElement, error: ReteamzError): void {
  const line = document.createElement("p");
  line.className = "found-problem";
  line.textContent = told(error);
  item.querySelector(".found-main")?.append(line);
}
