/** Signed JSON: exact members, no duplicates, whole numbers (spec 1.3). */
import { ReteamzError } from "./errors.ts";

export type Check = (value: unknown) => boolean;

export const text: Check = (value) => typeof value === "string";
export const integer: Check = (value) => Number.isSafeInteger(value);
export const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const id: Check = (value) => typeof value === "string" && /^[A-Za-z0-9_-]{22}$/.test(value);
export const hash: Check = (value) => typeof value === "string" && /^[A-Za-z0-9_-]{43}$/.test(value);
export const hashOrEmpty: Check = (value) => value === "" || hash(value);
export const base64: Check = (value) => typeof value === "string" && /^[A-Za-z0-9_-]+$/.test(value);

export function between(least: number, most: number): Check {
  return (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

export function oneOf(...values: unknown[]): Check {
  return (value) => values.includes(value);
}

export function nullOr(check: Check): Check {
  return (value) => value === null || check(value);
}

export function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

/** A list of at most so many. */
export function most(length: number, check: Check): Check {
  return (value) => Array.isArray(value) && value.length <= length && value.every(check);
}

/** The label of something that a member named: a token or a plain entry. */
export const label: Check = (value) => typeof value === "string" && value.length > 0 && value.length <= 6000;

/** An object with exactly these members; those in `optional` may be absent. */
export function shape(members: Record<string, Check>, optional: string[] = []): Check {
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const found = value as Record<string, unknown>;
    return (
      Object.keys(found).every((key) => Object.hasOwn(members, key)) &&
      Object.entries(members).every(([key, check]) =>
        Object.hasOwn(found, key) ? check(found[key]) : optional.includes(key),
      )
    );
  };
}

export function mapOf(key: RegExp, check: Check): Check {
  return (value) =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(value).every(([name, member]) => key.test(name) && check(member));
}

/** Parse JSON that must be of a shape. Raises `json_invalid`. */
export function strictParse<T>(source: string, check: Check): T {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw invalid();
  }
  if (!check(value)) throw invalid();
  // Text that encodes again to the same text has no duplicate key; only other text pays for the slower look.
  if (JSON.stringify(value) !== source && hasDuplicates(source)) throw invalid();
  return value as T;
}

function invalid(): ReteamzError {
  return new ReteamzError("json_invalid", "A message is not the JSON that was agreed; reload the page.");
}

/** Whether an object of valid JSON text names a member twice. */
export function hasDuplicates(source: string): boolean {
  const objects: (Set<string> | null)[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]]/g;
  for (let match = token.exec(source); match; match = token.exec(source)) {
    const found = match[0];
    if (found === "{") objects.push(new Set());
    else if (found === "[") objects.push(null);
    else if (found === "}" || found === "]") objects.pop();
    else if (/^\s*:/.test(source.slice(token.lastIndex, token.lastIndex + 64))) {
      const names = objects.at(-1);
      const name = JSON.parse(found) as string;
      if (names?.has(name)) return true;
      names?.add(name);
    }
  }
  return false;
}
