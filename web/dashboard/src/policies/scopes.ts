/** Whom a policy speaks of: everybody, departments, persons. Lists are the server's; names are read, and people's hashes made, here (spec 16.4). */
import {
  INHERITED,
  type PersonSettings,
  type PolicyTree,
  personHash,
  type Settings,
  TokenCipher,
  TokenReader,
} from "@reteamz/core";
import { get } from "../api.ts";
import type { OpenKeys } from "../vault.ts";

export type Department = { id: string; name: string };
/** `hash` is what the next policy calls them, `hashes` what an older one may. */
export type Person = { hash: string; hashes: string[]; name: string; department: string | null };
export type People = { departments: Department[]; persons: Person[] };
export type Scope = { kind: "account" | "department" | "person"; id: string };
/** What is changed in the page: what each scope says of its own; `others` are persons that are not in the lists. */
export type Draft = {
  account: Settings;
  departments: ReadonlyMap<string, Settings>;
  persons: ReadonlyMap<string, Settings>;
  others: PersonSettings[];
};

export const EVERYBODY: Scope = { kind: "account", id: "" };
const PERSON = "person:";

/** Everybody that the member may see, in the order of their names. */
export async function fetchPeople(keys: OpenKeys): Promise<People> {
  const reader = new TokenReader(keys.tokens);
  const read = (entry: string): Promise<string> => reader.replace(entry);
  const [departments, persons] = await Promise.all([
    get<{ id: string; name: string }[]>("/api/departments"),
    get<{ name: string; department: string | null }[]>("/api/people"),
  ]);
  const ciphers = [...keys.tokens].sort((one, other) => other.epoch - one.epoch).map((key) => new TokenCipher(key));
  const person = async (entry: string, department: string | null): Promise<Person[]> => {
    const name = (await read(entry)).replace(PERSON, "");
    const tokens = await Promise.all(ciphers.map((cipher) => cipher.encrypt("person", name)));
    const hashes = await Promise.all(tokens.filter((token) => token !== null).map((token) => personHash(token)));
    return hashes[0] ? [{ hash: hashes[0], hashes, name, department }] : [];
  };
  return {
    departments: sorted(
      await Promise.all(departments.map(async ({ id, name }) => ({ id, name: bare(await read(name)) }))),
    ),
    persons: sorted((await Promise.all(persons.map((one) => person(one.name, one.department)))).flat()),
  };
}

function bare(label: string): string {
  return label.replace("label:", "");
}

function sorted<T extends { name: string }>(some: T[]): T[] {
  return some.sort((one, other) => one.name.localeCompare(other.name));
}

/** What a policy says, as a draft. */
export function draftOf(tree: PolicyTree | null, people: People): Draft {
  const persons = new Map<string, Settings>();
  const others: PersonSettings[] = [];
  for (const one of tree?.persons ?? []) {
    const known = people.persons.find(({ hashes }) => hashes.includes(one.person));
    if (!known) others.push(one);
    else if (one.settings) persons.set(known.hash, one.settings);
  }
  return {
    account: tree?.settings ?? INHERITED,
    departments: new Map(tree?.departments.map(({ department, settings }) => [department, settings])),
    persons,
    others,
  };
}

/**
 * The policy that a draft makes, with everybody in the department in which they are now. Whoever sees everybody (`whole`) leaves out
 * departments and persons that are gone; others keep what they do not see.
 */
export function treeOf(draft: Draft, { departments, persons }: People, whole: boolean): PolicyTree {
  const spoken = [...draft.departments].filter(
    ([id, settings]) => !isSilent(settings) && (!whole || departments.some((one) => one.id === id)),
  );
  const speaking = new Set(spoken.map(([id]) => id));
  const known = persons.flatMap(({ hash, department }) => {
    const own = draft.persons.get(hash);
    const settings = own && !isSilent(own) ? own : null;
    const place = department && speaking.has(department) ? department : null;
    return settings || place ? [{ person: hash, department: place, settings }] : [];
  });
  const others = whole ? draft.others.filter(({ settings }) => settings) : draft.others;
  return {
    settings: draft.account,
    departments: spoken.map(([department, settings]) => ({ department, settings })),
    persons: [...known, ...others],
  };
}

/** Whether two policies say the same, in whatever order. */
export function sameTree(one: PolicyTree, other: PolicyTree): boolean {
  return canonical(one) === canonical(other);
}

function canonical({ settings, departments, persons }: PolicyTree): string {
  const members = (some: Settings | null) => some && Object.keys(INHERITED).map((name) => some[name as keyof Settings]);
  return JSON.stringify([
    members(settings),
    departments.map((one) => JSON.stringify([one.department, members(one.settings)])).sort(),
    persons.map((one) => JSON.stringify([one.person, one.department, members(one.settings)])).sort(),
  ]);
}

/** Whether settings say nothing of their own. */
export function isSilent(settings: Settings): boolean {
  return Object.entries(settings).every(([, value]) => value === null || (Array.isArray(value) && !value.length));
}

/** What a scope says of its own. */
export function ownOf(draft: Draft, { kind, id }: Scope): Settings {
  if (kind === "account") return draft.account;
  return (kind === "department" ? draft.departments : draft.persons).get(id) ?? INHERITED;
}

/** The draft in which a scope says this. */
export function withOwn(draft: Draft, { kind, id }: Scope, settings: Settings): Draft {
  if (kind === "account") return { ...draft, account: settings };
  if (kind === "department") return { ...draft, departments: new Map([...draft.departments, [id, settings]]) };
  return { ...draft, persons: new Map([...draft.persons, [id, settings]]) };
}

/** What stands above a scope, the account first, each with its name. */
export function above(draft: Draft, { departments, persons }: People, { kind, id }: Scope): [string, Settings][] {
  if (kind === "account") return [];
  const everybody: [string, Settings] = ["everybody", draft.account];
  const place = kind === "person" ? persons.find(({ hash }) => hash === id)?.department : null;
  const own = place ? draft.departments.get(place) : undefined;
  const name = departments.find((one) => one.id === place)?.name ?? "the department";
  return own && place ? [everybody, [name, own]] : [everybody];
}

export function nameOf({ departments, persons }: People, { kind, id }: Scope): string {
  if (kind === "account") return "Everybody";
  const found =
    kind === "department" ? departments.find((one) => one.id === id) : persons.find(({ hash }) => hash === id);
  return found?.name ?? "";
}
