/** “This would be recorded as …”: what the settings of a scope, as they stand in the page, make of a window that somebody describes. */
import { PatternError, type Recorded, type Resolved, recordedAs, type Seen } from "@reteamz/core";
import { byId, fieldValue, show } from "../dom.ts";
import { made } from "../making.ts";
import { DAYS, KIND_WORDS } from "./words.ts";

const FIELDS = ["app", "title-field", "url", "doc"] as const;
const WORDS: [keyof Omit<Recorded, "records">, string][] = [
  ["app", "Application"],
  ["title", "Title"],
  ["site", "Site"],
  ["url", "Address"],
  ["doc", "Document"],
];

/** Answers whenever somebody types, or the settings change. */
export class Preview {
  #settings: Resolved | null = null;
  #name = "";

  constructor() {
    const now = new Date();
    const day = byId<HTMLSelectElement>("preview-day");
    for (const [at, word] of DAYS.entries()) {
      const option = made("option", "", word);
      option.value = String(at);
      day.append(option);
    }
    day.value = String((now.getDay() + 6) % 7);
    byId<HTMLInputElement>("preview-time").value = now.toTimeString().slice(0, 5);
    byId("preview").addEventListener("input", () => void this.#answer());
  }

  /** Answer by these settings, which are those of somebody of this name. */
  by(settings: Resolved, name: string): void {
    this.#settings = settings;
    this.#name = name;
    void this.#answer();
  }

  async #answer(): Promise<void> {
    const settings = this.#settings;
    if (!settings) return;
    // The engine of expressions is large; only this page needs it outside of the worker.
    const { Excluder } = await import("@reteamz/core/matching");
    if (settings !== this.#settings) return;
    byId("preview-who").textContent = this.#name;
    const told = byId("preview-told");
    try {
      const excluder = new Excluder(settings.exclusions.filter(({ pattern }) => pattern));
      const recorded = recordedAs(settings, seen(), (names) => excluder.effect(names));
      told.replaceChildren(...listed(recorded));
      show(byId("preview-wrong"), "");
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      told.replaceChildren();
      show(byId("preview-wrong"), "One of the expressions cannot be used yet; mend it first.");
    }
  }
}

function seen(): Seen {
  const [hour = 0, minute = 0] = fieldValue("preview-time").split(":").map(Number);
  const [app = "", title = "", url = "", doc = ""] = FIELDS.map((field) => fieldValue(`preview-${field}`).trim());
  return { minute: Number(fieldValue("preview-day")) * 1440 + hour * 60 + minute, app, title, site: "", url, doc };
}

function listed(recorded: Recorded | null): HTMLElement[] {
  if (!recorded) return [made("p", "preview-nothing m-0", "Nothing is recorded, not even the time.")];
  const list = made("dl", "preview-list");
  const kept = WORDS.filter(([field]) => recorded[field]);
  for (const [field, word] of kept) list.append(made("dt", "", word), made("dd", "", recorded[field]));
  if (!kept.length) list.append(made("dt", "", "Names"), made("dd", "", "none; only the time is counted"));
  const kinds = recorded.records.map((kind) => KIND_WORDS[kind].toLowerCase()).join(", ");
  list.append(made("dt", "", "Records"), made("dd", "", kinds ? `${kinds}, where the person agreed` : "none"));
  return [list];
}
