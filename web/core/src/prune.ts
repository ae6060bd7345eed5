/** Restatements of batches, and the prune by which an owner vouches for them once the signed bodies are erased (spec 13). */
import type { Batch, Restart, VoidBatch } from "./batch.ts";
import type { RosterHead } from "./bundle.ts";
import { type Bytes, fromUtf8, sha256, utf8 } from "./encoding.ts";
import { orElse, ReteamzError } from "./errors.ts";
import { between, count, hash, hashOrEmpty, id, listOf, oneOf, shape, strictParse } from "./json.ts";
import { signJws, verifyJws } from "./jws.ts";
import { okpVerifier, type PublicOkp, thumbprint } from "./keys.ts";
import { splitToken } from "./tokens.ts";

/** A device's batches up to `seq` are restated: the last was signed with hash `sha256`, its restatement has `restated`. */
export type PruneMark = { id: string; seq: number; sha256: string; restated: string };
type Prune = { v: 1; account: string; version: number; prev: string; issued: number; devices: PruneMark[] };
/** What the owner signed: marks by device, and the version that no later one may fall below. */
export type TrustedPrune = { head: RosterHead; issued: number; marks: ReadonlyMap<string, PruneMark> };

export const NOTHING_PRUNED: TrustedPrune = { head: { version: 0, sha256: "" }, issued: 0, marks: new Map() };
const NO_HASH = "A".repeat(43);
const seq = between(1, Number.MAX_SAFE_INTEGER);
const pruneShape = shape({
  v: oneOf(1),
  account: id,
  version: seq,
  prev: hashOrEmpty,
  issued: count,
  devices: listOf(shape({ id, seq, sha256: hash, restated: hash })),
});

/** Whether a batch has to be restated: it holds names in the clear, or the hash of a body that does (spec 13.2). */
export function mustBeRestated(batch: Batch | VoidBatch | Restart): boolean {
  return batch.mode === "plain" || (batch.mode === "void" && batch.refused.code === "plain_refused");
}

/** The restatement of a verified batch; `prev` is the hash of the one before, "" at the first (spec 13.2). */
export async function restated(
  batch: Batch | VoidBatch | Restart,
  prev: string,
  tokenOf: (entry: string) => Promise<string>,
): Promise<Bytes> {
  const { v, account, device, seq: number } = batch;
  const link = { v, account, device, seq: number, prev };
  // The order of the keys is part of the format: both languages write the same bytes.
  if (batch.mode === "void") return json({ mode: "void", ...link, refused: { sha256: NO_HASH, code: "" } });
  if (batch.mode === "restart")
    return json({ mode: "restart", ...link, lost: { after: batch.lost.after, sha256: prev } });
  const plain = batch.mode === "plain";
  const tokens = plain ? await Promise.all(batch.tokens.map(tokenOf)) : batch.tokens;
  return json({
    ...link,
    epoch: plain ? (splitToken(tokens[0] ?? "")?.epoch ?? 0) : batch.epoch,
    roster: plain || !batch.roster ? null : { version: batch.roster.version, sha256: batch.roster.sha256 },
    policy: batch.policy,
    mode: plain ? "encrypted" : batch.mode,
    tokens,
    events: batch.events,
    blobs: batch.blobs.map(({ sha256: digest, bytes, kind, media, person, at }) => ({
      sha256: digest,
      bytes,
      kind,
      media,
      person,
      at,
    })),
    // Undefined where there are none: then the member is left out.
    notices: batch.notices?.map(({ at, code, person, count: times }) => ({ at, code, person, count: times })),
  });
}

/** Sign the prune that follows `before`: its marks, and those given in their place. */
export async function signPrune(
  settings: CryptoKey,
  account: string,
  before: TrustedPrune,
  issued: number,
  marks: PruneMark[],
): Promise<string> {
  const devices = new Map([...before.marks, ...marks.map((mark) => [mark.id, mark] as const)]);
  const { version, sha256: prev } = before.head;
  const prune: Prune = { v: 1, account, version: version + 1, prev, issued, devices: [...devices.values()] };
  return signJws(settings, "reteamz-prune+1", prune);
}

/**
 * What a prune says, nothing for null. `owner` is the thumbprint of the owner's settings key in the verified roster, `known` the
 * highest version seen here. Raises `prune_refused`, `prune_rollback`, and those of a bad signature.
 */
export async function openPrune(
  jws: string | null,
  account: string,
  owner: string,
  settings: PublicOkp,
  known: RosterHead = NOTHING_PRUNED.head,
): Promise<TrustedPrune> {
  const found = jws === null ? NOTHING_PRUNED : await opened(jws, account, owner, settings);
  const { version, sha256: digest } = found.head;
  if (version < known.version || (version === known.version && digest !== known.sha256))
    throw new ReteamzError(
      "prune_rollback",
      "The server shows older erasures than it did; do not trust this server's reports.",
    );
  return found;
}

async function opened(jws: string, account: string, owner: string, settings: PublicOkp): Promise<TrustedPrune> {
  if ((await thumbprint(settings)) !== owner) throw refused("it is not signed by the owner");
  const payload = await verifyJws(await okpVerifier(settings), "reteamz-prune+1", jws);
  const prune = await orElse(
    async () => strictParse<Prune>(fromUtf8(payload), pruneShape),
    () => refused("it is not of the agreed form"),
  );
  const marks = new Map(prune.devices.map((mark) => [mark.id, mark]));
  if (prune.account !== account || marks.size !== prune.devices.length || (prune.version === 1) !== (prune.prev === ""))
    throw refused("it is another account's, or contradicts itself");
  return { head: { version: prune.version, sha256: await sha256(utf8(jws)) }, issued: prune.issued, marks };
}

function json(value: unknown): Bytes {
  return utf8(JSON.stringify(value));
}

function refused(reason: string): ReteamzError {
  return new ReteamzError(
    "prune_refused",
    `What the server says of erased history is refused: ${reason}; do not trust its reports.`,
  );
}
