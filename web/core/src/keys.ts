/** Keys as JWK with exact members, and their thumbprints (spec 1.7, 1.8, 2). */
import { type Bytes, b64decode, b64encode, sha256raw, utf8 } from "./encoding.ts";
import { ReteamzError } from "./errors.ts";
import { base64, type Check, oneOf, shape } from "./json.ts";

export type RsaAlgorithm = "RSA-OAEP-256" | "RSA-OAEP";
export type PublicOkp = { kty: "OKP"; crv: "Ed25519"; x: string; alg: "Ed25519" };
export type PublicRsa = { kty: "RSA"; n: string; e: "AQAB"; alg: RsaAlgorithm };
export type PrivateOkp = PublicOkp & { d: string };
export type PrivateRsa = PublicRsa & { d: string; p: string; q: string; dp: string; dq: string; qi: string };

const b43: Check = (value) => typeof value === "string" && /^[A-Za-z0-9_-]{43}$/.test(value);
const okp = { kty: oneOf("OKP"), crv: oneOf("Ed25519"), x: b43, alg: oneOf("Ed25519") };
const rsa = { kty: oneOf("RSA"), n: base64, e: oneOf("AQAB"), alg: oneOf("RSA-OAEP-256", "RSA-OAEP") };
export const publicOkp = shape(okp);
export const publicRsa = shape(rsa);
export const privateOkp = shape({ ...okp, d: b43 });
export const privateRsa = shape({ ...rsa, d: base64, p: base64, q: base64, dp: base64, dq: base64, qi: base64 });

/** The 32 bytes of the RFC 7638 thumbprint. */
export function rawThumbprint(key: PublicOkp | PublicRsa): Promise<Bytes> {
  return sha256raw(
    utf8(
      key.kty === "OKP" ? `{"crv":"Ed25519","kty":"OKP","x":"${key.x}"}` : `{"e":"AQAB","kty":"RSA","n":"${key.n}"}`,
    ),
  );
}

export async function thumbprint(key: PublicOkp | PublicRsa): Promise<string> {
  return b64encode(await rawThumbprint(key));
}

export function okpPublic(key: PublicOkp): PublicOkp {
  return { kty: "OKP", crv: "Ed25519", x: key.x, alg: "Ed25519" };
}

export function rsaPublic(key: PublicRsa): PublicRsa {
  return { kty: "RSA", n: key.n, e: "AQAB", alg: key.alg };
}

export async function makeOkp(): Promise<PrivateOkp> {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const jwk = await crypto.subtle.exportKey("jwk", pair.privateKey);
  return { kty: "OKP", crv: "Ed25519", x: jwk.x ?? "", alg: "Ed25519", d: jwk.d ?? "" };
}

export async function makeRsa(): Promise<PrivateRsa> {
  const algorithm = {
    name: "RSA-OAEP",
    modulusLength: 3072,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: "SHA-256",
  };
  const pair = await crypto.subtle.generateKey(algorithm, true, ["encrypt", "decrypt"]);
  const jwk = (await crypto.subtle.exportKey("jwk", pair.privateKey)) as unknown as PrivateRsa;
  const { n, d, p, q, dp, dq, qi } = jwk;
  return { kty: "RSA", n, e: "AQAB", d, p, q, dp, dq, qi, alg: "RSA-OAEP-256" };
}

export async function okpVerifier(key: PublicOkp): Promise<CryptoKey> {
  const raw = b64decode(key.x);
  if (raw.length !== 32) throw refused();
  return crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
}

/** A key for signing that script cannot read. Raises `key_refused` when its halves do not belong together. */
export async function okpSigner(key: PrivateOkp): Promise<CryptoKey> {
  try {
    const { kty, crv, x, d } = key;
    const signer = await crypto.subtle.importKey("jwk", { kty, crv, x, d }, "Ed25519", false, ["sign"]);
    const probe = utf8("reteamz");
    const signature = await crypto.subtle.sign("Ed25519", signer, probe);
    if (await crypto.subtle.verify("Ed25519", await okpVerifier(key), signature, probe)) return signer;
  } catch {
    // Told below: which part is wrong helps nobody.
  }
  throw refused();
}

function oaep(alg: RsaAlgorithm): RsaHashedImportParams {
  return { name: "RSA-OAEP", hash: alg === "RSA-OAEP-256" ? "SHA-256" : "SHA-1" };
}

/** Require 2048…4096 bits, e = 65537 (spec 2.7). Raises `key_refused`. */
export function requireRsa(key: PublicRsa): void {
  const raw = b64decode(key.n);
  const bits = raw.length * 8 - Math.clz32(raw[0] ?? 0) + 24;
  if (raw[0] === 0 || bits < 2048 || bits > 4096 || ((raw.at(-1) ?? 0) & 1) === 0) throw refused();
}

export async function rsaEncryptor(key: PublicRsa): Promise<CryptoKey> {
  requireRsa(key);
  const { kty, n, e } = key;
  return crypto.subtle.importKey("jwk", { kty, n, e }, oaep(key.alg), false, ["encrypt"]);
}

/** A key for decrypting that script cannot read. Raises `key_refused`. */
export async function rsaDecryptor(key: PrivateRsa): Promise<CryptoKey> {
  requireRsa(key);
  const { kty, n, e, d, p, q, dp, dq, qi } = key;
  try {
    return await crypto.subtle.importKey("jwk", { kty, n, e, d, p, q, dp, dq, qi }, oaep(key.alg), false, ["decrypt"]);
  } catch {
    throw refused();
  }
}

function refused(): ReteamzError {
  return new ReteamzError("key_refused", "A key is not of the agreed form; restore the key.");
}
