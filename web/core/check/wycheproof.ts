/** Wycheproof's files against Web Crypto as we use it, and against our AES-SIV; runs in Node and in a browser. */
import * as core from "../src/index.ts";
import { requireHeader } from "../src/jwe.ts";

// biome-ignore lint/suspicious/noExplicitAny: every file has its own form.
type Any = any;
type Run = (group: Any, test: Any) => Promise<boolean | null>;

const unhex = (text: string): core.Bytes =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const same = (a: ArrayBuffer | Uint8Array | null, text: string): boolean =>
  a !== null && core.equalBytes(new Uint8Array(a), unhex(text));

async function succeeds(work: () => Promise<boolean>): Promise<boolean> {
  try {
    return await work();
  } catch {
    return false;
  }
}

async function refusedWith(codes: core.Code[], work: () => unknown): Promise<boolean> {
  try {
    await work();
  } catch (error) {
    return error instanceof core.ReteamzError && codes.includes(error.code);
  }
  return false;
}

const oaep =
  (alg: core.RsaAlgorithm): Run =>
  async (group, test) => {
    if (test.label) return null; // the product uses no label
    const key = await core.rsaDecryptor({ ...group.privateKeyJwk, alg });
    return succeeds(async () => same(await crypto.subtle.decrypt("RSA-OAEP", key, unhex(test.ct)), test.msg));
  };

/** Each tells whether the case ended as a valid one should; null when the product never uses such parameters. */
const RUN: Record<string, Run> = {
  async aes_siv_cmac(group, test) {
    if (group.keySize !== 512) return null;
    const raw = unhex(test.key);
    const mac = await crypto.subtle.importKey("raw", raw.slice(0, 32), "AES-CBC", false, ["encrypt"]);
    const ctr = await crypto.subtle.importKey("raw", raw.slice(32), "AES-CTR", false, ["encrypt", "decrypt"]);
    const siv = new core.Siv(mac, ctr);
    const opened = await siv.open(unhex(test.ct), unhex(test.aad));
    return same(opened, test.msg) && same(await siv.seal(unhex(test.msg), unhex(test.aad)), test.ct);
  },
  async aes_gcm(group, test) {
    if (group.keySize !== 256 || group.ivSize !== 96 || group.tagSize !== 128) return null;
    const key = await crypto.subtle.importKey("raw", unhex(test.key), "AES-GCM", false, ["decrypt"]);
    const how = { name: "AES-GCM", iv: unhex(test.iv), additionalData: unhex(test.aad) };
    return succeeds(async () => same(await crypto.subtle.decrypt(how, key, unhex(test.ct + test.tag)), test.msg));
  },
  hkdf_sha256: (_, test) =>
    succeeds(async () => {
      const key = await crypto.subtle.importKey("raw", unhex(test.ikm), "HKDF", false, ["deriveBits"]);
      const how = { name: "HKDF", hash: "SHA-256", salt: unhex(test.salt), info: unhex(test.info) };
      return same(await crypto.subtle.deriveBits(how, key, test.size * 8), test.okm);
    }),
  pbkdf2_hmacsha256: (_, test) =>
    succeeds(async () => {
      const key = await crypto.subtle.importKey("raw", unhex(test.password), "PBKDF2", false, ["deriveBits"]);
      const how = { name: "PBKDF2", hash: "SHA-256", salt: unhex(test.salt), iterations: test.iterationCount };
      return same(await crypto.subtle.deriveBits(how, key, test.dkLen * 8), test.dk);
    }),
  async ed25519(group, test) {
    const key = await core.okpVerifier({ kty: "OKP", crv: "Ed25519", x: group.publicKeyJwk.x, alg: "Ed25519" });
    return succeeds(async () => crypto.subtle.verify("Ed25519", key, unhex(test.sig), unhex(test.msg)));
  },
  rsa_oaep_2048_sha1_mgf1sha1: oaep("RSA-OAEP"),
  rsa_oaep_2048_sha256_mgf1sha256: oaep("RSA-OAEP-256"),
  rsa_oaep_3072_sha256_mgf1sha256: oaep("RSA-OAEP-256"),
  rsa_oaep_4096_sha256_mgf1sha256: oaep("RSA-OAEP-256"),
};

/** None of these has a header of ours, whatever else is right or wrong with it (spec 1.9): true when it was refused. */
const FOREIGN: Record<string, (test: Any) => Promise<boolean | null>> = {
  async json_web_encryption(test) {
    if (typeof test.jwe !== "string") return null;
    return refusedWith(["header_refused"], () =>
      requireHeader(test.jwe, { alg: "dir", enc: "A256GCM", typ: "reteamz-recovery+1" }),
    );
  },
  async json_web_signature(test) {
    if (typeof test.jws !== "string") return null;
    const x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const key = await core.okpVerifier({ kty: "OKP", crv: "Ed25519", x, alg: "Ed25519" });
    return refusedWith(["header_refused", "base64_invalid"], () => core.verifyJws(key, "reteamz-grant+1", test.jws));
  },
};

export const FILES = [...Object.keys(RUN), ...Object.keys(FOREIGN)];

/** Run one of Wycheproof's files; how many cases applied, and a line for each that went wrong. */
export async function runWycheproof(name: string, source: string): Promise<{ count: number; failures: string[] }> {
  let count = 0;
  const failures: string[] = [];
  for (const group of JSON.parse(source).testGroups)
    for (const test of group.tests) {
      const foreign = FOREIGN[name];
      const outcome = foreign ? await foreign(test) : await (RUN[name] as Run)(group, test);
      if (outcome === null) continue;
      count++;
      const good = foreign ? outcome : test.result === "acceptable" || outcome === (test.result === "valid");
      if (!good) failures.push(`${name} ${test.tcId} (${test.comment}): ${test.result}, but ${outcome}`);
    }
  return { count, failures };
}
