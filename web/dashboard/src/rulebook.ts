/** The account's rules: fetched, verified, opened, signed (spec 12). What the server says of them decides nothing. */
import {
  NO_RULES,
  openRules,
  type PublicOkp,
  plainEntry,
  ReteamzError,
  RULES_KIND,
  type RulesHead,
  type RuleTree,
  sha256,
  signRules,
  TokenCipher,
  TokenReader,
  TrustedRules,
  thumbprint,
  utf8,
} from "@reteamz/core";
import { get, post } from "./api.ts";
import { maySign, newestRoster } from "./rosters.ts";
import { EMPTY } from "./rules/tree.ts";
import { type OpenKeys, rememberRules, rulesSeen } from "./vault.ts";

type RulesView = { version: number; jws: string; signer: PublicOkp };

/** Rules in plain text, where they stand, whether this member may sign the next ones, and whether a removed member signed these. */
export type Rulebook = { head: RulesHead; tree: RuleTree; maySign: boolean; orphaned: boolean };

/** The newest rules, verified; those of a removed member are told as such, to be signed again. Raises those of roster and rules. */
export async function openRulebook(keys: OpenKeys): Promise<Rulebook> {
  const roster = await newestRoster(keys);
  const seen = (await rulesSeen(keys.account)) ?? NO_RULES;
  let trusted = TrustedRules.after(keys.account, seen);
  const { rules } = await get<{ rules: RulesView[] }>("/api/rules");
  const signers = [...roster.signers(), ...roster.formerSigners()];
  let orphaned = false;
  for (const version of rules) {
    trusted = await trusted.update(version.jws, version.signer, signers);
    orphaned = RULES_KIND.isOrphan(
      await thumbprint(version.signer),
      roster.signers(),
      trusted.head.version - seen.version,
    );
  }
  if (seen.version && !trusted.rules)
    throw new ReteamzError("rules_rollback", "The server withholds the rules; do not trust this server.");
  if (!orphaned) await rememberRules(keys.account, trusted.head);
  const reader = new TokenReader(keys.tokens);
  const tree = trusted.rules ? await openRules(trusted.rules, (entry) => readLabel(reader, entry)) : EMPTY;
  return { head: trusted.head, tree, maySign: maySign(roster, keys), orphaned };
}

/** Sign the next rules and store them. Raises `rules_conflict`, `forbidden`, and what `signRules` raises. */
export async function saveRules(keys: OpenKeys, previous: RulesHead, tree: RuleTree): Promise<RulesHead> {
  if (!maySign(await newestRoster(keys), keys))
    throw new ReteamzError("forbidden", "You may not change rules any more; ask the owner of the account.");
  const newest = keys.tokens.find((key) => key.epoch === keys.epoch);
  const cipher = newest ? new TokenCipher(newest) : null;
  const entry = async (label: string): Promise<string> => {
    const made = cipher ? await cipher.encrypt("label", label) : plainEntry("label", label);
    if (!made) throw new ReteamzError("input_invalid", "A category needs a name; type one.");
    return made;
  };
  const next = { account: keys.account, previous, issued: Date.now() };
  const rules = await signRules(keys.settings, next, tree, entry);
  const head = { version: previous.version + 1, sha256: await sha256(utf8(rules)) };
  const stored = await post<RulesHead>("/api/rules", { rules });
  if (stored.version !== head.version || stored.sha256 !== head.sha256)
    throw new ReteamzError("rules_fork", "The server stored other rules than were signed; do not trust this server.");
  await rememberRules(keys.account, head);
  return head;
}

/**
 * Sign the rules again, with labels as they are encrypted now; false for a member who may not, and where there are none: the server
 * says that it is time, and must not get an empty set signed by withholding the real one (spec 12.4).
 */
export async function renewRules(keys: OpenKeys): Promise<boolean> {
  const { head, tree, maySign, orphaned } = await openRulebook(keys);
  if (!maySign || !head.version || orphaned) return false;
  await saveRules(keys, head, tree);
  return true;
}

/** Sign the newest rules again when somebody who is about to be removed signed them; `signer` is the thumbprint of their settings key. */
export async function renewRulesOf(keys: OpenKeys, signer: string): Promise<void> {
  const { rules } = await get<{ rules: RulesView[] }>("/api/rules");
  const newest = rules.at(-1);
  if (!newest || (await thumbprint(newest.signer)) !== signer) return;
  const { head, tree } = await openRulebook(keys);
  if (head.version) await saveRules(keys, head, tree);
}

function readLabel(reader: TokenReader, entry: string): string | Promise<string> {
  return entry.startsWith("label:") ? entry.slice("label:".length) : reader.decrypt(entry);
}
