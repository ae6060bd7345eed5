/** Policies: how they are signed, opened, followed and inherited; every rule of trust in one class without I/O (spec 16). */
import { fromUtf8, sha256, utf8 } from "./encoding.ts";
import { orElse, ReteamzError } from "./errors.ts";
import {
  between,
  type Check,
  count,
  hash,
  hashOrEmpty,
  id,
  label,
  listOf,
  most,
  nullOr,
  oneOf,
  shape,
  strictParse,
} from "./json.ts";
import { signJws, verifyJws } from "./jws.ts";
import { okpVerifier, type PublicOkp, thumbprint } from "./keys.ts";
import { normalise } from "./names.ts";
import { checkPattern } from "./patterns.ts";
import { RULE_FIELDS, type RuleField } from "./rules.ts";
import { SEALED_KINDS, type SealedKind } from "./sealing.ts";
import { splitToken } from "./tokens.ts";
import { VersionedKind } from "./versions.ts";

export const DETAILS = ["off", "applications", "names", "everything"] as const;
export type Detail = (typeof DETAILS)[number];
export type Effect = "hide" | "skip";
/** How pictures of the screen are taken: seconds between two, radius of the blur in pixels, without colours, of which monitors. */
export type Screenshot = { every_s: number; blur: number; grey: boolean; monitors: "all" | "active" };
/** Seconds between two pictures of the camera. */
export type Camera = { every_s: number };
/** Seconds between two pieces of sound, and how long one is. */
export type Sound = { every_s: number; length_s: number };
/** An expression whose windows are hidden (time without names and records) or skipped (nothing); no `fields` are all of them (spec 16.3). */
export type Exclusion = { fields: RuleField[]; pattern: string; ignore_case: boolean; effect: Effect };
/** For each weekday, Monday first, the parts of it as minutes of local time: [begin, end). */
export type Hours = [number, number][][];
/** What one level says; null takes what is above it, exclusions add to it (spec 16.2). `idle_limit` in milliseconds. */
export type Settings = {
  detail: Detail | null;
  urls: boolean | null;
  records: SealedKind[] | null;
  hours: Hours | null;
  idle_limit: number | null;
  screenshot: Screenshot | null;
  camera: Camera | null;
  sound: Sound | null;
  private: boolean | null;
  meetings: boolean | null;
  exclusions: Exclusion[];
};
/** What holds in the end; `hours` null is at any hour. */
export type Resolved = { [name in keyof Omit<Settings, "hours">]: NonNullable<Settings[name]> } & {
  hours: Hours | null;
};
/** What a department has of its own. */
export type DepartmentSettings = { department: string; settings: Settings };
/** Where a person belongs and what they have of their own; `person` is the hash of their token (spec 16.4). */
export type PersonSettings = { person: string; department: string | null; settings: Settings | null };
/** What a policy is about. Ends hold one whose patterns are plain text; only as tokens do they leave them. */
export type PolicyTree = { settings: Settings; departments: DepartmentSettings[]; persons: PersonSettings[] };
/** The payload of a policy (spec 16.1); `issued` in milliseconds. */
export type PolicySet = { v: 1; account: string; version: number; prev: string; issued: number } & PolicyTree;
/** Version and hash of a policy; version 0 with hash "" is none. */
export type PolicyHead = { version: number; sha256: string };

/** Where an end stands that never saw a policy. */
export const NO_POLICY: PolicyHead = { version: 0, sha256: "" };
/** Says nothing. */
export const INHERITED: Settings = {
  detail: null,
  urls: null,
  records: null,
  hours: null,
  idle_limit: null,
  screenshot: null,
  camera: null,
  sound: null,
  private: null,
  meetings: null,
  exclusions: [],
};
/** What is in force where nobody signed anything: applications, titles, sites and documents, at any hour. */
export const DEFAULT: Resolved = {
  detail: "names",
  urls: false,
  records: [],
  hours: null,
  idle_limit: 180_000,
  screenshot: { every_s: 300, blur: 0, grey: false, monitors: "all" },
  camera: { every_s: 900 },
  sound: { every_s: 900, length_s: 20 },
  private: true,
  meetings: true,
  exclusions: [],
};

const EXCLUSIONS = 200;
const DEPARTMENTS = 1_000;
const PERSONS = 10_000;
const PARTS = 8;

const flag = oneOf(true, false);
const every = between(30, 3600);
const minute = between(0, 1440);
const part: Check = (value) => Array.isArray(value) && value.length === 2 && value.every(minute);
const hours: Check = (value) => Array.isArray(value) && value.length === 7 && value.every(most(PARTS, part));
const settingsShape = shape({
  detail: nullOr(oneOf(...DETAILS)),
  urls: nullOr(flag),
  records: nullOr(most(SEALED_KINDS.length, oneOf(...SEALED_KINDS))),
  hours: nullOr(hours),
  idle_limit: nullOr(between(10_000, 3_600_000)),
  screenshot: nullOr(shape({ every_s: every, blur: between(0, 50), grey: flag, monitors: oneOf("all", "active") })),
  camera: nullOr(shape({ every_s: every })),
  sound: nullOr(shape({ every_s: every, length_s: between(5, 60) })),
  private: nullOr(flag),
  meetings: nullOr(flag),
  exclusions: most(
    EXCLUSIONS,
    shape({
      fields: listOf(oneOf(...RULE_FIELDS)),
      pattern: label,
      ignore_case: flag,
      effect: oneOf("hide", "skip"),
    }),
  ),
});
const setShape = shape({
  v: oneOf(1),
  account: id,
  version: between(1, Number.MAX_SAFE_INTEGER),
  prev: hashOrEmpty,
  issued: count,
  settings: settingsShape,
  departments: most(DEPARTMENTS, shape({ department: id, settings: settingsShape })),
  persons: most(PERSONS, shape({ person: hash, department: nullOr(id), settings: nullOr(settingsShape) })),
});

/** What versions of policies are called, and which errors they make. */
export const POLICY_KIND = new VersionedKind("policies", "policy_refused", "policy_rollback", "policy_fork");

/** The last policy that was believed; the next one must follow from it. */
export class TrustedPolicy {
  readonly head: PolicyHead;
  readonly policy: PolicySet | null;
  readonly #account: string;

  private constructor(account: string, head: PolicyHead, policy: PolicySet | null) {
    this.#account = account;
    this.head = head;
    this.policy = policy;
  }

  /** A verifier that remembers version and hash only, or nothing. */
  static after(account: string, mark: PolicyHead = NO_POLICY): TrustedPolicy {
    return new TrustedPolicy(account, mark, null);
  }

  /**
   * The state with a policy that the server sent (spec 16.6).
   *
   * `signer` is the settings key that is said to have signed it, `signers` are the thumbprints of those that may sign: of
   * `TrustedRoster.signers`. Raises `policy_refused`, `policy_rollback`, `policy_fork`, `header_refused`, `signature_invalid`,
   * `base64_invalid`; everything stays as it was.
   */
  async update(jws: string, signer: PublicOkp, signers: string[]): Promise<TrustedPolicy> {
    if (!signers.includes(await thumbprint(signer)))
      throw refused("The policy is signed by nobody who may change settings");
    const payload = await verifyJws(await okpVerifier(signer), "reteamz-policy+1", jws);
    const policy = await orElse(
      async () => strictParse<PolicySet>(fromUtf8(payload), setShape),
      () => refused("The policy is not of the agreed form"),
    );
    if (policy.account !== this.#account) throw refused("The policy is another account's");
    requireWhole(policy);
    const head = { version: policy.version, sha256: await sha256(utf8(jws)) };
    POLICY_KIND.requireFollowing(this.head, head, policy.prev);
    return new TrustedPolicy(this.#account, head, policy);
  }
}

/** The settings of every level: account, departments, persons. */
function levels(policy: PolicyTree): Settings[] {
  const persons = policy.persons.flatMap(({ settings }) => (settings ? [settings] : []));
  return [policy.settings, ...policy.departments.map(({ settings }) => settings), ...persons];
}

/** The pattern of every exclusion. */
function patternsOf(policy: PolicyTree): string[] {
  return levels(policy).flatMap(({ exclusions }) => exclusions.map(({ pattern }) => pattern));
}

/** What speaks of a person, the account first (spec 16.4); `hashes` are of the person's tokens, one for each epoch. */
export function layersFor(policy: PolicyTree, hashes: string[]): Settings[] {
  const person = policy.persons.find((one) => hashes.includes(one.person));
  const department = person && policy.departments.find((one) => one.department === person.department);
  return [
    policy.settings,
    ...(department ? [department.settings] : []),
    ...(person?.settings ? [person.settings] : []),
  ];
}

/** What the nearest level that speaks says of each member, and all exclusions, those of the farthest first (spec 16.4). */
export function resolveSettings(...layers: Settings[]): Resolved {
  const all = [DEFAULT, ...layers];
  const spoken = all.map((one) => Object.fromEntries(Object.entries(one).filter(([, value]) => value !== null)));
  const found = Object.assign({ ...INHERITED }, ...spoken) as Resolved;
  return { ...found, exclusions: all.flatMap((one) => one.exclusions) };
}

/** What stands for a person in a policy: no coworker's name is told to a device (spec 16.4). */
export function personHash(token: string): Promise<string> {
  return sha256(utf8(token));
}

/** What the levels of a policy must be by themselves and among each other (spec 16.2-16.4). Raises `policy_refused`. */
export function requirePolicyTree(policy: PolicyTree): void {
  for (const settings of levels(policy)) requireSettings(settings);
  if (hasTwice(policy.departments.map((one) => one.department))) throw refused("The policy names a department twice");
  if (hasTwice(policy.persons.map((one) => one.person))) throw refused("The policy names a person twice");
}

function requireSettings({ records, hours, sound, exclusions }: Settings): void {
  if ([records ?? [], ...exclusions.map(({ fields }) => fields)].some(hasTwice))
    throw refused("The policy names a kind of record or a field twice");
  for (const day of hours ?? []) {
    const minutes = day.flat();
    if (minutes.some((at, place) => at < (minutes[place - 1] ?? 0)) || day.some(([begin, end]) => begin === end))
      throw refused("The working hours of the policy do not follow each other");
  }
  if (sound && sound.length_s > sound.every_s)
    throw refused("The policy wants sound longer than the time between two pieces");
}

function hasTwice(values: string[]): boolean {
  return new Set(values).size !== values.length;
}

/** What one policy must be by itself (spec 16.1-16.5). */
function requireWhole(policy: PolicySet): void {
  if ((policy.version === 1) !== (policy.prev === ""))
    throw refused("The first policy names one before it, or a later one names none");
  requirePolicyTree(policy);
  const tokens = patternsOf(policy).map((entry) => splitToken(entry));
  if (tokens.some((token) => token?.field !== "label")) throw refused("The policy holds a pattern that is no token");
  if (new Set(tokens.map((token) => token?.epoch)).size > 1)
    throw refused("The patterns of the policy are not of one epoch");
}

/** What the next policy says about itself; `previous` is `NO_POLICY` for the first, `issued` in milliseconds. */
export type NextPolicy = { account: string; previous: PolicyHead; issued: number };

/**
 * The next policy as JWS (spec 16.1): `settings` is the signer's settings key, `tree` what it says, its patterns in plain text, `entry`
 * turns a label into its token. Raises `pattern_invalid` for an expression that is not taken, `policy_refused` for a tree that is none.
 */
export async function signPolicy(
  settings: CryptoKey,
  next: NextPolicy,
  tree: PolicyTree,
  entry: (label: string) => string | Promise<string>,
): Promise<string> {
  const { account, previous, issued } = next;
  requirePolicyTree(tree);
  const labelled = await withPatterns(tree, (pattern) => entry(checkPattern(pattern)));
  const policy: PolicySet = {
    v: 1,
    account,
    version: previous.version + 1,
    prev: previous.sha256,
    issued,
    ...labelled,
  };
  if (!setShape(policy)) throw refused("This policy is too large or not of the agreed form");
  requireWhole(policy);
  return signJws(settings, "reteamz-policy+1", policy);
}

/**
 * What a policy that was believed says, its patterns in plain text (spec 16.5): `read` turns a token into its text. Raises
 * `pattern_invalid` for an expression that this end does not take, and what `read` raises.
 */
export function openPolicy(policy: PolicyTree, read: (token: string) => string | Promise<string>): Promise<PolicyTree> {
  return withPatterns(policy, async (entry) => checkPattern(await read(entry)));
}

async function withPatterns(
  tree: PolicyTree,
  change: (pattern: string) => string | Promise<string>,
): Promise<PolicyTree> {
  const changed = async (settings: Settings): Promise<Settings> => ({
    ...settings,
    exclusions: await Promise.all(
      settings.exclusions.map(async (one) => ({ ...one, pattern: await change(one.pattern) })),
    ),
  });
  return {
    settings: await changed(tree.settings),
    departments: await Promise.all(
      tree.departments.map(async (one) => ({ ...one, settings: await changed(one.settings) })),
    ),
    persons: await Promise.all(
      tree.persons.map(async (one) => ({ ...one, settings: one.settings && (await changed(one.settings)) })),
    ),
  };
}

/** A look at a desktop, as far as a policy asks: names as the desktop tells them, minutes of local time since Monday 00:00. */
export type Seen = { minute: number; app: string; title: string; site: string; url: string; doc: string };
/** What would be kept of a look: names that are not kept are "", `records` are the kinds of sealed content that may be taken. */
export type Recorded = Omit<Seen, "minute"> & { records: SealedKind[] };

/**
 * What an agent that follows this policy records of a window (spec 16.8), null for nothing at all. `excluded` tells what its exclusions do
 * (`Excluder.effect` of the module `matching`). Consent to what goes beyond the default, and the document that a title names, are the
 * agent's matter and are not asked here.
 */
export function recordedAs(
  policy: Resolved,
  seen: Seen,
  excluded: (names: Record<RuleField, string>) => Effect | null,
): Recorded | null {
  const { detail } = policy;
  if (detail === "off" || !isOpen(policy.hours, seen.minute)) return null;
  const { app, title, url, doc } = seen;
  const site = seen.site || siteOf(url);
  const effect = excluded({
    app: normalise("app", app),
    title: normalise("title", title),
    site: normalise("site", site),
    url: normalise("url", url),
    doc: normalise("doc", doc),
  });
  if (effect === "skip") return null;
  if (effect === "hide") return { app: "", title: "", site: "", url: "", doc: "", records: [] };
  if (detail === "applications") return { app, title: "", site: "", url: "", doc: "", records: [] };
  const records = detail === "everything" ? policy.records : [];
  return { app, title, site, url: policy.urls ? url : "", doc, records };
}

/** Whether a minute since Monday 00:00 lies in working hours. */
function isOpen(hours: Hours | null, minute: number): boolean {
  const day = hours?.[Math.floor(minute / 1440)] ?? [];
  return hours === null || day.some(([begin, end]) => begin <= minute % 1440 && minute % 1440 < end);
}

/** The host of a web address, "" for any other. */
function siteOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed && /^https?:$/.test(parsed.protocol) ? parsed.hostname : "";
}

function refused(reason: string): ReteamzError {
  return new ReteamzError("policy_refused", `${reason}; do not trust this server.`);
}
