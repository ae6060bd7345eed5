/** Judging names by the rules, in a worker: what is new since the last time, for everybody's reports. */
import { type Code, ReteamzError, type Rule, type RuleField, type RuleTree, type TokenKeys } from "@reteamz/core";
import { get, put } from "./api.ts";
import { all, maybe, show, told } from "./dom.ts";
import { openRulebook, renewRules } from "./rulebook.ts";
import type { Member } from "./shell.ts";
import type { OpenKeys } from "./vault.ts";

/** What the worker is asked. */
export type Call =
  | { call: "keys"; tokens: TokenKeys[] }
  | { call: "rules"; tree: RuleTree }
  | { call: "step"; after: number }
  | { call: "survey" }
  | { call: "trial"; rule: Rule };
export type Step = { judged: number; verdicts: [number, number][] };
export type Survey = { rules: { count: number; samples: string[] }[]; decided: number; names: number };
export type Found = { count: number; samples: { field: RuleField; name: string }[]; names: number };
export type Problem = { code: Code; message: string; position?: number };

type State = { newest: number; applied: number; judged: number; target: number; last: number; stale: boolean };
type Answered = { id: number; answer?: unknown; problem?: Problem };

const SCRIPT = "/static/judge.js";

/** What the worker refused; `position` is the character of an expression that is wrong. */
export class JudgeError extends ReteamzError {
  readonly position: number | undefined;

  constructor({ code, message, position }: Problem) {
    super(code, message);
    this.position = position;
  }
}

/** The worker with an account's keys. */
export class Judge {
  readonly #worker = new Worker(script(), { type: "module" });
  readonly #waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: unknown) => void }>();
  #calls = 0;

  constructor(keys: OpenKeys) {
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Answered>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.problem) waiting?.reject(new JudgeError(data.problem));
      else waiting?.resolve(data.answer as never);
    });
    this.#worker.addEventListener("error", () => {
      for (const { reject } of this.#waiting.values())
        reject(new ReteamzError("internal", "The judge of names did not start; load the page again."));
      this.#waiting.clear();
    });
    void this.#ask({ call: "keys", tokens: keys.tokens });
  }

  /** Judge by these rules from now on. Raises `pattern_invalid`. */
  rules(tree: RuleTree): Promise<void> {
    return this.#ask({ call: "rules", tree });
  }

  /** Verdicts of the next names of the dictionary. */
  step(after: number): Promise<Step> {
    return this.#ask({ call: "step", after });
  }

  /** What every rule decides; null when something newer was asked meanwhile. */
  survey(): Promise<Survey | null> {
    return this.#ask({ call: "survey" });
  }

  /** What an expression matches by itself; null when something newer was asked meanwhile. Raises `pattern_invalid`. */
  trial(rule: Rule): Promise<Found | null> {
    return this.#ask({ call: "trial", rule });
  }

  close(): void {
    this.#worker.terminate();
  }

  #ask<T>(call: Call): Promise<T> {
    const id = ++this.#calls;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...call });
    });
  }
}

type Policy = { createScriptURL(input: string): unknown };
type TrustedTypes = { createPolicy(name: string, rules: { createScriptURL(input: string): string }): Policy };

/**
 * The one address from which a script may become a worker. The Content-Security-Policy admits this policy alone, and it knows no other
 * address; it is made at once, so that nobody else can make one of its name.
 */
const policy = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy("reteamz-worker", {
  createScriptURL: () => SCRIPT,
});

function script(): string {
  return (policy?.createScriptURL("") ?? SCRIPT) as string;
}

/** Judge what is new, once the keys are here; one tab does it, the others leave it. */
export function startJudging(member: Member): void {
  if (document.body.dataset.judges === undefined) return;
  member.decryptor.whenOpen(() => {
    if (member.keys) void judgeNew(member.keys);
  });
}

/** Judge the names that nobody has judged under the newest rules; where it stopped, the next visit goes on. */
export async function judgeNew(keys: OpenKeys): Promise<void> {
  try {
    await navigator.locks.request("reteamz-judging", { ifAvailable: true }, async (lock) => {
      let state = lock && (await get<State>("/api/verdicts"));
      if (state?.stale && (await renewRules(keys))) state = await get<State>("/api/verdicts");
      if (state && behind(state)) await follow(keys, state);
    });
  } catch (error) {
    // Somebody else judges at the same time, or changed the rules: the next visit goes on from there.
    if (error instanceof ReteamzError && error.code === "rules_conflict") return;
    show(maybe("judging-problem") as HTMLElement, told(error));
  } finally {
    progress(null);
  }
}

function behind({ newest, applied, judged, last }: State): boolean {
  return newest > 0 && (applied !== newest || judged < last);
}

async function follow(keys: OpenKeys, found: State): Promise<void> {
  let state = found;
  const { head, tree, orphaned } = await openRulebook(keys);
  if (orphaned)
    throw new ReteamzError(
      "rules_refused",
      "Somebody who was removed since signed the rules. Look at them under Categories & rules, and sign them again.",
    );
  if (head.version !== state.newest)
    throw new ReteamzError("rules_conflict", "The rules were changed meanwhile; load the page again.");
  const judge = new Judge(keys);
  try {
    await judge.rules(tree);
    for (let moved = true; moved && behind(state); ) {
      progress({ from: found.judged, at: state.judged, to: state.last });
      const before = state;
      const { judged, verdicts } = await judge.step(before.judged);
      state = await put<State>("/api/verdicts", { version: head.version, after: before.judged, judged, verdicts });
      moved = state.judged > before.judged || state.applied !== before.applied;
    }
  } finally {
    judge.close();
  }
  if (found.applied === state.applied) return;
  for (const waiting of all("[data-waiting]")) waiting.hidden = true;
  (maybe("judging-done") as HTMLElement).hidden = false;
}

function progress(done: { from: number; at: number; to: number } | null): void {
  const box = maybe("judging");
  const bar = box?.querySelector("progress");
  if (!box || !bar) return;
  box.hidden = done === null;
  if (!done) return;
  bar.max = Math.max(1, done.to - done.from);
  bar.value = done.at - done.from;
}
