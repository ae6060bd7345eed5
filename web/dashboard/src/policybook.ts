/** The account's policy: fetched, verified, opened, signed (spec 16). What the server says of it decides nothing. */
import {
  NO_POLICY,
  openPolicy,
  POLICY_KIND,
  type PolicyHead,
  type PolicyTree,
  type PublicOkp,
  ReteamzError,
  sha256,
  signPolicy,
  TokenReader,
  TrustedPolicy,
  thumbprint,
  utf8,
} from "@reteamz/core";
import { get, post } from "./api.ts";
import { cipherOf } from "./history.ts";
import { maySign, newestRoster } from "./rosters.ts";
import { type OpenKeys, policySeen, rememberPolicy } from "./vault.ts";

type PolicyView = { version: number; jws: string; signer: PublicOkp };

/** A policy in plain text, null before the first; where it stands; who may sign the next; whether a removed member signed this one. */
export type PolicyBook = { head: PolicyHead; tree: PolicyTree | null; maySign: boolean; orphaned: boolean };

/** The newest policy, verified. Raises those of roster and policy. */
export async function openPolicybook(keys: OpenKeys): Promise<PolicyBook> {
  const roster = await newestRoster(keys);
  const seen = (await policySeen(keys.account)) ?? NO_POLICY;
  const signers = [...roster.signers(), ...roster.formerSigners()];
  let trusted = TrustedPolicy.after(keys.account, seen);
  let orphaned = false;
  const { policies } = await get<{ policies: PolicyView[] }>("/api/policies");
  for (const version of policies) {
    trusted = await trusted.update(version.jws, version.signer, signers);
    orphaned = POLICY_KIND.isOrphan(
      await thumbprint(version.signer),
      roster.signers(),
      trusted.head.version - seen.version,
    );
  }
  if (seen.version && !trusted.policy)
    throw new ReteamzError("policy_rollback", "The server withholds the policy; do not trust this server.");
  if (!orphaned) await rememberPolicy(keys.account, trusted.head);
  const reader = new TokenReader(keys.tokens);
  const tree = trusted.policy && (await openPolicy(trusted.policy, (token) => reader.decrypt(token)));
  return { head: trusted.head, tree, maySign: maySign(roster, keys), orphaned };
}

/** Sign the next policy and store it. Raises `policy_conflict`, `forbidden`, and what `signPolicy` raises. */
export async function savePolicy(keys: OpenKeys, previous: PolicyHead, tree: PolicyTree): Promise<PolicyHead> {
  if (!maySign(await newestRoster(keys), keys))
    throw new ReteamzError("forbidden", "You may not change policies any more; ask the owner of the account.");
  const entry = async (label: string): Promise<string> => {
    const made = await cipherOf(keys)?.encrypt("label", label);
    if (!made) throw new ReteamzError("input_invalid", "An exclusion needs an expression; type one.");
    return made;
  };
  const next = { account: keys.account, previous, issued: Date.now() };
  const policy = await signPolicy(keys.settings, next, tree, entry);
  const head = { version: previous.version + 1, sha256: await sha256(utf8(policy)) };
  const stored = await post<PolicyHead>("/api/policies", { policy });
  if (stored.version !== head.version || stored.sha256 !== head.sha256)
    throw new ReteamzError(
      "policy_fork",
      "The server stored another policy than was signed; do not trust this server.",
    );
  await rememberPolicy(keys.account, head);
  return head;
}

/** Sign the newest policy again when somebody who is about to be removed signed it; `signer` is the thumbprint of their settings key. */
export async function renewPolicyOf(keys: OpenKeys, signer: string): Promise<void> {
  const { policies } = await get<{ policies: PolicyView[] }>("/api/policies");
  const newest = policies.at(-1);
  if (!newest || (await thumbprint(newest.signer)) !== signer) return;
  const { head, tree } = await openPolicybook(keys);
  if (tree) await savePolicy(keys, head, tree);
}
