/** The recovery kit ("Backup Keys") and the statement that resets a password (spec 3.4, 3.5). */
import { decodeBundle, type MemberBundle } from "./bundle.ts";
import { base32decode, base32encode, randomBytes, utf8 } from "./encoding.ts";
import { ReteamzError } from "./errors.ts";
import { id, oneOf, shape, strictParse, text } from "./json.ts";
import { decryptWith, encryptWith, type Header } from "./jwe.ts";
import { signJws } from "./jws.ts";
import { hkdf } from "./kdf.ts";
import { okpPublic, okpSigner, type PrivateOkp, type PublicOkp, publicOkp } from "./keys.ts";

export type Kit = {
  typ: "reteamz-recovery+1";
  server: string;
  account: string;
  member: string;
  identity: PublicOkp;
  bundle: string;
};

/** What a member signs to set a new password (spec 3.5); hashes are SHA-256 in base64. */
export type Recovery = { v: 1; origin: string; account: string; nonce: string; auth: string; bundle: string };

const HEADER: Header = { alg: "dir", enc: "A256GCM", typ: "reteamz-recovery+1" };
const DOCUMENT_BYTES = 2 * 1024 * 1024;
const kitShape = shape({
  typ: oneOf("reteamz-recovery+1"),
  server: text,
  account: id,
  member: id,
  identity: publicOkp,
  bundle: text,
});

/** A new code of 16 random bytes in groups of four characters. */
export function newCode(): string {
  return (base32encode(randomBytes(16)).match(/.{1,4}/g) ?? []).join("-");
}

/** The kit of a bundle for the code of {@link newCode}. */
export async function makeKit(bundle: MemberBundle, code: string, server: string): Promise<Kit> {
  const sealed = await encryptWith(await kitKey(code), HEADER, utf8(JSON.stringify(bundle)));
  const { account, member } = bundle;
  return { typ: "reteamz-recovery+1", server, account, member, identity: okpPublic(bundle.identity), bundle: sealed };
}

/** The kit in a file. Raises `kit_damaged`. */
export function readKit(source: string): Kit {
  try {
    if (utf8(source).length <= DOCUMENT_BYTES) return strictParse<Kit>(source, kitShape);
  } catch {
    // Told below.
  }
  throw new ReteamzError("kit_damaged", "This file is not a recovery kit; choose the file of “Backup Keys”.");
}

/** The bundle in a kit. Raises `recovery_code_mistyped`, `kit_damaged`, `header_refused`, `bundle_mismatch`. */
export async function openKit(kit: Kit, code: string): Promise<MemberBundle> {
  const key = await kitKey(code);
  let payload: Uint8Array;
  try {
    payload = await decryptWith(key, HEADER, kit.bundle);
  } catch (error) {
    if (error instanceof ReteamzError && error.code === "bundle_damaged")
      throw new ReteamzError(
        "recovery_code_mistyped",
        "The recovery code does not open this kit; check what you typed.",
      );
    throw error;
  }
  const bundle = await decodeBundle(payload, kit.account, kit.member);
  if (bundle.identity.x !== kit.identity.x)
    throw new ReteamzError("kit_damaged", "The recovery kit was altered; use another copy of it.");
  return bundle;
}

/** The signed statement that resets a password (spec 3.5). */
export async function signRecovery(identity: PrivateOkp, recovery: Recovery): Promise<string> {
  return signJws(await okpSigner(identity), "reteamz-recover+1", recovery);
}

async function kitKey(code: string): Promise<Uint8Array> {
  const raw = base32decode(code.replace(/[\s-]/g, "").toUpperCase());
  if (raw?.length !== 16)
    throw new ReteamzError(
      "recovery_code_mistyped",
      "A recovery code has 26 letters and digits; check what you typed.",
    );
  return hkdf(raw, "reteamz/1/recovery");
}
