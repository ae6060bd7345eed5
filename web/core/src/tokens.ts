/** Tokens: deterministic authenticated encryption of names (spec 4.4-4.7). */
import { type Bytes, b64decode, b64encode, fromUtf8, utf8 } from "./encoding.ts";
import { ReteamzError } from "./errors.ts";
import { FIELDS, type Field, normalise } from "./names.ts";
import { Siv } from "./siv.ts";

const BUCKETS = [16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096];
const LENGTHS = new Set(BUCKETS.map((bucket) => Math.ceil(((bucket + 16) * 4) / 3)));
const TOKEN = new RegExp(`rtz1\\.(${FIELDS.join("|")})\\.([1-9][0-9]{0,4})\\.([A-Za-z0-9_-]+)`);
const WHOLE = new RegExp(`^${TOKEN.source}$`);

/** Stands in running text for a token that does not authenticate. */
export const DAMAGED = "⚠ damaged name";

/** Keys of one epoch's names; script cannot read them, IndexedDB can keep them. */
export type TokenKeys = { epoch: number; mac: CryptoKey; ctr: CryptoKey };

/** Derive the token keys of an epoch from its master key (spec 2.6). */
export async function tokenKeys(master: Uint8Array, epoch: number): Promise<TokenKeys> {
  const base = await crypto.subtle.importKey("raw", master as Bytes, "HKDF", false, ["deriveKey"]);
  const derive = (info: string, name: string, usages: KeyUsage[]): Promise<CryptoKey> =>
    crypto.subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(info) },
      base,
      { name, length: 256 },
      false,
      usages,
    );
  const mac = await derive("reteamz/1/token/mac", "AES-CBC", ["encrypt"]);
  const ctr = await derive("reteamz/1/token/ctr", "AES-CTR", ["encrypt", "decrypt"]);
  return { epoch, mac, ctr };
}

export type Parts = { field: Field; epoch: number; data: string };

/** Field, epoch and base64 part of a well-formed token, else null. */
export function splitToken(token: string): Parts | null {
  const match = WHOLE.exec(token);
  if (!match?.[3] || !LENGTHS.has(match[3].length) || Number(match[2]) > 65_535) return null;
  return { field: match[1] as Field, epoch: Number(match[2]), data: match[3] };
}

/** Field and text of a plain entry, else null (spec 4.7). */
export function splitPlain(entry: string): { field: Field; text: string } | null {
  const at = entry.indexOf(":");
  const field = FIELDS.find((name) => name === entry.slice(0, at));
  const text = entry.slice(at + 1);
  return field && text && utf8(text).length <= 4095 ? { field, text } : null;
}

/** Encrypts and decrypts the names of one epoch. */
export class TokenCipher {
  readonly epoch: number;
  readonly #siv: Siv;

  constructor(keys: TokenKeys) {
    this.epoch = keys.epoch;
    this.#siv = new Siv(keys.mac, keys.ctr);
  }

  /** The token of a name, "" for a text that has none. */
  async encrypt(field: Field, text: string): Promise<string> {
    const name = normalise(field, text);
    if (!name) return "";
    const header = `rtz1.${field}.${this.epoch}`;
    return `${header}.${b64encode(await this.#siv.seal(pad(utf8(name)), header))}`;
  }

  /** The token of a plain entry; one whose text has none stands as U+FFFD (spec 13.1). Raises `token_malformed`. */
  async tokenOf(entry: string): Promise<string> {
    const plain = splitPlain(entry);
    if (!plain) throw malformed();
    return (await this.encrypt(plain.field, plain.text)) || this.encrypt(plain.field, "\ufffd");
  }

  /** The name in a token. Raises `token_malformed`, `token_epoch_unknown`, `token_damaged`. */
  async decrypt(token: string): Promise<string> {
    const parts = splitToken(token);
    if (!parts) throw malformed();
    if (parts.epoch !== this.epoch) throw unknownEpoch();
    let sealed: Bytes;
    try {
      sealed = b64decode(parts.data);
    } catch {
      throw damaged();
    }
    const plain = await this.#siv.open(sealed, `rtz1.${parts.field}.${parts.epoch}`);
    if (!plain) throw damaged();
    try {
      return fromUtf8(unpad(plain));
    } catch {
      throw damaged();
    }
  }
}

/** Decrypts tokens of every epoch it has keys for; remembers what it read. */
export class TokenReader {
  readonly #ciphers: Map<number, TokenCipher>;
  readonly #known = new Map<string, Promise<string>>();

  constructor(keys: TokenKeys[]) {
    this.#ciphers = new Map(keys.map((key) => [key.epoch, new TokenCipher(key)]));
  }

  /** The name in a token. Raises as `TokenCipher.decrypt`. */
  decrypt(token: string): Promise<string> {
    let found = this.#known.get(token);
    if (!found) {
      const parts = splitToken(token);
      const cipher = parts && this.#ciphers.get(parts.epoch);
      found = cipher ? cipher.decrypt(token) : Promise.reject(parts ? unknownEpoch() : malformed());
      this.#known.set(token, found);
    }
    return found;
  }

  /** Running text with every token replaced by its name; a damaged one by a visible mark (spec 4.6). */
  async replace(text: string): Promise<string> {
    const parts = await Promise.all(
      findTokens(text).map(async ([start, end]) => {
        const name = await this.decrypt(text.slice(start, end)).catch(() => DAMAGED);
        return { start, end, name };
      }),
    );
    let out = "";
    let at = 0;
    for (const { start, end, name } of parts) {
      out += text.slice(at, start) + name;
      at = end;
    }
    return out + text.slice(at);
  }
}

/** Start and end of every token in running text. */
export function findTokens(text: string): [number, number][] {
  const found: [number, number][] = [];
  for (const match of text.matchAll(new RegExp(TOKEN, "g")))
    if (LENGTHS.has(match[3]?.length ?? 0)) found.push([match.index, match.index + match[0].length]);
  return found;
}

export function pad(data: Uint8Array): Bytes {
  const bucket = BUCKETS.find((size) => size >= data.length + 1) ?? 4096;
  const out = new Uint8Array(bucket);
  out.set(data);
  out[data.length] = 0x80;
  return out;
}

export function unpad(padded: Uint8Array): Uint8Array {
  let end = padded.length;
  while (end > 0 && padded[end - 1] === 0) end--;
  const data = padded.subarray(0, Math.max(0, end - 1));
  if (padded[end - 1] !== 0x80 || data.length === 0 || pad(data).length !== padded.length) throw damaged();
  return data;
}

/** The plain entry of a name in an account that is not encrypted, "" for none (spec 4.7). */
export function plainEntry(field: Field, text: string): string {
  const name = normalise(field, text);
  return name ? `${field}:${name}` : "";
}

function malformed(): ReteamzError {
  return new ReteamzError("token_malformed", "This is not a token; reload the page.");
}

function unknownEpoch(): ReteamzError {
  return new ReteamzError("token_epoch_unknown", "No key of this epoch is here; ask the owner for a grant.");
}

function damaged(): ReteamzError {
  return new ReteamzError("token_damaged", "A name was altered after it was encrypted; verify the account's log.");
}
