/** Names that people type here leave this browser as tokens. */
import { plainEntry, ReteamzError } from "@reteamz/core";
import { cipherOf } from "./history.ts";
import type { Member } from "./shell.ts";

/** A label as it may leave this browser. What the server says of the account decides nothing: the open keys do. */
export async function label({ keys }: Member, text: string): Promise<string> {
  if (!keys) throw new ReteamzError("input_invalid", "Unlock the names first; a new name is encrypted here.");
  const entry = (await cipherOf(keys)?.encrypt("label", text)) ?? plainEntry("label", text);
  if (!entry) throw new ReteamzError("input_invalid", "It needs a name; type one.");
  return entry;
}
