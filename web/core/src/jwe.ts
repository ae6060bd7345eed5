/** Compact JWE with an exact protected header (spec 1.9, RFC 7516). */
import { CompactEncrypt, type CompactJWEHeaderParameters, compactDecrypt } from "jose";
import { type Bytes, b64decode } from "./encoding.ts";
import { sameJson } from "./equal.ts";
import { ReteamzError } from "./errors.ts";
import { parsedHeader } from "./jws.ts";
import { type PrivateRsa, type PublicRsa, rsaDecryptor, rsaEncryptor } from "./keys.ts";

export type Header = CompactJWEHeaderParameters & { typ: string };

/** Encrypt with a shared key of 32 bytes; `header` says `dir` and `A256GCM`. */
export function encryptWith(key: Uint8Array, header: Header, plaintext: Uint8Array): Promise<string> {
  return new CompactEncrypt(plaintext).setProtectedHeader(header).encrypt(key);
}

/** Decrypt what has exactly `header`. Raises `header_refused`, `bundle_damaged`. */
export async function decryptWith(key: Uint8Array, header: Header, text: string): Promise<Bytes> {
  requireHeader(text, header);
  return decrypt(text, key, header);
}

/** Encrypt to a recipient's exchange key, whose `alg` is the header's (spec 8.2). */
export async function encryptTo(recipient: PublicRsa, header: Header, plaintext: Uint8Array): Promise<string> {
  return new CompactEncrypt(plaintext).setProtectedHeader(header).encrypt(await rsaEncryptor(recipient));
}

/** Decrypt what was encrypted to `recipient` with exactly `header`. Raises `header_refused`, `bundle_damaged`. */
export async function decryptAs(recipient: PrivateRsa, header: Header, text: string): Promise<Bytes> {
  requireHeader(text, header);
  return decrypt(text, await rsaDecryptor(recipient), header);
}

/** The protected header, not yet trusted. Raises `header_refused`. */
export function headerOf(text: string): Record<string, unknown> {
  const parts = text.split(".");
  let header: Record<string, unknown> | null = null;
  try {
    if (parts.length === 5) {
      for (const part of parts) b64decode(part);
      header = parsedHeader(parts[0] ?? "");
    }
  } catch {
    // Refused below.
  }
  if (!header) throw refused();
  return header;
}

/** Require exactly `header`, no member more or less. Raises `header_refused`. */
export function requireHeader(text: string, header: Header): void {
  if (!sameJson(headerOf(text), header)) throw refused();
}

async function decrypt(text: string, key: CryptoKey | Uint8Array, header: Header): Promise<Bytes> {
  try {
    const options = { keyManagementAlgorithms: [header.alg], contentEncryptionAlgorithms: [header.enc] };
    return (await compactDecrypt(text, key, options)).plaintext as Bytes;
  } catch {
    throw new ReteamzError("bundle_damaged", "The keys cannot be opened: the password, code or key does not fit.");
  }
}

function refused(): ReteamzError {
  return new ReteamzError(
    "header_refused",
    "Encrypted keys have a header that is not allowed; do not trust this server.",
  );
}
