/** Base64, hashes and byte strings, exactly (spec 1). */
import { ReteamzError } from "./errors.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

const ALPHABET = /^[A-Za-z0-9_-]*$/;

/** Base64url without padding (spec 1.1). */
export function b64encode(data: Uint8Array): string {
  let text = "";
  for (let i = 0; i < data.length; i += 0x8000) text += String.fromCharCode(...data.subarray(i, i + 0x8000));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The bytes of exact base64url text; other alphabets, padding and loose bits are `base64_invalid` (spec 1.1). */
export function b64decode(text: string): Bytes {
  if (ALPHABET.test(text) && text.length % 4 !== 1) {
    const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const data = Uint8Array.from(raw, (character) => character.charCodeAt(0));
    if (b64encode(data) === text) return data;
  }
  throw new ReteamzError("base64_invalid", "A value is not exact base64url text; ask its sender to send it again.");
}

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text) as Bytes;
}

/** Strict UTF-8; throws for anything else. */
export function fromUtf8(data: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
}

export function concat(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Parts joined by zero bytes (spec 1.6). */
export function joined(...parts: (string | number)[]): Bytes {
  return utf8(parts.join("\0"));
}

export async function sha256raw(data: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data as Bytes));
}

/** SHA-256 in base64 (spec 1.10). */
export async function sha256(data: Uint8Array): Promise<string> {
  return b64encode(await sha256raw(data));
}

export function randomBytes(count: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(count));
}

/** A new identifier (spec 1.4). */
export function newId(): string {
  return b64encode(randomBytes(16));
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** RFC 4648 base32 without padding. */
export function base32encode(data: Uint8Array): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of data) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(value >> bits) & 31];
    }
  }
  return bits ? text + BASE32[(value << (5 - bits)) & 31] : text;
}

/** The bytes of exact base32 text, null for anything else. */
export function base32decode(text: string): Bytes | null {
  const out: number[] = [];
  let bits = 0;
  let value = 0;
  for (const character of text) {
    const digit = BASE32.indexOf(character);
    if (digit < 0) return null;
    value = ((value << 5) | digit) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out.push((value >> bits) & 255);
    }
  }
  const data = Uint8Array.from(out);
  return base32encode(data) === text ? data : null;
}
