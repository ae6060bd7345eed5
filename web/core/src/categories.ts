/** ActivityWatch's category files become rules (its settings `classes` and `category_sets`, its web interface's export). */
import { utf8 } from "./encoding.ts";
import { ReteamzError } from "./errors.ts";
import { normalise, SPACES } from "./names.ts";
import { checkPattern, PatternError } from "./patterns.ts";
import type { Category, Rating, Rule, RuleField, RuleTree } from "./rules.ts";

const BYTES = 2 * 1024 * 1024;
const DEPTH = 20;
const CATEGORIES = 1_000;
const RULES = 5_000;
/** Members of an event's data that are recorded here. */
const FIELDS = ["app", "title", "url"];

/** A rule that was not taken: path of its category, its expression, and why; `position` is where the expression goes wrong. */
export type LeftOut = { category: string[]; pattern: string; position: number | null; reason: string };
/** What a file said: a tree in plain text, what was left out, and the names of the sets that it holds. */
export type Imported = { tree: RuleTree; left_out: LeftOut[]; sets: string[] };

type Members = Record<string, unknown>;

/** The categories and rules of a file; `chosen` is which of several sets, null for the current one. Raises `input_invalid`. */
export function importCategories(text: string, chosen: string | null = null): Imported {
  if (utf8(text).length > BYTES) throw invalid("The file is too large");
  let document: unknown;
  try {
    document = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    throw invalid("The file is not JSON");
  }
  const { classes, sets } = classesOf(document, chosen);
  const maker = new Maker();
  for (const entry of classes) maker.add(entry);
  return { tree: { categories: maker.categories, rules: maker.rules, overrides: [] }, left_out: maker.leftOut, sets };
}

function members(value: unknown): Members | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : null;
}

/** A member of an object that is its own, undefined for none. */
function member(value: Members, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The list of categories, and the names of all sets. */
function classesOf(document: unknown, chosen: string | null): { classes: unknown[]; sets: string[] } {
  const whole = Array.isArray(document) ? { classes: document } : members(document);
  if (!whole) throw invalid("The file holds no categories");
  const sets = new Map<string, unknown>();
  const listed = member(whole, "category_sets");
  for (const one of Array.isArray(listed) ? listed.map(members) : []) {
    const id = one && member(one, "id");
    if (one && typeof id === "string" && !sets.has(id)) sets.set(id, member(one, "categories") ?? null);
  }
  const candidates = [member(whole, "categories"), member(whole, "classes"), ...sets.values()];
  const found = chosen === null ? candidates.find((one) => one !== undefined && one !== null) : sets.get(chosen);
  if (!Array.isArray(found)) throw invalid("The file holds no categories");
  return { classes: found, sets: [...sets.keys()] };
}

class Maker {
  readonly categories: Category[] = [];
  readonly rules: Rule[] = [];
  readonly leftOut: LeftOut[] = [];
  readonly #ids = new Map<string, number>();

  add(entry: unknown): void {
    const found = members(entry);
    const names = found && member(found, "name");
    if (!found || !Array.isArray(names) || !names.length || !names.every((name) => typeof name === "string"))
      throw invalid("A category of the file has no name");
    const path = names.map((name: string) => normalise("label", name));
    if (!path.every((name) => name)) throw invalid("A category of the file has no name");
    if (path.length > DEPTH) throw invalid(`The categories are nested deeper than ${DEPTH}`);
    const rule = members(member(found, "rule")) ?? {};
    const regex = member(rule, "regex");
    const pattern = member(rule, "type") === "regex" && typeof regex === "string" ? regex : "";
    if (path.length === 1 && path[0] === "Uncategorized" && !pattern) return;
    const id = this.#category(path);
    const rating = ratingOf(member(found, "data"));
    const category = this.categories[id - 1];
    if (rating !== null && category) category.rating = rating;
    if (pattern) this.#rule(path, id, pattern, rule);
  }

  /** The id of a category; made with its parents where it is new. */
  #category(path: string[]): number {
    const key = JSON.stringify(path);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const parent = path.length > 1 ? this.#category(path.slice(0, -1)) : null;
    if (this.categories.length === CATEGORIES) throw invalid(`The file has more than ${CATEGORIES} categories`);
    const id = this.categories.length + 1;
    this.categories.push({ id, parent, name: path.at(-1) ?? "", rating: null });
    this.#ids.set(key, id);
    return id;
  }

  #rule(path: string[], category: number, pattern: string, rule: Members): void {
    const keys = member(rule, "select_keys") || [];
    const given = (name: string): boolean => (member(rule, name) ?? null) !== null;
    if (given("priority") || given("weight")) {
      const reason = "Priorities are not taken; put the rule into a deeper category, or further down.";
      this.leftOut.push({ category: path, pattern, position: null, reason });
    } else if (!Array.isArray(keys) || !keys.every((key) => FIELDS.includes(key))) {
      const reason = "It looks at data that is not recorded here; choose its fields anew.";
      this.leftOut.push({ category: path, pattern, position: null, reason });
    } else if (this.rules.length === RULES) {
      throw invalid(`The file has more than ${RULES} rules`);
    } else {
      const fields = [...new Set(keys as RuleField[])];
      try {
        const taken = checkPattern(edges(pattern));
        this.rules.push({ category, fields, pattern: taken, ignore_case: member(rule, "ignore_case") === true });
      } catch (error) {
        if (!(error instanceof PatternError)) throw error;
        const { position, message } = error;
        this.leftOut.push({ category: path, pattern: edges(pattern), position, reason: message });
      }
    }
  }
}

/** An expression whose spaces at the edges are written as codes: labels are trimmed (spec 12.5). */
function edges(pattern: string): string {
  const characters = [...pattern];
  let start = 0;
  while (SPACES.test(characters[start] ?? "")) start++;
  let end = characters.length;
  while (end > start && SPACES.test(characters[end - 1] ?? "")) end--;
  let inner = characters.slice(start, end).join("");
  const escaped = (/\\*$/.exec(inner)?.[0].length ?? 0) % 2 === 1;
  if (end < characters.length && escaped) inner = inner.slice(0, -1);
  return [...characters.slice(0, start).map(code), inner, ...characters.slice(end).map(code)].join("");
}

function code(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length < 3 ? `\\x${hex.padStart(2, "0")}` : `\\x{${hex}}`;
}

/** The rating of a score: above 0 productive, below unproductive. */
function ratingOf(data: unknown): Rating | null {
  const found = members(data);
  const score = found && member(found, "score");
  if (typeof score !== "number") return null;
  return score > 0 ? 2 : score < 0 ? 0 : 1;
}

function invalid(reason: string): ReteamzError {
  return new ReteamzError("input_invalid", `${reason}; export the categories from ActivityWatch again.`);
}
