/** The newest roster, every version verified from what this browser and the bundle vouch for (spec 3.3, 6.4, 6.6). */
import { type PublicOkp, ReteamzError, type RosterHead, TrustedRoster, thumbprint } from "@reteamz/core";
import { get } from "./api.ts";
import type { Membership, RosterView } from "./types.ts";
import { type OpenKeys, trustOf } from "./vault.ts";

/** `owner` is the thumbprint of the owner's identity key; `mark` the highest version that is vouched for. */
export async function fetchRoster(account: string, owner: string, mark: RosterHead): Promise<TrustedRoster> {
  const key = await ownerKey(owner);
  let since = Math.max(mark.version, 1) - 1;
  let trusted: TrustedRoster | null = null;
  for (;;) {
    const { rosters } = await get<{ rosters: RosterView[] }>(`/api/rosters?since=${since}`);
    for (const version of rosters)
      trusted = trusted
        ? await trusted.update(version.roster, version.devices)
        : await TrustedRoster.first(account, key, owner, mark, version.roster, version.devices);
    if (!trusted)
      throw new ReteamzError("roster_rollback", "The server withholds the roster; do not trust this server.");
    if (!rosters.length || trusted.head.version <= since) return trusted;
    since = trusted.head.version;
  }
}

/** The newest roster for somebody whose keys are open, from what this browser vouches for. */
export async function newestRoster(keys: OpenKeys): Promise<TrustedRoster> {
  const mark = (await trustOf(keys.account))?.roster ?? { version: 0, sha256: "" };
  return fetchRoster(keys.account, keys.owner, mark);
}

/** Whether whoever holds these keys may sign rules and policies. */
export function maySign(roster: TrustedRoster, keys: OpenKeys): boolean {
  return roster.member(keys.member)?.rights.includes("settings") ?? false;
}

/**
 * Whether the account began in the clear, as its owner signed in version 1. Only such an account has readable names: in any other the
 * server would be asking for tokens of its guesses, to look them up in its records.
 */
export async function beganPlain(account: string, owner: string): Promise<boolean> {
  const key = await ownerKey(owner);
  const [first] = (await get<{ rosters: RosterView[] }>("/api/rosters?since=0")).rosters;
  if (!first) return false;
  const none = { version: 0, sha256: "" };
  const { roster } = await TrustedRoster.first(account, key, owner, none, first.roster, first.devices);
  return roster.mode === "plain";
}

async function ownerKey(owner: string): Promise<PublicOkp> {
  const told = (await get<Membership>("/api/membership")).owner;
  if ((await thumbprint(told)) === owner) return told;
  throw new ReteamzError("owner_mismatch", "The server does not name the owner that this browser trusts.");
}
