/** AES-SIV (RFC 5297) on Web Crypto's AES-CBC and AES-CTR, with keys that script cannot read. */
import { type Bytes, concat, equalBytes } from "./encoding.ts";

const ZERO = new Uint8Array(16);

/** Multiply by x in GF(2^128) (RFC 5297 §2.3). */
function doubled(block: Uint8Array): Bytes {
  const out = new Uint8Array(16);
  for (let i = 0; i < 16; i++) out[i] = ((block[i] ?? 0) << 1) | ((block[i + 1] ?? 0) >> 7);
  if ((block[0] ?? 0) & 0x80) out[15] = (out[15] ?? 0) ^ 0x87;
  return out;
}

function xorAt(target: Bytes, mask: Uint8Array, at: number): Bytes {
  for (let i = 0; i < mask.length; i++) target[at + i] = (target[at + i] ?? 0) ^ (mask[i] ?? 0);
  return target;
}

function padded(data: Uint8Array): Bytes {
  const block = new Uint8Array(16);
  block.set(data);
  block[data.length] = 0x80;
  return block;
}

/** One key pair; what depends on the key alone or on an associated string is computed once. */
export class Siv {
  readonly #mac: CryptoKey;
  readonly #ctr: CryptoKey;
  #subkeys: Promise<[Bytes, Bytes]> | undefined;
  readonly #associated = new Map<string, Promise<Bytes>>();

  /** `mac` is an AES-CBC key that encrypts, `ctr` an AES-CTR key that encrypts and decrypts. */
  constructor(mac: CryptoKey, ctr: CryptoKey) {
    this.#mac = mac;
    this.#ctr = ctr;
  }

  /** V ‖ C of a plaintext, with one associated string. */
  async seal(plaintext: Uint8Array, associated: string | Uint8Array): Promise<Bytes> {
    const v = await this.#s2v(plaintext, associated);
    return concat(v, await this.#crypt(v, plaintext));
  }

  /** The plaintext, or null when it does not authenticate. */
  async open(sealed: Uint8Array, associated: string | Uint8Array): Promise<Bytes | null> {
    if (sealed.length < 16) return null;
    const v = sealed.slice(0, 16);
    const plaintext = await this.#crypt(v, sealed.subarray(16));
    return equalBytes(await this.#s2v(plaintext, associated), v) ? plaintext : null;
  }

  async #crypt(v: Uint8Array, data: Uint8Array): Promise<Bytes> {
    const counter = v.slice(0, 16) as Bytes;
    counter[8] = (counter[8] ?? 0) & 0x7f;
    counter[12] = (counter[12] ?? 0) & 0x7f;
    const how = { name: "AES-CTR", counter, length: 64 };
    return new Uint8Array(await crypto.subtle.encrypt(how, this.#ctr, data as Bytes));
  }

  async #s2v(plaintext: Uint8Array, associated: string | Uint8Array): Promise<Bytes> {
    const d = await this.#start(associated);
    if (plaintext.length < 16) return this.#cmac(xorAt(doubled(d), padded(plaintext), 0));
    return this.#cmac(xorAt(plaintext.slice() as Bytes, d, plaintext.length - 16));
  }

  #start(associated: string | Uint8Array): Promise<Bytes> {
    if (typeof associated !== "string") return this.#begin(associated);
    let found = this.#associated.get(associated);
    if (!found) {
      found = this.#begin(new TextEncoder().encode(associated));
      this.#associated.set(associated, found);
    }
    return found;
  }

  async #begin(associated: Uint8Array): Promise<Bytes> {
    return xorAt(doubled(await this.#cmac(ZERO)), await this.#cmac(associated), 0);
  }

  /** AES-CMAC (RFC 4493): the last block of a CBC encryption, before the padding that Web Crypto adds. */
  async #cmac(message: Uint8Array): Promise<Bytes> {
    this.#subkeys ??= this.#cbc(ZERO).then((block) => {
      const one = doubled(block.subarray(0, 16));
      return [one, doubled(one)];
    });
    const [whole, partial] = await this.#subkeys;
    const length = Math.max(16, Math.ceil(message.length / 16) * 16);
    const data = new Uint8Array(length);
    data.set(message);
    const complete = message.length === length;
    if (!complete) data[message.length] = 0x80;
    const out = await this.#cbc(xorAt(data, complete ? whole : partial, length - 16));
    return out.slice(length - 16, length) as Bytes;
  }

  async #cbc(data: Uint8Array): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv: ZERO }, this.#mac, data as Bytes));
  }
}
