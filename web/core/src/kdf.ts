/** Passwords and the keys that come from them (spec 1.5, 2.1-2.3). */
import { type Bytes, b64decode, b64encode, randomBytes, utf8 } from "./encoding.ts";
import { ReteamzError } from "./errors.ts";
import { type Check, count, oneOf, shape } from "./json.ts";

export type Kdf = { name: "PBKDF2-SHA256"; salt: string; iterations: number };

export const ITERATIONS = 1_000_000;
const LEAST = 600_000;
const MOST = 10_000_000;

const salt: Check = (value) => typeof value === "string" && /^[A-Za-z0-9_-]{22}$/.test(value);
export const kdfShape = shape({ name: oneOf("PBKDF2-SHA256"), salt, iterations: count });

export function newKdf(): Kdf {
  return { name: "PBKDF2-SHA256", salt: b64encode(randomBytes(16)), iterations: ITERATIONS };
}

/** The 32 bytes of a stretched password; `least` is what this account used last. Raises `kdf_refused` before deriving. */
export async function stretch(password: string, kdf: Kdf, least = 0): Promise<Bytes> {
  if (kdf.iterations < Math.max(LEAST, least) || kdf.iterations > MOST)
    throw new ReteamzError("kdf_refused", "The server asks for an unsafe password derivation; do not log in to it.");
  const key = await crypto.subtle.importKey("raw", utf8(password.normalize("NFKC")), "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: b64decode(kdf.salt), iterations: kdf.iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
}

/** HKDF-SHA-256 with empty salt, 32 bytes (spec 1.5). */
export async function hkdf(secret: Uint8Array, info: string): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret as Bytes, "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
}

export const authKey = (stretched: Bytes): Promise<Bytes> => hkdf(stretched, "reteamz/1/auth");
export const wrapKey = (stretched: Bytes): Promise<Bytes> => hkdf(stretched, "reteamz/1/wrap");
