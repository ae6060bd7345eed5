/** Profile → Encryption: what was recorded before encryption, how far it is encrypted, and the ceremony that does it. */
import { get } from "../api.ts";
import { ask, byId, fieldValue, maybe, onClick, show, told } from "../dom.ts";
import type { Told } from "../history.ts";
import { tellUnlocked } from "../lock.ts";
import { Owner } from "../owner.ts";
import { encryptHistory, type HistoryView } from "../pruning.ts";
import type { Member } from "../shell.ts";

const POLL_MS = 500;
const RUNNING = {
  compacting: "The server writes its store anew without the names. Computers wait meanwhile and send later.",
  cleaning: "The server cleans its control database.",
  searching: "The server looks for the names in every file that it keeps.",
};
const DAY: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", year: "numeric" };
const AGAIN = {
  readable: "Encrypt history",
  stopped: "Go on encrypting",
  found: "Look again",
};

/** A bar that shows how far something is. */
export function progressOf(id: string): Told {
  const bar = byId<HTMLProgressElement>(id);
  return (done, of) => {
    bar.hidden = false;
    bar.max = Math.max(of, 1);
    bar.value = done;
  };
}

export function startHistory({ account, member }: Member): void {
  if (!maybe("history")) return;
  onClick(byId("history-start"), () => {
    ask("history-dialog", async () => {
      const owner = await Owner.open(account, member, fieldValue("history-password"));
      tellUnlocked();
      await encryptHistory(owner, progressOf("history-signing"));
      byId("history-signing").hidden = true;
      void follow();
      return "close";
    });
  });
  void follow();
}

/** Show how far it is, again and again while the server works. */
async function follow(): Promise<void> {
  try {
    for (;;) {
      const view = await get<HistoryView>("/api/history");
      tell(view);
      if (!(view.state in RUNNING)) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } catch (error) {
    show(byId("problem"), told(error));
  }
}

function tell(view: HistoryView): void {
  byId("history").hidden = view.state === "none" || view.state === "plain";
  byId("history-but").hidden = ["none", "plain", "done"].includes(view.state);
  byId("history-told").textContent = sentence(view);
  const files = byId("history-files");
  files.replaceChildren(
    ...view.files.map((name) => {
      const item = document.createElement("li");
      item.textContent = name;
      return item;
    }),
  );
  files.hidden = !view.files.length;
  byId("history-progress").hidden = !(view.state in RUNNING);
  const button = byId("history-start");
  const word = AGAIN[view.state as keyof typeof AGAIN];
  button.hidden = !word;
  if (word) button.lastChild?.replaceWith(` ${word}`);
}

function sentence({ state, names, left, restated, batches, at }: HistoryView): string {
  if (state in RUNNING) return RUNNING[state as keyof typeof RUNNING];
  if (state === "done")
    return `History was encrypted on ${new Date(at).toLocaleDateString("en-GB", DAY)}: no readable name was left in the server's files.`;
  if (state === "found")
    return "Readable names are still in the files below. The operator must remove them; then look again.";
  if (state === "stopped")
    return "It stopped: the server needs as much free disk space as its store has, or a name came late. Nothing is lost; go on when there is room.";
  const joined = left ? ` ${left} of them still have two entries; log in again to join them.` : "";
  const so = restated ? ` It was begun: ${restated} of ${batches} batches are done.` : "";
  return `${names} names recorded before encryption are joined with their tokens, and the server can still read them.${joined}${so}`;
}
