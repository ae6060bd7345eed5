/** Sealed content: agents write it and cannot open it again (spec 5); the bytes are drawn in `reteamz.crypto.sealing`. */
import { type Bytes, concat, equalBytes, fromUtf8, joined, randomBytes, utf8 } from "./encoding.ts";
import { orElse, ReteamzError } from "./errors.ts";
import {
  type PrivateRsa,
  type PublicRsa,
  type RsaAlgorithm,
  rawThumbprint,
  rsaDecryptor,
  rsaEncryptor,
} from "./keys.ts";

export const SEALED_KINDS = ["screenshot", "camera", "sound", "text", "clipboard", "chat"] as const;
export type SealedKind = (typeof SEALED_KINDS)[number];
export type Media = "image/webp" | "image/jpeg" | "image/png" | "audio/ogg" | "audio/flac" | "application/json";

/** What a blob is bound to (spec 5.2); `at` in milliseconds. */
export type Context = { account: string; device: string; kind: SealedKind; at: number; media: Media };

/** A private sealing key that script cannot read, with what a blob says of it. */
export type SealingKey = { epoch: number; alg: RsaAlgorithm; print: Bytes; key: CryptoKey };

export type Opened = { caption: Record<string, unknown>; data: Bytes };

const MAGIC = utf8("RTZB");
const HEAD = 18;
const CONTENT_BYTES = 16 * 1024 * 1024;
const WRAPS: Record<RsaAlgorithm, number> = { "RSA-OAEP": 1, "RSA-OAEP-256": 2 };
// Constant: every content key seals one blob (spec 5.1).
const NONCE = new Uint8Array(12);

/** Prepare a private sealing key for IndexedDB and {@link unseal}. */
export async function sealingKey(epoch: number, key: PrivateRsa): Promise<SealingKey> {
  const print = (await rawThumbprint(key)).slice(0, 8);
  return { epoch, alg: key.alg, print, key: await rsaDecryptor(key) };
}

/** A blob that only the owner of the sealing key opens. Raises `blob_too_large` over 16 MiB. */
export async function seal(
  sealing: PublicRsa,
  epoch: number,
  context: Context,
  caption: Record<string, unknown>,
  data: Uint8Array,
): Promise<Bytes> {
  const text = utf8(JSON.stringify(caption));
  const length = 8 + text.length + data.length;
  const total = paddedLength(length);
  if (total > CONTENT_BYTES)
    throw new ReteamzError("blob_too_large", "A record has at most 16 MiB; record shorter pieces.");
  const content = new Uint8Array(total);
  const view = new DataView(content.buffer);
  view.setUint32(0, text.length);
  content.set(text, 4);
  view.setUint32(4 + text.length, data.length);
  content.set(data, 8 + text.length);
  const raw = randomBytes(32);
  const wrapped = new Uint8Array(await crypto.subtle.encrypt("RSA-OAEP", await rsaEncryptor(sealing), raw));
  const numbers = new Uint8Array(HEAD);
  numbers.set(MAGIC);
  numbers.set((await rawThumbprint(sealing)).subarray(0, 8), 8);
  const fields = new DataView(numbers.buffer);
  fields.setUint8(4, 1);
  fields.setUint8(5, WRAPS[sealing.alg]);
  fields.setUint16(6, epoch);
  fields.setUint16(16, wrapped.length);
  const head = concat(numbers, wrapped);
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt"]);
  return concat(head, new Uint8Array(await crypto.subtle.encrypt(gcm(head, context), key, content)));
}

/** Caption and data of a blob that was matched with a verified batch (spec 5.5). Raises `blob_damaged`, `token_epoch_unknown`. */
export async function unseal(keys: SealingKey[], blob: Uint8Array, context: Context): Promise<Opened> {
  if (blob.length < HEAD) throw damaged();
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  if (!equalBytes(blob.subarray(0, 4), MAGIC) || view.getUint8(4) !== 1) throw damaged();
  const key = keys.find((candidate) => candidate.epoch === view.getUint16(6));
  if (!key) throw new ReteamzError("token_epoch_unknown", "No key of this epoch is here; ask the owner for a grant.");
  const body = HEAD + view.getUint16(16);
  const fits = view.getUint8(5) === WRAPS[key.alg] && equalBytes(blob.subarray(8, 16), key.print);
  if (!fits || blob.length < body) throw damaged();
  const head = blob.subarray(0, body);
  const content = await orElse(async () => {
    const raw = await crypto.subtle.decrypt("RSA-OAEP", key.key, head.slice(HEAD));
    const opener = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
    return new Uint8Array(await crypto.subtle.decrypt(gcm(head, context), opener, blob.slice(body)));
  }, damaged);
  return opened(content);
}

/** The padded length of `length` bytes of content (spec 5.3). */
export function paddedLength(length: number): number {
  const total = Math.ceil(length / 4096) * 4096;
  return total < 256 * 1024 ? total : Math.ceil(length / 65536) * 65536;
}

function gcm(head: Uint8Array, context: Context): AesGcmParams {
  const { account, device, kind, at, media } = context;
  const bound = joined("reteamz/1/sealed", account, device, kind, at, media);
  return { name: "AES-GCM", iv: NONCE, additionalData: concat(head, bound) };
}

function opened(content: Bytes): Opened {
  try {
    const view = new DataView(content.buffer);
    const captionEnd = 4 + view.getUint32(0);
    const end = captionEnd + 4 + view.getUint32(captionEnd);
    const caption: unknown = JSON.parse(fromUtf8(content.subarray(4, captionEnd)));
    const whole = end <= content.length && content.length === paddedLength(end);
    const object = typeof caption === "object" && caption !== null && !Array.isArray(caption);
    if (whole && object && content.subarray(end).every((byte) => byte === 0))
      return { caption: caption as Record<string, unknown>, data: content.slice(captionEnd + 4, end) };
  } catch {
    // Told below.
  }
  throw damaged();
}

function damaged(): ReteamzError {
  return new ReteamzError("blob_damaged", "A sealed record was altered or is not the one asked for; verify the log.");
}
