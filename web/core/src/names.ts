/** Normalisation of names before they are encrypted (spec 4.1, 4.2). */
import { fromUtf8, utf8 } from "./encoding.ts";

export const FIELDS = ["app", "title", "url", "site", "doc", "person", "computer", "user", "label"] as const;
export type Field = (typeof FIELDS)[number];

const TEXT_BYTES = 4095;
const SPACE = "[\\t-\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff]";
/** One of the characters that are trimmed. */
export const SPACES = new RegExp(`^${SPACE}$`);
const EDGES = new RegExp(`^${SPACE}+|${SPACE}+$`, "g");
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//;
const USER_INFO = /^([^/?#]*?:\/\/)([^/?#]*)@/;

/** The text that is encrypted for `field`; empty when there is no name. */
export function normalise(field: Field, text: string): string {
  let name = text.toWellFormed().normalize("NFC").replace(EDGES, "");
  if (field === "app") name = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  else if (field === "site") name = host(name);
  else if (field === "url") name = (name.split("#", 1)[0] ?? "").replace(USER_INFO, "$1");
  return cut(name.normalize("NFC"));
}

function host(text: string): string {
  if (!text) return "";
  const url = URL.parse(SCHEME.test(text) ? text : `http://${text}`);
  const found = url?.hostname ?? "";
  // Browsers disagree here: Chromium escapes what the standard refuses, and takes an IPv6 address in full-width digits.
  const strange = /[%*]/.test(found) || (found.startsWith("[") && /[^\0-\x7f]/.test(text.split("]", 1)[0] ?? ""));
  return strange ? "" : found;
}

function cut(text: string): string {
  const data = utf8(text);
  if (data.length <= TEXT_BYTES) return text;
  let end = TEXT_BYTES;
  while (((data[end] ?? 0) & 0xc0) === 0x80) end--;
  return fromUtf8(data.subarray(0, end));
}
