/** The worker: reads names, decrypts them, and judges them by the rules. It sends nothing; the page does. */
import {
  type Field,
  PatternError,
  ReteamzError,
  RULE_FIELDS,
  type Rule,
  type RuleField,
  type RuleTree,
  ranks,
  type TokenKeys,
  TokenReader,
} from "@reteamz/core";
import { Matcher } from "@reteamz/core/matching";
import type { Call, Found, Problem, Step, Survey } from "./judging.ts";

type Entry = { id: number; field: Field; text: string };
type Name = { field: RuleField; name: string };

const PAGE = 5000;
const SAMPLES = 5;
const TRIED = 50;
/** Names that are judged before new calls are looked at. */
const BREATH = 500;

let reader = new TokenReader([]);
let matcher: Matcher | null = null;
let tree: RuleTree | null = null;
let names: Promise<Name[]> | null = null;
/** Counts calls of a kind, so that older ones notice that nobody waits for them any more. */
const newest = { survey: 0, trial: 0 };

addEventListener("message", async ({ data }: MessageEvent<Call & { id: number }>) => {
  try {
    postMessage({ id: data.id, answer: await answer(data) });
  } catch (error) {
    postMessage({ id: data.id, problem: told(error) });
  }
});

function answer(call: Call): Promise<unknown> | unknown {
  if (call.call === "keys") return open(call.tokens);
  if (call.call === "rules") return take(call.tree);
  if (call.call === "step") return step(call.after);
  if (call.call === "survey") return survey();
  return trial(call.rule);
}

function open(tokens: TokenKeys[]): void {
  reader = new TokenReader(tokens);
}

function take(rules: RuleTree): void {
  matcher = new Matcher(rules);
  tree = rules;
}

/** Judge the names after an id, one page of the dictionary. */
async function step(after: number): Promise<Step> {
  const { entries, last } = await page(after);
  const verdicts: [number, number][] = [];
  for (const { id, field, name } of await opened(entries)) {
    const rank = matcher?.verdict(field, name) ?? 0;
    if (rank) verdicts.push([id, rank]);
  }
  return { judged: last ?? after, verdicts };
}

/** How many names each rule decides, with some of them. */
async function survey(): Promise<Survey | null> {
  const mine = ++newest.survey;
  const judge = matcher;
  const asked = tree;
  const known = await everyName();
  const places = asked ? ranks(asked).map((ranked) => ranked.rule) : [];
  const rules = Array.from({ length: asked?.rules.length ?? 0 }, () => ({ count: 0, samples: [] as string[] }));
  let decided = 0;
  for (const [at, { field, name }] of known.entries()) {
    if (at % BREATH === 0 && (await overtaken("survey", mine))) return null;
    const rule = rules[places[(judge?.verdict(field, name) ?? 0) - 1] ?? -1];
    if (!rule) continue;
    decided++;
    rule.count++;
    if (rule.samples.length < SAMPLES) rule.samples.push(name);
  }
  return { rules, decided, names: known.length };
}

/** Which names an expression matches, by itself. */
async function trial(rule: Rule): Promise<Found | null> {
  const mine = ++newest.trial;
  const alone = new Matcher({
    categories: [{ id: 1, parent: null, name: "-", rating: null }],
    rules: [{ ...rule, category: 1 }],
    overrides: [],
  });
  const known = await everyName();
  const found: Found = { count: 0, samples: [], names: known.length };
  for (const [at, { field, name }] of known.entries()) {
    if (at % BREATH === 0 && (await overtaken("trial", mine))) return null;
    if (!alone.verdict(field, name)) continue;
    found.count++;
    if (found.samples.length < TRIED) found.samples.push({ field, name });
  }
  return found;
}

/** Let messages in, and tell whether one of them makes this call pointless. */
function overtaken(kind: keyof typeof newest, mine: number): Promise<boolean> {
  return new Promise((resolve) => setTimeout(() => resolve(mine !== newest[kind])));
}

function everyName(): Promise<Name[]> {
  names ??= readAll();
  names.catch(() => {
    names = null;
  });
  return names;
}

async function readAll(): Promise<Name[]> {
  const found: Name[] = [];
  for (let after = 0; ; ) {
    const { entries, last } = await page(after);
    if (last === undefined) return found;
    found.push(...(await opened(entries)));
    after = last;
  }
}

async function page(after: number): Promise<{ entries: Entry[]; last: number | undefined }> {
  const answered = await fetch(`/api/dictionary?after=${after}&limit=${PAGE}`).catch(() => null);
  if (!answered?.ok)
    throw new ReteamzError("server_unreachable", "The server does not answer as it should; try again in a minute.");
  const { entries } = (await answered.json()) as { entries: Entry[] };
  return { entries, last: entries.at(-1)?.id };
}

/** The names that rules speak of, as text; what does not authenticate is judged by nobody. */
async function opened(entries: Entry[]): Promise<(Name & { id: number })[]> {
  const wanted = entries.filter((entry) => RULE_FIELDS.includes(entry.field as RuleField));
  const read = await Promise.all(wanted.map((entry) => nameOf(entry).catch(() => "")));
  return wanted
    .map(({ id, field }, at) => ({ id, field: field as RuleField, name: read[at] ?? "" }))
    .filter(({ name }) => name);
}

async function nameOf({ field, text }: Entry): Promise<string> {
  return text.startsWith(`${field}:`) ? text.slice(field.length + 1) : reader.decrypt(text);
}

function told(error: unknown): Problem {
  if (error instanceof PatternError) return { code: error.code, message: error.message, position: error.position };
  if (error instanceof ReteamzError) return { code: error.code, message: error.message };
  console.error(error);
  return { code: "internal", message: "The names could not be judged; load the page again." };
}
