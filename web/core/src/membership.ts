/** How a member besides the owner comes to the account and to its keys (spec 14). */
import type { EpochKeys, MemberBundle } from "./bundle.ts";
import { b64decode, equalBytes, fromUtf8 } from "./encoding.ts";
import { checkMac, type EnrolmentCode, enrolmentMac, type Ticket } from "./enrolment.ts";
import { sameJson } from "./equal.ts";
import { ReteamzError } from "./errors.ts";
import { ownerFingerprint } from "./fingerprint.ts";
import { acceptMemberGrant } from "./grant.ts";
import { between, hash, id, listOf, nullOr, oneOf, shape, strictParse } from "./json.ts";
import { signJws, verifyJws } from "./jws.ts";
import {
  okpPublic,
  okpSigner,
  okpVerifier,
  type PrivateOkp,
  type PublicOkp,
  type PublicRsa,
  publicOkp,
  publicRsa,
  requireRsa,
  rsaPublic,
  thumbprint,
} from "./keys.ts";
import type { MemberEntry, Right, TrustedRoster } from "./roster.ts";

/** What the owner wants the one to be who redeems the ticket (spec 14.1); `person` is a dictionary id. */
export type Invitation = {
  v: 1;
  account: string;
  ticket: string;
  role: "manager" | "employee";
  rights: Right[];
  departments: string[];
  person: number | null;
};

/** Every public key of a new member, under its identity key (spec 14.3). */
export type Join = {
  v: 1;
  account: string;
  ticket: string;
  member: string;
  identity: PublicOkp;
  settings: PublicOkp;
  exchange: PublicRsa;
  mac: string;
};

const invitationShape = shape({
  v: oneOf(1),
  account: id,
  ticket: id,
  role: oneOf("manager", "employee"),
  rights: listOf(oneOf("settings", "ratings", "sealed", "backup")),
  departments: listOf(id),
  person: nullOr(between(1, 2 ** 31 - 1)),
});
const joinShape = shape({
  v: oneOf(1),
  account: id,
  ticket: id,
  member: id,
  identity: publicOkp,
  settings: publicOkp,
  exchange: publicRsa,
  mac: hash,
});

/** An invitation as JWS by the owner's identity key (spec 14.1). */
export async function signInvitation(identity: PrivateOkp, invitation: Invitation): Promise<string> {
  return signJws(await okpSigner(identity), "reteamz-invitation+1", invitation);
}

/** What the owner invited the redeemer of a ticket to. Raises `header_refused`, `signature_invalid`, `enrolment_forged`. */
export async function readInvitation(
  owner: PublicOkp,
  account: string,
  ticket: string,
  jws: string,
): Promise<Invitation> {
  const payload = await verifyJws(await okpVerifier(owner), "reteamz-invitation+1", jws);
  const invitation = parsed<Invitation>(payload, invitationShape);
  const employee = invitation.role === "employee";
  const more = invitation.rights.length + invitation.departments.length > 0;
  if (invitation.account !== account || invitation.ticket !== ticket) throw forged();
  if (employee !== (invitation.person !== null) || (employee && more)) throw forged();
  return invitation;
}

/** Require the owner's key to have the fingerprint of the code (spec 14.2). Raises `owner_mismatch`, `code_mistyped`. */
export async function requireOwner(code: EnrolmentCode, owner: PublicOkp): Promise<void> {
  if (code.type !== "member")
    throw new ReteamzError("code_mistyped", "This code enrols a computer; ask the owner for an invitation.");
  if (!equalBytes(await ownerFingerprint(owner), code.owner))
    throw new ReteamzError("owner_mismatch", "The server names another owner than the code; do not trust this server.");
}

/** The joining as JWS by the new member's identity key, with the proof of the code (spec 14.3). */
export async function signJoin(bundle: MemberBundle, code: EnrolmentCode): Promise<string> {
  const identity = okpPublic(bundle.identity);
  const exchange = rsaPublic(bundle.exchange);
  const prints = [await thumbprint(identity), await thumbprint(exchange)] as const;
  const join: Join = {
    v: 1,
    account: code.account,
    ticket: code.ticket,
    member: bundle.member,
    identity,
    settings: okpPublic(bundle.settings),
    exchange,
    mac: await enrolmentMac(code.secret, code.account, code.ticket, "member", ...prints),
  };
  return signJws(await okpSigner(bundle.identity), "reteamz-join+1", join);
}

/** Who joins by which ticket, as the server tells it; `redeemed` in milliseconds. */
export type Joining = { account: string; member: string; join: string; redeemed: number };

/**
 * The keys of a new member that the code proves (spec 14.4): the MAC proves the identity key, and that signs the rest. Raises
 * `enrolment_forged`, `code_expired`, `ticket_spent`, `header_refused`, `key_refused`.
 */
export async function checkJoin(enrol: Uint8Array, ticket: Ticket, made: Joining): Promise<Join> {
  const join = await readJoin(made.join);
  if (join.account !== made.account || join.ticket !== ticket.id || join.member !== made.member) throw forged();
  if (ticket.type !== "member") throw forged();
  await checkMac(enrol, ticket, {
    account: made.account,
    signing: await thumbprint(join.identity),
    exchange: await thumbprint(join.exchange),
    mac: join.mac,
    redeemed: made.redeemed,
  });
  return join;
}

async function readJoin(jws: string): Promise<Join> {
  const parts = jws.split(".");
  if (parts.length !== 3) throw forged();
  let join: Join;
  try {
    // The key to verify it by is in there.
    join = parsed<Join>(b64decode(parts[1] ?? ""), joinShape);
    await verifyJws(await okpVerifier(join.identity), "reteamz-join+1", jws);
  } catch (error) {
    if (error instanceof ReteamzError && ["base64_invalid", "signature_invalid"].includes(error.code)) throw forged();
    throw error;
  }
  requireRsa(join.exchange);
  await okpVerifier(join.settings);
  return join;
}

/** The roster's entry of a member that is taken in (spec 6.2, 14.4); `added` in milliseconds. */
export async function memberEntry(join: Join, invitation: Invitation, added: number): Promise<MemberEntry> {
  return {
    id: join.member,
    state: "active",
    role: invitation.role,
    rights: invitation.rights,
    departments: invitation.departments,
    added,
    identity: await thumbprint(join.identity),
    settings: await thumbprint(join.settings),
    exchange: await thumbprint(join.exchange),
    alg: join.exchange.alg,
  };
}

/**
 * The bundle with the keys of a grant, after every rule (spec 8.3, 14.6); itself for the same grant again. Raises what
 * `acceptMemberGrant` raises; `roster_rollback` or `roster_fork` when the server withholds the roster that the grant names;
 * `grant_mismatch` when a known epoch has other keys.
 */
export async function takeGrant(
  bundle: MemberBundle,
  owner: PublicOkp,
  roster: TrustedRoster,
  jws: string,
): Promise<MemberBundle> {
  if ((await thumbprint(owner)) !== bundle.owner)
    throw new ReteamzError("owner_mismatch", "The server names another owner; do not trust this server.");
  const { account, exchange } = bundle;
  const pinned = await ownerFingerprint(owner);
  const { keys, state } = await acceptMemberGrant(jws, {
    owner,
    pinned,
    account,
    exchange,
    state: bundle.grant ?? null,
  });
  if (state.sha256 === bundle.grant?.sha256) return bundle;
  roster.requireSeen(state.roster);
  const keyring = { ...bundle.keyring };
  for (const [epoch, granted] of Object.entries(keys.keyring)) {
    const known = keyring[epoch];
    keyring[epoch] = known ? joined(known, granted) : granted;
  }
  return { ...bundle, keyring, grant: state };
}

/** Keys of one epoch that are known and granted again: they never change. */
function joined(known: EpochKeys, granted: EpochKeys): EpochKeys {
  const both = known.sealing && granted.sealing;
  if (known.master !== granted.master || (both && !sameJson(known.sealing, granted.sealing)))
    throw new ReteamzError("grant_mismatch", "The grant changes keys that are in use; ask the owner what happened.");
  const sealing = known.sealing ?? granted.sealing;
  return sealing ? { master: known.master, sealing } : { master: known.master };
}

function parsed<T>(payload: Uint8Array, check: ReturnType<typeof shape>): T {
  try {
    return strictParse<T>(fromUtf8(payload), check);
  } catch {
    throw forged();
  }
}

function forged(): ReteamzError {
  return new ReteamzError("enrolment_forged", "These keys were not made where the invitation was used; refuse them.");
}
