/** Everything a browser may do with keys: no page, no network (see `docs/spec.md`). */
export * from "./batch.ts";
export * from "./bundle.ts";
export * from "./encoding.ts";
export * from "./enrolment.ts";
export * from "./errors.ts";
export * from "./fingerprint.ts";
export * from "./grant.ts";
export * from "./jws.ts";
export * from "./kdf.ts";
export * from "./keys.ts";
export * from "./names.ts";
export * from "./recovery.ts";
export * from "./roster.ts";
export * from "./rows.ts";
export * from "./sealing.ts";
export * from "./siv.ts";
export * from "./tokens.ts";
