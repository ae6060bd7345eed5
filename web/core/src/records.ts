/** Sealed records that may be shown: listed in a batch that their computer signed, opened, and of a form that we know (spec 5.4 to 5.7). */
import { type Batch, type BlobEntry, decodeBody } from "./batch.ts";
import { type Bytes, fromUtf8, sha256, utf8 } from "./encoding.ts";
import { orElse, ReteamzError } from "./errors.ts";
import { type Check, count, listOf, oneOf, shape, strictParse, text } from "./json.ts";
import { verifyRequest } from "./jws.ts";
import { okpVerifier, type PublicOkp, thumbprint } from "./keys.ts";
import type { DeviceEntry } from "./roster.ts";
import { type Opened, type SealedKind, type SealingKey, unseal } from "./sealing.ts";

/** A batch as a server gives it: its number, the signed bytes, the signature in base64, and the key that it says signed them. */
export type SignedBatch = { seq: number; body: Uint8Array; signature: string; signing: PublicOkp };

/** What a caption says, as far as it has the right form (spec 5.6). */
export type Caption = {
  app: string;
  title: string;
  site: string;
  monitor: number | null;
  length_ms: number | null;
  /** Hash of the picture that this one is the thumbnail of, "" for none. */
  of: string;
};

/** One typed, copied or said text beside its window; `at` in milliseconds. */
export type TextRecord = { at: number; app: string; title: string; site: string; text: string };

const TEXT_BYTES = 16 * 1024;
const TEXTS = 10_000;
/** Most pixels of a picture: a small file can ask for gigabytes of memory. */
const PIXELS = 64 * 1024 * 1024;
const HASH = /^[A-Za-z0-9_-]{43}$/;

const textRecord = shape({ at: count, app: text, title: text, site: text, text });
const textsShape: Check = shape({ v: oneOf(1), records: listOf(textRecord) });

/** A batch that lists sealed records: as {@link verifySigned}, and only in mode encrypted. Raises `batch_forged`. */
export async function verifyListing(account: string, entry: DeviceEntry, signed: SignedBatch): Promise<Batch> {
  const batch = await verifySigned(account, entry, signed);
  if (batch.mode !== "encrypted") throw forged();
  return batch;
}

/**
 * A batch by itself, signed by the key that the roster names for its computer. That no other batch is missing only the whole journal shows
 * (spec 10.1). Raises `batch_forged`.
 */
export async function verifySigned(account: string, entry: DeviceEntry, signed: SignedBatch): Promise<Batch> {
  const { seq, body, signature, signing } = signed;
  if ((await thumbprint(signing)) !== entry.signing) throw forged();
  if (entry.state === "removed" && seq > (entry.last?.seq ?? 0)) throw forged();
  const key = await okpVerifier(signing);
  await orElse(() => verifyRequest(key, "reteamz/1/batch", body, signature), forged);
  const batch = await orElse(async () => decodeBody(body), forged);
  if (batch.account !== account || batch.device !== entry.id || batch.seq !== seq) throw forged();
  if (batch.mode === "void" || batch.mode === "restart") throw forged();
  return batch;
}

/** What a verified batch says of a blob. Raises `blob_damaged` when it says nothing, or another kind or time than was told. */
export function listingOf(batch: Batch, blob: { sha256: string; kind: string; at: number }): BlobEntry {
  const entry = batch.blobs.find((listed) => listed.sha256 === blob.sha256);
  if (!entry || entry.kind !== blob.kind || entry.at !== blob.at) throw damaged();
  return entry;
}

/** Open the bytes that came for a blob of a verified batch. Raises `blob_damaged`, `token_epoch_unknown`. */
export async function openListed(
  keys: SealingKey[],
  batch: Batch,
  entry: BlobEntry,
  bytes: Uint8Array,
): Promise<Opened> {
  if (bytes.length !== entry.bytes || (await sha256(bytes)) !== entry.sha256) throw damaged();
  const { kind, at, media } = entry;
  return unseal(keys, bytes, { account: batch.account, device: batch.device, kind, at, media });
}

/** The caption's members that have the right form; others are left out. */
export function captionOf({ caption }: Opened): Caption {
  const words = (name: string) => (typeof caption[name] === "string" ? caption[name] : "");
  const number = (name: string) => (count(caption[name]) ? (caption[name] as number) : null);
  const of = words("of");
  return {
    app: words("app"),
    title: words("title"),
    site: words("site"),
    monitor: number("monitor"),
    length_ms: number("length_ms"),
    of: caption.thumbnail === true && HASH.test(of) ? of : "",
  };
}

/** A picture that a browser may decode: WebP alone, still, of bounded size. Raises `blob_damaged`. */
export function pictureOf({ data }: Opened): Bytes {
  const size = webpSize(data);
  if (!size || size.width * size.height > PIXELS) throw damaged();
  return data;
}

/** Sound that a browser may decode: FLAC alone. Raises `blob_damaged`. */
export function soundOf({ data }: Opened): Bytes {
  if (data.length < 42 || ascii(data, 0, 4) !== "fLaC") throw damaged();
  return data;
}

/** Text records, each checked (spec 5.7). Raises `blob_damaged`. */
export function textsOf({ data }: Opened): TextRecord[] {
  let records: TextRecord[];
  try {
    records = strictParse<{ records: TextRecord[] }>(fromUtf8(data), textsShape).records;
  } catch {
    throw damaged();
  }
  const fits = ({ text }: TextRecord) => utf8(text).length <= TEXT_BYTES;
  if (records.length > TEXTS || !records.every(fits)) throw damaged();
  return records;
}

/** Whether a kind is a picture, sound or text. */
export function formOf(kind: SealedKind): "picture" | "sound" | "texts" {
  if (kind === "screenshot" || kind === "camera") return "picture";
  return kind === "sound" ? "sound" : "texts";
}

/** Width and height that the header of a still WebP names, null for anything else (RFC 9649). */
export function webpSize(data: Uint8Array): { width: number; height: number } | null {
  if (data.length < 30 || ascii(data, 0, 4) !== "RIFF" || ascii(data, 8, 12) !== "WEBP") return null;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (view.getUint32(4, true) + 8 !== data.length) return null;
  switch (ascii(data, 12, 16)) {
    case "VP8 ":
      if (view.getUint8(23) !== 0x9d || view.getUint16(24, true) !== 0x2a01) return null;
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    case "VP8L": {
      if (view.getUint8(20) !== 0x2f) return null;
      const bits = view.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case "VP8X":
      // What moves is no picture that an agent takes.
      if (view.getUint8(20) & 0x02) return null;
      return { width: 1 + uint24(view, 24), height: 1 + uint24(view, 27) };
    default:
      return null;
  }
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
}

function ascii(data: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...data.subarray(from, to));
}

function forged(): ReteamzError {
  return new ReteamzError("batch_forged", "The computer did not sign this; do not trust this server.");
}

function damaged(): ReteamzError {
  return new ReteamzError("blob_damaged", "A sealed record was altered or is not the one asked for; verify the log.");
}
