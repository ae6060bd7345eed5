/** How an owner and a computer learn to trust each other outside the server (spec 7). */
import {
  type Bytes,
  b64decode,
  b64encode,
  base32decode,
  base32encode,
  concat,
  equalBytes,
  fromUtf8,
  joined,
  sha256raw,
  utf8,
} from "./encoding.ts";
import { ReteamzError } from "./errors.ts";
import { hkdf } from "./kdf.ts";
import type { Mode } from "./roster.ts";

export type TicketType = "device" | "member";

/** What a code carries (spec 7.2); `owner` is the fingerprint's 32 bytes, `expires` in milliseconds. */
export type EnrolmentCode = {
  type: TicketType;
  mode: Mode;
  account: string;
  owner: Bytes;
  ticket: string;
  expires: number;
  uses: number;
  secret: Bytes;
  server: string;
};

/** What the server knows of a code (spec 7.5); `redemptions` counts this one. */
export type Ticket = { id: string; type: TicketType; expires: number; uses: number; redemptions: number };

const TYPES: TicketType[] = ["device", "member"];
const MODES: Mode[] = ["plain", "encrypted"];
const HEAD = 94;
const CHECK = 4;
const USES = 1000;

async function hmac(key: Uint8Array, data: Uint8Array): Promise<Bytes> {
  const how = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key as Bytes, how, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, data as Bytes));
}

/** The 16 bytes that only the two ends know (spec 7.1). */
export async function ticketSecret(
  enrol: Uint8Array,
  ticket: string,
  type: TicketType,
  expires: number,
  uses: number,
): Promise<Bytes> {
  return (await hmac(enrol, joined("reteamz/1/ticket", ticket, type, expires, uses))).slice(0, 16);
}

/** A code as text for pasting: base32 in groups of eight (spec 7.2). */
export async function encodeCode(code: EnrolmentCode): Promise<string> {
  const server = utf8(code.server);
  if (server.length > 255 || code.uses < 1 || code.uses > USES)
    throw new ReteamzError("input_invalid", "A code has at most 1 000 uses and a server address of 255 characters.");
  const numbers = new Uint8Array(10);
  const view = new DataView(numbers.buffer);
  view.setBigUint64(0, BigInt(code.expires));
  view.setUint16(8, code.uses);
  const body = concat(
    Uint8Array.of(1, TYPES.indexOf(code.type), MODES.indexOf(code.mode)),
    b64decode(code.account),
    code.owner,
    b64decode(code.ticket),
    numbers,
    code.secret,
    Uint8Array.of(server.length),
    server,
  );
  const text = base32encode(concat(body, (await sha256raw(body)).subarray(0, CHECK)));
  return (text.match(/.{1,8}/g) ?? []).join("-");
}

/** What a code says; `now` in milliseconds. Raises `code_mistyped`, `code_expired`. */
export async function decodeCode(text: string, now: number): Promise<EnrolmentCode> {
  const raw = base32decode(text.replace(/[\s-]/g, "").toUpperCase());
  const code = raw && raw.length >= HEAD + CHECK ? await decoded(raw) : null;
  if (!code) throw new ReteamzError("code_mistyped", "The enrolment code is incomplete or mistyped; copy it again.");
  if (now > code.expires)
    throw new ReteamzError("code_expired", "The enrolment code has expired; ask the owner for a new one.");
  return code;
}

async function decoded(raw: Bytes): Promise<EnrolmentCode | null> {
  const body = raw.slice(0, -CHECK);
  const view = new DataView(body.buffer);
  const type = TYPES[body[1] ?? 9];
  const mode = MODES[body[2] ?? 9];
  const uses = view.getUint16(75);
  const server = body.subarray(HEAD);
  const whole = equalBytes((await sha256raw(body)).subarray(0, CHECK), raw.subarray(-CHECK));
  if (!whole || body[0] !== 1 || !type || !mode || server.length !== body[HEAD - 1] || uses < 1 || uses > USES)
    return null;
  try {
    return {
      type,
      mode,
      account: b64encode(body.subarray(3, 19)),
      owner: body.slice(19, 51),
      ticket: b64encode(body.subarray(51, 67)),
      expires: Number(view.getBigUint64(67)),
      uses,
      secret: body.slice(77, 93),
      server: fromUtf8(server),
    };
  } catch {
    return null;
  }
}

/** What proves to the owner whose keys these are, in base64 (spec 7.3). */
export async function enrolmentMac(
  secret: Uint8Array,
  account: string,
  ticket: string,
  type: TicketType,
  signing: string,
  exchange: string,
): Promise<string> {
  const key = await hkdf(secret, "reteamz/1/enrol");
  return b64encode(await hmac(key, joined(account, ticket, type, signing, exchange)));
}

/** A redemption as the server tells it; thumbprints of the keys, `redeemed` in milliseconds. */
export type Redemption = { account: string; signing: string; exchange: string; mac: string; redeemed: number };

/** Check a redemption with the owner's enrol key (spec 7.4). Raises `enrolment_forged`, `code_expired`, `ticket_spent`: grant nothing then. */
export async function checkMac(enrol: Uint8Array, ticket: Ticket, made: Redemption): Promise<void> {
  const secret = await ticketSecret(enrol, ticket.id, ticket.type, ticket.expires, ticket.uses);
  const expected = await enrolmentMac(secret, made.account, ticket.id, ticket.type, made.signing, made.exchange);
  if (!equalBytes(utf8(expected), utf8(made.mac)))
    throw new ReteamzError("enrolment_forged", "These keys were not made where the code was used; refuse this device.");
  if (made.redeemed > ticket.expires)
    throw new ReteamzError("code_expired", "The code was used after it expired; refuse this device, make a new code.");
  if (ticket.redemptions > ticket.uses)
    throw new ReteamzError("ticket_spent", "The code was used more often than allowed; refuse this device.");
}
