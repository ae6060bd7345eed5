/** Fingerprints that people compare (spec 1.11, 1.12). */
import { type Bytes, b64decode, concat, sha256raw, utf8 } from "./encoding.ts";
import { type PublicOkp, type PublicRsa, rawThumbprint } from "./keys.ts";

/** The 32 bytes of the owner's fingerprint. */
export async function ownerFingerprint(identity: PublicOkp): Promise<Bytes> {
  return sha256raw(concat(utf8("reteamz/1/owner\0"), await rawThumbprint(identity)));
}

/** The owner's fingerprint by the thumbprint of the identity key, which a bundle pins. */
export async function fingerprintOf(owner: string): Promise<Bytes> {
  return sha256raw(concat(utf8("reteamz/1/owner\0"), b64decode(owner)));
}

/** The 32 bytes of a device's fingerprint. */
export async function deviceFingerprint(signing: PublicOkp, exchange: PublicRsa): Promise<Bytes> {
  return sha256raw(concat(utf8("reteamz/1/device\0"), await rawThumbprint(signing), await rawThumbprint(exchange)));
}

/** Twelve groups of five digits, one for every two of the first 24 bytes. */
export function groups(fingerprint: Uint8Array): string[] {
  const view = new DataView(fingerprint.buffer, fingerprint.byteOffset, fingerprint.byteLength);
  return Array.from({ length: 12 }, (_, i) => String(view.getUint16(2 * i) % 100_000).padStart(5, "0"));
}

export function showFingerprint(fingerprint: Uint8Array): string {
  return groups(fingerprint).join(" ");
}
