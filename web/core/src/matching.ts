/** Judges names by the expressions of a rule set (spec 12.7, 12.8), in time that is linear in the name. A module of its own: its engine is large. */
import {
  categoryRatings,
  type Effect,
  type Exclusion,
  PatternError,
  type Ranked,
  RULE_FIELDS,
  type RuleField,
  type RuleTree,
  ranks,
} from "@reteamz/core";
import { RE2JS } from "re2js";

/** Letters that got another case after Unicode 15: one engine knows it, the other does not (spec 12.7). */
const LATE = /[\u019b\u0264\u1c89\u1c8a\ua7cb-\ua7dc\u{10d50}-\u{10d85}\u{16ea0}-\u{16ed3}]/gu;
/** Nothing but literal text and `|`, in ASCII: the browser's own engine finds such words as RE2 does, and faster. */
const WORDS =
  /^(?:[A-Za-z0-9 !"#%&',/:;<=>@_`~-]|\\[!-/:-@[-`{-~])+(?:\|(?:[A-Za-z0-9 !"#%&',/:;<=>@_`~-]|\\[!-/:-@[-`{-~])+)*$/;

type Judge = { rank: number; matches(text: string): boolean };

/** Tells which rule judges a name. Ranks count from 1; 0 is no rule. The tree is whole, its patterns in plain text. */
export class Matcher {
  readonly #ranks: Ranked[];
  readonly #ratings: Map<number, number | null>;
  readonly #judges: Map<RuleField, Judge[]>;

  /** Raises `pattern_invalid` for an expression that is not taken. */
  constructor(tree: RuleTree) {
    this.#ranks = ranks(tree);
    this.#ratings = categoryRatings(tree);
    const made = new Map<string, Judge["matches"]>();
    this.#judges = new Map(RULE_FIELDS.map((field) => [field, judges(tree, this.#ranks, field, made)]));
  }

  /** The highest rank whose rule matches; `name` is normalised (spec 4.1). */
  verdict(field: RuleField, name: string): number {
    const text = name.replace(LATE, "\ufffd");
    return this.#judges.get(field)?.find((judge) => judge.matches(text))?.rank ?? 0;
  }

  /** The category that a rank stands for, null for rank 0. */
  category(rank: number): number | null {
    return this.#ranks[rank - 1]?.category ?? null;
  }

  /** The account's rating of a rank as spec 9.2 counts them, −1 for none. */
  rating(rank: number): number {
    return this.#ratings.get(this.category(rank) ?? 0) ?? -1;
  }
}

/** Tells what the exclusions of a policy do to a window (spec 16.3); their expressions are plain text. Raises `pattern_invalid`. */
export class Excluder {
  readonly #matcher: Matcher;

  constructor(exclusions: Exclusion[]) {
    // As rules of two categories, one inside the other: the deeper wins, so skipping beats hiding (spec 12.8).
    const categories = [
      { id: 1, parent: null, name: "hide", rating: null },
      { id: 2, parent: 1, name: "skip", rating: null },
    ];
    const rules = exclusions.map(({ effect, ...one }) => ({ category: effect === "skip" ? 2 : 1, ...one }));
    this.#matcher = new Matcher({ categories, rules, overrides: [] });
  }

  /** What is done to a window with these names, which are normalised (spec 4.1); null for nothing. */
  effect(names: Record<RuleField, string>): Effect | null {
    const found = Object.entries(names) as [RuleField, string][];
    const ranks = found.map(([field, name]) => (name ? this.#matcher.verdict(field, name) : 0));
    const category = this.#matcher.category(Math.max(0, ...ranks));
    return category === null ? null : category === 2 ? "skip" : "hide";
  }
}

/** What looks for a field's expressions, the highest ranks first; those in `made` are made once for all fields. */
function judges(tree: RuleTree, order: Ranked[], field: RuleField, made: Map<string, Judge["matches"]>): Judge[] {
  return order
    .flatMap(({ rule: position }, index) => {
      const rule = tree.rules[position];
      if (!rule || (rule.fields.length && !rule.fields.includes(field))) return [];
      // Names of applications have lost their capitals (spec 4.1), so their case never counts.
      const ignoreCase = rule.ignore_case || field === "app";
      const key = `${ignoreCase} ${rule.pattern}`;
      const matches = made.get(key) ?? matching(rule.pattern, ignoreCase);
      made.set(key, matches);
      return [{ rank: index + 1, matches }];
    })
    .reverse();
}

function matching(pattern: string, ignoreCase: boolean): Judge["matches"] {
  if (WORDS.test(pattern)) {
    // With the flag u only signs may stand behind a backslash.
    const found = new RegExp(pattern.replace(/\\([^$()*+./?[\\\]^{|}])/g, "$1"), ignoreCase ? "iu" : "u");
    return (text) => found.test(text);
  }
  try {
    const compiled = RE2JS.compile(`(?${ignoreCase ? "i" : ""}:${pattern})`);
    return (text) => compiled.test(text);
  } catch {
    throw new PatternError(0, "The engine does not take this expression; write it another way.");
  }
}
