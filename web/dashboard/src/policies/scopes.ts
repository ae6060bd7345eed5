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

/** Whether settings say nothing of their own; an empty list of records says that there are none. */
export function isSilent({ exclusions, ...settings }: Settings): boolean {
  return !exclusions.length && Object.values(settings).every((value) => value === null);
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

/** The name of a person's department, "" for everything else. */
export function placeOf({ departments, persons }: People, { kind, id }: Scope): string {
  const place = kind === "person" ? persons.find(({ hash }) => hash === id)?.department : null;
  return departments.find((one) => one.id === place)?.name ?? "";
}

/** What signing changes because the server's lists changed: who is in which department now, and what is not in the lists any more. */
export function movesOf(tree: PolicyTree, next: PolicyTree, { departments, persons }: People): string[] {
  const name = (id: string | null | undefined) =>
    id
      ? (departments.find((one) => one.id === id)?.name ?? "a department that is not here")
      : "no department with settings";
  const told: string[] = [];
  const places = (some: PolicyTree) =>
    new Map(
      some.persons.flatMap((one) => {
        const known = persons.find(({ hashes }) => hashes.includes(one.person));
        return [[known?.hash ?? one.person, one.department] as const];
      }),
    );
  const [before, after] = [places(tree), places(next)];
  for (const hash of new Set([...before.keys(), ...after.keys()])) {
    const [from, to] = [before.get(hash) ?? null, after.get(hash) ?? null];
    const who = persons.find((one) => one.hash === hash)?.name ?? "Somebody who is not in the list";
    if (from !== to) told.push(`${who}: from ${name(from)} to ${name(to)}`);
  }
  for (const { department } of tree.departments)
    if (
      !departments.some((one) => one.id === department) &&
      !next.departments.some((one) => one.department === department)
    )
      told.push("A department that is not in the list any more: its settings go");
  return told;
}

/** Somebody else's newer draft with what was changed here on top of it: nothing is taken back that nobody here saw. */
export function onTopOf(newest: Draft, stored: Draft, mine: Draft): Draft {
  const changed = (some: ReadonlyMap<string, Settings>, before: ReadonlyMap<string, Settings>) =>
    [...some].filter(([id, settings]) => before.get(id) !== settings);
  const account = Object.keys(INHERITED) as (keyof Settings)[];
  const own = account.filter((name) => mine.account[name] !== stored.account[name]);
  return {
    ...newest,
    account: { ...newest.account, ...Object.fromEntries(own.map((name) => [name, mine.account[name]])) },
    departments: new Map([...newest.departments, ...changed(mine.departments, stored.departments)]),
    persons: new Map([...newest.persons, ...changed(mine.persons, stored.persons)]),
  };
}
