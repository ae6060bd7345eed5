/** Choosing a name by searching the dictionary, which is decrypted here; what is sent is its number. */
import { ReteamzError } from "@reteamz/core";
import { get } from "../api.ts";
import { byId, fieldValue, show, told } from "../dom.ts";
import type { Member } from "../shell.ts";

type Entry = { id: number; text: string };
type Named = { id: number; name: string };

const MOST = 5000;
const SHOWN = 12;
const PLAIN = /^(?:app|site|title|url|doc):/;

/** The fields `rule-field` and `rule-search`, the list `rule-names`, and what was chosen, in `rule-chosen`. */
export class NamePicker {
  readonly #member: Member;
  readonly #known = new Map<string, Promise<Named[]>>();
  #chosen = 0;

  constructor(member: Member) {
    this.#member = member;
    for (const id of ["rule-field", "rule-search"]) {
      byId(id).addEventListener("input", () => void this.#search());
      byId(id).addEventListener("focus", () => void this.#search());
    }
  }

  /** Begin with a name that was chosen before, or with none. */
  begin(chosen: Entry | null): void {
    this.#chosen = chosen?.id ?? 0;
    byId<HTMLInputElement>("rule-search").value = "";
    byId("rule-names").replaceChildren();
    // The page's decryptor sees the entry come, as a text node.
    this.#show(chosen?.text ?? "");
  }

  /** The number of the chosen name. */
  chosen(): number {
    if (!this.#chosen) throw new ReteamzError("input_invalid", "Search for a name, and choose it from the list.");
    return this.#chosen;
  }

  #show(text: string): void {
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = text.replace(PLAIN, "");
    byId("rule-chosen").replaceChildren("Chosen: ", name);
    byId("rule-chosen").hidden = !text;
  }

  async #search(): Promise<void> {
    const field = fieldValue("rule-field");
    try {
      if (!this.#known.has(field)) this.#known.set(field, this.#all(field));
      const names = await (this.#known.get(field) as Promise<Named[]>);
      // Something else may have been typed meanwhile.
      if (fieldValue("rule-field") !== field) return;
      const part = fieldValue("rule-search").trim().toLowerCase();
      const found = names.filter(({ name }) => name.toLowerCase().includes(part));
      const rest = found.length - SHOWN;
      const rows = found.slice(0, SHOWN).map((one) => this.#row(one));
      const more =
        rest > 0 ? `and ${rest} more: type more of the name` : names.length ? "" : "no name of this kind yet";
      byId("rule-names").replaceChildren(...rows, ...(more ? [line(more)] : []));
    } catch (error) {
      this.#known.delete(field);
      show(byId("rule-dialog").querySelector("[role=alert]") as HTMLElement, told(error));
    }
  }

  #row({ id, name }: Named): HTMLElement {
    const row = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm rule-pick";
    button.textContent = name;
    button.addEventListener("click", () => {
      this.#chosen = id;
      this.#show(name);
      byId("rule-names").replaceChildren();
    });
    row.append(button);
    return row;
  }

  /** Every name of a field, sorted. */
  async #all(field: string): Promise<Named[]> {
    const reader = this.#member.decryptor.reader;
    if (!reader) throw new ReteamzError("input_invalid", "Unlock the names first; they are searched in this browser.");
    const found: Named[] = [];
    let after = 0;
    for (;;) {
      const { entries } = await get<{ entries: Entry[] }>(
        `/api/dictionary?field=${field}&after=${after}&limit=${MOST}`,
      );
      const names = await Promise.all(entries.map(({ text }) => reader.replace(text.replace(PLAIN, ""))));
      entries.forEach(({ id }, place) => {
        found.push({ id, name: names[place] ?? "" });
      });
      after = entries.at(-1)?.id ?? 0;
      if (entries.length < MOST) break;
    }
    return found.sort((a, b) => a.name.localeCompare(b.name));
  }
}

function line(text: string): HTMLElement {
  const made = document.createElement("li");
  made.className = "text-secondary";
  made.textContent = text;
  return made;
}
