/** Rule sets: how they are signed, opened and followed; every rule of trust in one class without I/O (spec 12). */
import { fromUtf8, sha256, utf8 } from "./encoding.ts";
import { orElse, ReteamzError } from "./errors.ts";
import { between, count, hashOrEmpty, id, label, listOf, most, nullOr, oneOf, shape, strictParse } from "./json.ts";
import { signJws, verifyJws } from "./jws.ts";
import { okpVerifier, type PublicOkp, thumbprint } from "./keys.ts";
import { checkPattern } from "./patterns.ts";
import { splitToken } from "./tokens.ts";
import { VersionedKind } from "./versions.ts";

export const RULE_FIELDS = ["app", "title", "site", "url", "doc"] as const;
export type RuleField = (typeof RULE_FIELDS)[number];
export type Rating = 0 | 1 | 2;

/** A node of the tree; `rating` null takes its parent's (spec 12.2). */
export type Category = { id: number; parent: number | null; name: string; rating: Rating | null };
/** An expression that puts names into a category; no `fields` are all of them (spec 12.3). */
export type Rule = { category: number; fields: RuleField[]; pattern: string; ignore_case: boolean };
/** How a department rates a category (spec 12.10). */
export type Override = { department: string; category: number; rating: Rating };
/** What a rule set is about. Ends hold one whose names and patterns are plain text; only as label entries does it leave them. */
export type RuleTree = { categories: Category[]; rules: Rule[]; overrides: Override[] };
/** The payload of a rule set (spec 12.1); `issued` in milliseconds. */
export type RuleSet = { v: 1; account: string; version: number; prev: string; issued: number } & RuleTree;
/** Version and hash of a rule set; version 0 with hash "" is none. */
export type RulesHead = { version: number; sha256: string };
/** What a rank stands for (spec 12.8): the rule's position in the list, and its category. */
export type Ranked = { rule: number; category: number };

/** Where an end stands that never saw a rule set. */
export const NO_RULES: RulesHead = { version: 0, sha256: "" };

const CATEGORIES = 1_000;
const RULES = 5_000;
const OVERRIDES = 10_000;
const DEPTH = 20;

const rating = oneOf(0, 1, 2);
const categoryId = between(1, 2 ** 31 - 1);
const setShape = shape({
  v: oneOf(1),
  account: id,
  version: between(1, Number.MAX_SAFE_INTEGER),
  prev: hashOrEmpty,
  issued: count,
  categories: most(
    CATEGORIES,
    shape({ id: categoryId, parent: nullOr(categoryId), name: label, rating: nullOr(rating) }),
  ),
  rules: most(
    RULES,
    shape({
      category: categoryId,
      fields: listOf(oneOf(...RULE_FIELDS)),
      pattern: label,
      ignore_case: oneOf(true, false),
    }),
  ),
  overrides: most(OVERRIDES, shape({ department: id, category: categoryId, rating })),
});

/** What versions of rules are called, and which errors they make. */
export const RULES_KIND = new VersionedKind("rules", "rules_refused", "rules_rollback", "rules_fork");

/** The last rule set that was believed; the next one must follow from it. */
export class TrustedRules {
  readonly head: RulesHead;
  readonly rules: RuleSet | null;
  readonly #account: string;

  private constructor(account: string, head: RulesHead, rules: RuleSet | null) {
    this.#account = account;
    this.head = head;
    this.rules = rules;
  }

  /** A verifier that remembers version and hash only, or nothing. */
  static after(account: string, mark: RulesHead = NO_RULES): TrustedRules {
    return new TrustedRules(account, mark, null);
  }

  /**
   * The state with a rule set that the server sent (spec 12.6).
   *
   * `signer` is the settings key that is said to have signed it, `signers` are the thumbprints of those that may sign: out of the grant or
   * of `TrustedRoster.signers`. Raises `rules_refused`, `rules_rollback`, `rules_fork`, `header_refused`, `signature_invalid`,
   * `base64_invalid`; everything stays as it was.
   */
  async update(jws: string, signer: PublicOkp, signers: string[]): Promise<TrustedRules> {
    if (!signers.includes(await thumbprint(signer)))
      throw refused("The rules are signed by nobody who may change settings");
    const payload = await verifyJws(await okpVerifier(signer), "reteamz-rules+1", jws);
    const rules = await orElse(
      async () => strictParse<RuleSet>(fromUtf8(payload), setShape),
      () => refused("The rules are not of the agreed form"),
    );
    if (rules.account !== this.#account) throw refused("The rules are another account's");
    requireWhole(rules);
    const head = { version: rules.version, sha256: await sha256(utf8(jws)) };
    RULES_KIND.requireFollowing(this.head, head, rules.prev);
    return new TrustedRules(this.#account, head, rules);
  }
}

/** Category → depth; 1 is the top. Raises `rules_refused` for a tree that is none (spec 12.2). */
export function depths(rules: RuleTree): Map<number, number> {
  const found = new Map<number, number>();
  for (const category of rules.categories) {
    if (found.has(category.id)) throw refused("The rules name a category twice");
    const above = category.parent === null ? 0 : found.get(category.parent);
    if (above === undefined) throw refused("The rules name a category before its parent");
    if (above === DEPTH) throw refused(`The categories are nested deeper than ${DEPTH}`);
    found.set(category.id, above + 1);
  }
  return found;
}

/** What categories, rules and overrides must be among themselves (spec 12.2-12.4). Raises `rules_refused`. */
export function requireTree(rules: RuleTree): void {
  const known = depths(rules);
  for (const rule of rules.rules) {
    if (!known.has(rule.category)) throw refused("A rule names a category that is not there");
    if (new Set(rule.fields).size !== rule.fields.length) throw refused("A rule names a field twice");
  }
  const places = new Set(rules.overrides.map((one) => `${one.department} ${one.category}`));
  if (places.size !== rules.overrides.length || !rules.overrides.every((one) => known.has(one.category)))
    throw refused("A department rates a category twice, or one that is not there");
}

/** What one rule set must be by itself (spec 12.1-12.4). */
function requireWhole(rules: RuleSet): void {
  if ((rules.version === 1) !== (rules.prev === ""))
    throw refused("The first rules name some before them, or later ones name none");
  requireTree(rules);
  const epochs = new Set(labelsOf(rules).map(labelEpoch));
  if (epochs.has(null)) throw refused("The rules hold what is no label");
  if (epochs.size > 1) throw refused("The labels of the rules are not of one epoch");
}

/** The epoch of a label entry, 0 for a plain one, null for what is no label. */
function labelEpoch(entry: string): number | null {
  const token = splitToken(entry);
  if (token) return token.field === "label" ? token.epoch : null;
  const plain = entry.startsWith("label:") && entry.length > 6 && utf8(entry).length <= 4_095 + 6;
  return plain ? 0 : null;
}

/** Every label entry of a set: names of categories, then patterns. */
export function labelsOf(rules: RuleTree): string[] {
  return [...rules.categories.map((category) => category.name), ...rules.rules.map((rule) => rule.pattern)];
}

/** The epoch of a whole set's labels: 0 when they are plain, null when there are none. */
export function epochOf(rules: RuleSet): number | null {
  const entry = labelsOf(rules)[0];
  return entry === undefined ? null : labelEpoch(entry);
}

/** What the ranks stand for; rank r is element r − 1 (spec 12.8). */
export function ranks(rules: RuleTree): Ranked[] {
  const known = depths(rules);
  const depth = (one: Ranked): number => known.get(one.category) ?? 0;
  const order = rules.rules.map(({ category }, rule) => ({ rule, category }));
  return order.sort((a, b) => depth(a) - depth(b) || a.rule - b.rule);
}

/** Category → rating, inherited where a category has none of its own (spec 12.9, 12.10); with a department's overrides if one is named. */
export function categoryRatings(rules: RuleTree, department: string | null = null): Map<number, Rating | null> {
  const own = new Map<number, Rating>();
  for (const one of rules.overrides) if (one.department === department) own.set(one.category, one.rating);
  const found = new Map<number, Rating | null>();
  for (const { id, parent, rating } of rules.categories) {
    const inherited = parent === null ? null : (found.get(parent) ?? null);
    found.set(id, own.get(id) ?? rating ?? inherited);
  }
  return found;
}

/** What the next rule set says about itself; `previous` is `NO_RULES` for the first, `issued` in milliseconds. */
export type NextRules = { account: string; previous: RulesHead; issued: number };

/**
 * The next rule set as JWS (spec 12.1): `settings` is the signer's settings key, `tree` what it says in plain text, `entry` turns a label
 * into its token or plain entry. Raises `pattern_invalid` for an expression that is not taken, `rules_refused` for a tree that is none and
 * for a category without a name.
 */
export async function signRules(
  settings: CryptoKey,
  next: NextRules,
  tree: RuleTree,
  entry: (label: string) => string | Promise<string>,
): Promise<string> {
  requireTree(tree);
  const { account, previous, issued } = next;
  const rules: RuleSet = {
    v: 1,
    account,
    version: previous.version + 1,
    prev: previous.sha256,
    issued,
    categories: await Promise.all(tree.categories.map(async (one) => ({ ...one, name: await entry(one.name) }))),
    rules: await Promise.all(
      tree.rules.map(async (one) => ({ ...one, pattern: await entry(checkPattern(one.pattern)) })),
    ),
    overrides: tree.overrides,
  };
  requireWhole(rules);
  if (!setShape(rules)) throw refused("These rules are too many or not of the agreed form");
  return signJws(settings, "reteamz-rules+1", rules);
}

/**
 * What a rule set that was believed says, in plain text (spec 12.4, 12.5): `read` turns a label entry into its text. Raises
 * `pattern_invalid` for an expression that this end does not take, and what `read` raises.
 */
export async function openRules(rules: RuleSet, read: (entry: string) => string | Promise<string>): Promise<RuleTree> {
  return {
    categories: await Promise.all(rules.categories.map(async (one) => ({ ...one, name: await read(one.name) }))),
    rules: await Promise.all(
      rules.rules.map(async (one) => ({ ...one, pattern: checkPattern(await read(one.pattern)) })),
    ),
    overrides: rules.overrides,
  };
}

function refused(reason: string): ReteamzError {
  return new ReteamzError("rules_refused", `${reason}; do not trust this server.`);
}
