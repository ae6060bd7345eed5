/** Grants: how keys travel, and every rule a recipient applies (spec 8). */
import { type GrantState, type Keyring, keyringShape, type RosterHead, rosterHead } from "./bundle.ts";
import { equalBytes, fromUtf8, sha256, utf8 } from "./encoding.ts";
import { orElse, ReteamzError } from "./errors.ts";
import { ownerFingerprint } from "./fingerprint.ts";
import { between, type Check, hash, id, listOf, oneOf, shape, strictParse, text } from "./json.ts";
import { decryptAs, encryptTo, type Header } from "./jwe.ts";
import { signJws, verifyJws } from "./jws.ts";
import {
  okpSigner,
  okpVerifier,
  type PrivateOkp,
  type PrivateRsa,
  type PublicOkp,
  type PublicRsa,
  publicRsa,
  type RsaAlgorithm,
  rsaPublic,
  thumbprint,
} from "./keys.ts";

export type Grant = {
  v: 1;
  account: string;
  recipient: string;
  roster: RosterHead;
  epoch: number;
  seq: number;
  signers: string[];
  key: string;
};
/** What a grant gives an agent (spec 8.2). */
export type AgentKeys = {
  v: 1;
  account: string;
  recipient: string;
  epoch: number;
  master: string;
  sealing: PublicRsa;
};
/** What a grant gives a member (spec 8.2); sealing keys only with the right `sealed`. */
export type MemberKeys = {
  v: 1;
  account: string;
  recipient: string;
  keyring: Keyring;
};

const epoch = between(1, 65_535);
const grantShape = shape({
  v: oneOf(1),
  account: id,
  recipient: hash,
  roster: rosterHead,
  epoch,
  seq: between(1, Number.MAX_SAFE_INTEGER),
  signers: listOf(hash),
  key: text,
});
const agentShape = shape({ v: oneOf(1), account: id, recipient: hash, epoch, master: hash, sealing: publicRsa });
const memberShape = shape({
  v: oneOf(1),
  account: id,
  recipient: hash,
  keyring: keyringShape,
});

/** Whom a grant is for and where it stands in the account's history. */
export type Granting = {
  account: string;
  recipient: PublicRsa;
  roster: RosterHead;
  epoch: number;
  seq: number;
  signers: string[];
};

/** The grant of an epoch's keys to an agent as JWS; `master` in base64. */
export async function signAgentGrant(
  identity: PrivateOkp,
  to: Granting,
  master: string,
  sealing: PublicRsa,
): Promise<string> {
  const recipient = await thumbprint(to.recipient);
  const keys: AgentKeys = {
    v: 1,
    account: to.account,
    recipient,
    epoch: to.epoch,
    master,
    sealing: rsaPublic(sealing),
  };
  return sign(identity, to, keys);
}

/** The grant of a keyring to a member as JWS; private sealing keys only with the right `sealed`. */
export async function signMemberGrant(
  identity: PrivateOkp,
  to: Granting,
  keyring: Keyring,
  sealed: boolean,
): Promise<string> {
  const recipient = await thumbprint(to.recipient);
  const granted = Object.entries(keyring).map(([number, keys]) => [number, sealed ? keys : { master: keys.master }]);
  const keys: MemberKeys = { v: 1, account: to.account, recipient, keyring: Object.fromEntries(granted) };
  return sign(identity, to, keys);
}

/** What a recipient was told by the server and knows by itself; `pinned` is the owner's fingerprint out of the code, 32 bytes. */
export type Receiving = {
  owner: PublicOkp;
  pinned: Uint8Array;
  account: string;
  exchange: PrivateRsa;
  state: GrantState | null;
};

/**
 * The keys of a grant to an agent after every rule, in their order (spec 8.3). Raises `owner_mismatch`, `header_refused`,
 * `signature_invalid`, `grant_replayed`, `epoch_rollback`, `roster_rollback`, `roster_fork`, `grant_mismatch`.
 */
export async function acceptGrant(jws: string, by: Receiving): Promise<{ keys: AgentKeys; state: GrantState }> {
  const { keys, grant } = await accept<AgentKeys>(jws, by, agentShape);
  if (keys.epoch !== grant.epoch) throw mismatch();
  return { keys, state: await remember(jws, grant) };
}

/** The keyring of a grant to a member; errors as {@link acceptGrant}. */
export async function acceptMemberGrant(jws: string, by: Receiving): Promise<{ keys: MemberKeys; state: GrantState }> {
  const { keys, grant } = await accept<MemberKeys>(jws, by, memberShape);
  if (!Object.hasOwn(keys.keyring, String(grant.epoch))) throw mismatch();
  return { keys, state: await remember(jws, grant) };
}

async function accept<K extends { account: string; recipient: string }>(
  jws: string,
  by: Receiving,
  check: Check,
): Promise<{ keys: K; grant: Grant }> {
  if (!equalBytes(await ownerFingerprint(by.owner), by.pinned))
    throw new ReteamzError("owner_mismatch", "The keys do not come from the owner of the code; enrol with a new code.");
  const payload = await verifyJws(await okpVerifier(by.owner), "reteamz-grant+1", jws);
  const grant = await orElse(async () => strictParse<Grant>(fromUtf8(payload), grantShape), mismatch);
  const own = await thumbprint(by.exchange);
  if (grant.account !== by.account || grant.recipient !== own) throw mismatch();
  if (by.state) await requireNewer(jws, grant, by.state);
  let keys: K;
  try {
    keys = strictParse<K>(fromUtf8(await decryptAs(by.exchange, keyHeader(by.exchange.alg), grant.key)), check);
  } catch (error) {
    if (error instanceof ReteamzError && error.code === "header_refused") throw error;
    throw mismatch();
  }
  if (keys.account !== by.account || keys.recipient !== own) throw mismatch();
  return { keys, grant };
}

async function requireNewer(jws: string, grant: Grant, state: GrantState): Promise<void> {
  if ((await sha256(utf8(jws))) === state.sha256) return;
  if (grant.seq <= state.seq)
    throw new ReteamzError("grant_replayed", "The server sent an old grant again; tell the owner.");
  if (grant.epoch < state.epoch)
    throw new ReteamzError("epoch_rollback", "The server went back to an older epoch; tell the owner.");
  if (grant.roster.version < state.roster.version)
    throw new ReteamzError("roster_rollback", "The server went back to an older roster; tell the owner.");
  if (grant.roster.version === state.roster.version && grant.roster.sha256 !== state.roster.sha256)
    throw new ReteamzError("roster_fork", "The server shows two histories of the account; tell the owner.");
}

async function remember(jws: string, grant: Grant): Promise<GrantState> {
  const { seq, epoch, roster, signers } = grant;
  return { seq, epoch, roster, sha256: await sha256(utf8(jws)), signers };
}

function keyHeader(alg: RsaAlgorithm): Header {
  return { alg, enc: "A256GCM", typ: "reteamz-key+1" };
}

async function sign(identity: PrivateOkp, to: Granting, keys: AgentKeys | MemberKeys): Promise<string> {
  const key = await encryptTo(to.recipient, keyHeader(to.recipient.alg), utf8(JSON.stringify(keys)));
  const { account, roster, epoch, seq, signers } = to;
  const grant: Grant = { v: 1, account, recipient: keys.recipient, roster, epoch, seq, signers, key };
  return signJws(await okpSigner(identity), "reteamz-grant+1", grant);
}

function mismatch(): ReteamzError {
  return new ReteamzError("grant_mismatch", "The grant is not for this computer; ask the owner to confirm it again.");
}
