/** Compact JWS with an exact header (spec 1.9, RFC 7515, RFC 9864). */
import { type Bytes, b64decode, b64encode, fromUtf8, utf8 } from "./encoding.ts";
import { sameJson } from "./equal.ts";
import { orElse, ReteamzError } from "./errors.ts";
import { hasDuplicates } from "./json.ts";

export type JwsType =
  | "reteamz-roster+1"
  | "reteamz-grant+1"
  | "reteamz-invitation+1"
  | "reteamz-join+1"
  | "reteamz-recover+1"
  | "reteamz-policy+1"
  | "reteamz-rules+1"
  | "reteamz-receipt+1"
  | "reteamz-prune+1";

/** Sign `payload` with an Ed25519 key. */
export async function signJws(signer: CryptoKey, typ: JwsType, payload: unknown): Promise<string> {
  const header = b64encode(utf8(JSON.stringify({ alg: "Ed25519", typ })));
  const signed = `${header}.${b64encode(utf8(JSON.stringify(payload)))}`;
  return `${signed}.${b64encode(new Uint8Array(await crypto.subtle.sign("Ed25519", signer, utf8(signed))))}`;
}

/** The payload of a JWS with exactly the expected header. Raises `header_refused`, `signature_invalid`, `base64_invalid`. */
export async function verifyJws(verifier: CryptoKey, typ: JwsType, jws: string): Promise<Bytes> {
  const [header, payload, signature, ...more] = jws.split(".");
  if (header === undefined || payload === undefined || signature === undefined || more.length)
    throw new ReteamzError("header_refused", "A signed document is not a compact JWS; reload the page.");
  if (!sameJson(parsedHeader(header), { alg: "Ed25519", typ }))
    throw new ReteamzError(
      "header_refused",
      "A signed document has a header that is not allowed; do not trust this server.",
    );
  const good = await crypto.subtle.verify("Ed25519", verifier, b64decode(signature), utf8(`${header}.${payload}`));
  if (!good) throw new ReteamzError("signature_invalid", "A signed document was altered; do not trust this server.");
  return b64decode(payload);
}

/** The header's members, null for what is not an object with distinct names. */
export function parsedHeader(part: string): Record<string, unknown> | null {
  try {
    const source = fromUtf8(b64decode(part));
    const value: unknown = JSON.parse(source);
    const object = typeof value === "object" && value !== null && !Array.isArray(value);
    return object && !hasDuplicates(source) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** A device's signature over label ‖ 0x00 ‖ body (spec 9.5). Raises `signature_invalid`. */
export async function verifyRequest(verifier: CryptoKey, label: string, body: Uint8Array, signature: string) {
  const wrong = () => new ReteamzError("signature_invalid", "The signature does not fit; enrol this device again.");
  const prefix = utf8(`${label}\0`);
  const signed = new Uint8Array(prefix.length + body.length);
  signed.set(prefix);
  signed.set(body, prefix.length);
  const good = await orElse(async () => crypto.subtle.verify("Ed25519", verifier, b64decode(signature), signed), wrong);
  if (!good) throw wrong();
}
