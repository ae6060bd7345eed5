/** "Make a rule of this name": carried to the page of rules as an id inside this tab; the name itself is kept nowhere. */
import { RULE_FIELDS, type RuleField, TokenReader } from "@reteamz/core";
import { get } from "../api.ts";
import type { OpenKeys } from "../vault.ts";

const KEY = "reteamz-rule-of";

export function keepWish(id: string): void {
  sessionStorage.setItem(KEY, id);
}

export type Wish = { field: RuleField; name: string };

/** The name that was kept, once. */
export async function takeWish(keys: OpenKeys): Promise<Wish | null> {
  const id = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  if (!id) return null;
  const { entries } = await get<{ entries: { field: RuleField; text: string }[] }>(`/api/dictionary?ids=${Number(id)}`);
  const entry = entries[0];
  if (!entry || !RULE_FIELDS.includes(entry.field)) return null;
  const { field, text } = entry;
  const name = text.startsWith(`${field}:`) ? text.slice(field.length + 1) : new TokenReader(keys.tokens).decrypt(text);
  return { field, name: await name };
}
