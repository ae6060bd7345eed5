/** The member bundle: every key of a member, wrapped by the password (spec 3.1-3.3). */
import { b64encode, fromUtf8, randomBytes, utf8 } from "./encoding.ts";
import { orElse, ReteamzError } from "./errors.ts";
import { count, hash, hashOrEmpty, id, listOf, mapOf, oneOf, shape, strictParse } from "./json.ts";
import { decryptWith, encryptWith, type Header, headerOf } from "./jwe.ts";
import { type Kdf, kdfShape } from "./kdf.ts";
import {
  makeOkp,
  makeRsa,
  okpPublic,
  okpSigner,
  type PrivateOkp,
  type PrivateRsa,
  privateOkp,
  privateRsa,
  rsaDecryptor,
  thumbprint,
} from "./keys.ts";

/** Version and hash of a roster; 0 and "" for none. */
export type RosterHead = { version: number; sha256: string };
/** Master key (base64) and sealing key pair of one epoch; members without the right `sealed` have no sealing key. */
export type EpochKeys = { master: string; sealing?: PrivateRsa };
/** Keys by epoch in decimal. */
export type Keyring = Record<string, EpochKeys>;

/** What a recipient remembers of the last grant it accepted; `sha256` is the hash of its JWS. */
export type GrantState = { seq: number; epoch: number; roster: RosterHead; sha256: string; signers: string[] };

/** What a member keeps (spec 3.2); `grant` is what a member remembers of the last grant (spec 14.6). */
export type MemberBundle = {
  v: 1;
  account: string;
  member: string;
  owner: string;
  identity: PrivateOkp;
  settings: PrivateOkp;
  exchange: PrivateRsa;
  enrol: string;
  keyring: Keyring;
  roster: RosterHead;
  grant?: GrantState;
};

export const rosterHead = shape({ version: count, sha256: hashOrEmpty });
export const EPOCH = /^[1-9][0-9]{0,4}$/;
export const keyringShape = mapOf(EPOCH, shape({ master: hash, sealing: privateRsa }, ["sealing"]));
const grantState = shape({ seq: count, epoch: count, roster: rosterHead, sha256: hash, signers: listOf(hash) });
const bundleShape = shape(
  {
    v: oneOf(1),
    account: id,
    member: id,
    owner: hash,
    identity: privateOkp,
    settings: privateOkp,
    exchange: privateRsa,
    enrol: hash,
    keyring: keyringShape,
    roster: rosterHead,
    grant: grantState,
  },
  ["grant"],
);
const headerShape = shape({
  alg: oneOf("dir"),
  enc: oneOf("A256GCM"),
  typ: oneOf("reteamz-member+1"),
  account: id,
  member: id,
  kdf: kdfShape,
});

export type BundleHeader = { account: string; member: string; kdf: Kdf };

/**
 * Make all keys of a member (spec 2.4); no epoch and no roster yet. `owner` is the pinned thumbprint of the owner's identity key; without
 * it the member is the owner, who signs up.
 */
export async function newBundle(account: string, member: string, owner?: string): Promise<MemberBundle> {
  const identity = await makeOkp();
  return {
    v: 1,
    account,
    member,
    owner: owner ?? (await thumbprint(okpPublic(identity))),
    identity,
    settings: await makeOkp(),
    exchange: await makeRsa(),
    enrol: b64encode(randomBytes(32)),
    keyring: {},
    roster: { version: 0, sha256: "" },
  };
}

/** Make the keys of a new epoch (spec 2.5). */
export async function newEpoch(): Promise<Required<EpochKeys>> {
  return { master: b64encode(randomBytes(32)), sealing: await makeRsa() };
}

/** The bundle as JWE under the wrap key of 32 bytes. */
export function sealBundle(bundle: MemberBundle, wrap: Uint8Array, kdf: Kdf): Promise<string> {
  return encryptWith(wrap, header(bundle.account, bundle.member, kdf), utf8(JSON.stringify(bundle)));
}

/** The header of a bundle, not yet trusted. Raises `header_refused`. */
export function bundleHeader(text: string): BundleHeader {
  const found = headerOf(text);
  if (!headerShape(found))
    throw new ReteamzError(
      "header_refused",
      "Encrypted keys have a header that is not allowed; do not trust this server.",
    );
  return found as BundleHeader;
}

/** The bundle after every check that needs no roster (spec 3.3). Raises `header_refused`, `bundle_damaged`, `bundle_mismatch`, `key_refused`. */
export async function openBundle(
  text: string,
  wrap: Uint8Array,
  account: string,
  member: string,
): Promise<MemberBundle> {
  const found = bundleHeader(text);
  if (found.account !== account || found.member !== member) throw mismatch();
  return decodeBundle(await decryptWith(wrap, header(account, member, found.kdf), text), account, member);
}

/** Decode the payload of a bundle or kit; it must be this member's, and its keys must fit. */
export async function decodeBundle(payload: Uint8Array, account: string, member: string): Promise<MemberBundle> {
  const damaged = () =>
    new ReteamzError("bundle_damaged", "The keys are not of the agreed form; use the recovery kit.");
  const bundle = await orElse(async () => strictParse<MemberBundle>(fromUtf8(payload), bundleShape), damaged);
  if (bundle.account !== account || bundle.member !== member) throw mismatch();
  if (Object.keys(bundle.keyring).some((epoch) => Number(epoch) > 65_535)) throw damaged();
  await okpSigner(bundle.identity);
  await okpSigner(bundle.settings);
  await rsaDecryptor(bundle.exchange);
  return bundle;
}

function header(account: string, member: string, kdf: Kdf): Header {
  return { alg: "dir", enc: "A256GCM", typ: "reteamz-member+1", account, member, kdf };
}

function mismatch(): ReteamzError {
  return new ReteamzError("bundle_mismatch", "The server sent the keys of somebody else; do not trust this server.");
}
