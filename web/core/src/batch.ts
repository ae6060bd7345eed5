/** Batches, voids and restarts, and every rule of a device's journal in one class without I/O (spec 9, 10). */
import { type RosterHead, rosterHead } from "./bundle.ts";
import { fromUtf8, sha256 } from "./encoding.ts";
import { type Code, orElse, ReteamzError } from "./errors.ts";
import {
  between,
  type Check,
  count,
  hash,
  hashOrEmpty,
  id,
  listOf,
  nullOr,
  oneOf,
  shape,
  strictParse,
  text,
} from "./json.ts";
import { verifyRequest } from "./jws.ts";
import { okpVerifier, type PublicOkp, thumbprint } from "./keys.ts";
import type { PruneMark } from "./prune.ts";
import type { DeviceEntry, Head } from "./roster.ts";
import type { Media, SealedKind } from "./sealing.ts";

/** person, kind, start ms, duration ms, utc offset min, app, site, title, url, doc, input, rating (spec 9.2). */
export type Event = [number, number, number, number, number, number, number, number, number, number, number, number];
export type BlobEntry = {
  sha256: string;
  bytes: number;
  kind: SealedKind;
  media: Media;
  person: number;
  at: number;
};
/** What an agent tells its owner besides events (spec 17); `at` in milliseconds, `person` an index into `tokens`. */
export type Notice = { at: number; code: NoticeCode; person: number; count: number };
const NOTICE_CODES = [
  "policy_refused",
  "records_lost",
  "clock_jumped",
  "consent_given",
  "consent_refused",
  "capture_unsupported",
  "capture_failed",
] as const;
export type NoticeCode = (typeof NOTICE_CODES)[number];

type Link = { v: 1; account: string; device: string; seq: number; prev: string };
export type Batch = Link & {
  mode: "encrypted" | "anonymous" | "plain";
  epoch: number;
  roster: RosterHead | null;
  policy: number;
  tokens: string[];
  events: Event[];
  blobs: BlobEntry[];
  /** Absent where there are none. */
  notices?: Notice[];
};
/** Stands for a batch that the server can never accept (spec 9.7). */
export type VoidBatch = Link & { mode: "void"; refused: { sha256: string; code: string } };
/** Goes on after a loss on the server's side, naming it (spec 9.8). */
export type Restart = Link & { mode: "restart"; lost: { after: number; sha256: string } };

const BATCH_BYTES = 1024 * 1024;
const BLOB_BYTES = 16 * 1024 * 1024 + 4096;
const index = between(-1, 4000);
const EVENT: Check[] = [
  index,
  between(0, 4),
  count,
  between(0, 7 * 24 * 3600 * 1000),
  between(-1080, 1080),
  index,
  index,
  index,
  index,
  index,
  count,
  between(-1, 2),
];
const event: Check = (value) =>
  Array.isArray(value) && value.length === EVENT.length && EVENT.every((check, i) => check(value[i]));
const link = {
  v: oneOf(1),
  account: id,
  device: id,
  seq: between(1, Number.MAX_SAFE_INTEGER),
  prev: hashOrEmpty,
};
const blob = shape({
  sha256: hash,
  bytes: between(1, BLOB_BYTES),
  kind: oneOf("screenshot", "camera", "sound", "text", "clipboard", "chat"),
  media: oneOf("image/webp", "image/jpeg", "image/png", "audio/ogg", "audio/flac", "application/json"),
  person: index,
  at: count,
});
const notice = shape({
  at: count,
  code: oneOf(...NOTICE_CODES),
  person: index,
  count: between(1, Number.MAX_SAFE_INTEGER),
});
const batchShape = shape(
  {
    ...link,
    epoch: between(0, 65_535),
    roster: nullOr(rosterHead),
    policy: count,
    mode: oneOf("encrypted", "anonymous", "plain"),
    tokens: listOf(text),
    events: listOf(event),
    blobs: listOf(blob),
    notices: (value) => listOf(notice)(value) && (value as unknown[]).length > 0,
  },
  ["notices"],
);
const voidShape = shape({ ...link, mode: oneOf("void"), refused: shape({ sha256: hash, code: text }) });
const restartShape = shape({ ...link, mode: oneOf("restart"), lost: shape({ after: count, sha256: hashOrEmpty }) });
const bodyShape: Check = (value) => batchShape(value) || voidShape(value) || restartShape(value);

/** Decode a body strictly into what it says it is. Raises `batch_too_large` over 1 MiB, `batch_malformed`. */
export function decodeBody(body: Uint8Array): Batch | VoidBatch | Restart {
  const malformed = () => new ReteamzError("batch_malformed", "The batch is not of the agreed form; update the agent.");
  if (body.length > BATCH_BYTES) throw tooLarge("1 MiB");
  let batch: Batch | VoidBatch | Restart;
  try {
    batch = strictParse(fromUtf8(body), bodyShape);
  } catch {
    throw malformed();
  }
  if (batch.mode === "void" || batch.mode === "restart") return batch;
  if (batch.events.length > 2000 || batch.tokens.length > 4000) throw tooLarge("2 000 events and 4 000 tokens");
  if (batch.blobs.length > 256) throw tooLarge("256 blobs");
  const notices = batch.notices ?? [];
  if (notices.length > 64) throw tooLarge("64 notices");
  if (notices.length && batch.mode === "anonymous") throw malformed();
  const person = batch.mode === "plain" ? "person:" : "rtz1.person.";
  if (!notices.every((each) => each.person < 0 || batch.tokens[each.person]?.startsWith(person))) throw malformed();
  return batch;
}

/** Walks the journal of one device, entry by entry, and names the first that is wrong (spec 10.1). */
export class ChainVerifier {
  head: Head;
  /** First and last number of every run that the server lost (spec 9.8). */
  readonly lost: [number, number][] = [];
  /** Number of entries that the owner's signature vouches for, not the device's (spec 13.4). */
  restated = 0;
  #mark: PruneMark | null;
  readonly #account: string;
  readonly #device: string;
  readonly #key: CryptoKey;

  private constructor(account: string, device: string, key: CryptoKey, head: Head, mark: PruneMark | null) {
    this.#account = account;
    this.#device = device;
    this.#key = key;
    this.head = head;
    this.#mark = mark && mark.seq > head.seq ? mark : null;
  }

  /**
   * Start at the beginning, or after `head` out of a receipt (spec 10.3). Up to `mark` restatements are expected (spec 13.4).
   * Raises `batch_forged` for a key that the roster does not name.
   */
  static async start(
    account: string,
    entry: DeviceEntry,
    signing: PublicOkp,
    head: Head = { seq: 0, sha256: "" },
    mark: PruneMark | null = null,
  ): Promise<ChainVerifier> {
    if ((await thumbprint(signing)) !== entry.signing)
      throw new ReteamzError("batch_forged", "The server names another key for a device; do not trust this server.");
    return new ChainVerifier(account, entry.id, await okpVerifier(signing), head, mark);
  }

  /** Verify the entry that the server says has number `seq`. Raises `batch_forged`, `batch_altered`, `batch_missing`, `batch_reordered`. */
  async add(seq: number, body: Uint8Array, signature: string): Promise<Batch | VoidBatch | Restart> {
    const mark = this.#mark;
    if (!mark)
      await orElse(
        () => verifyRequest(this.#key, "reteamz/1/batch", body, signature),
        () => this.#wrong("batch_forged", seq, "is not signed by the device"),
      );
    const batch = await orElse(
      async () => decodeBody(body),
      () => this.#wrong("batch_altered", seq, "is not of the agreed form"),
    );
    if (batch.account !== this.#account || batch.device !== this.#device)
      throw this.#wrong("batch_forged", seq, "is another device's");
    if (batch.seq !== seq || seq <= this.head.seq) throw this.#wrong("batch_reordered", seq, "is not in its place");
    if (batch.mode === "restart") this.#restart(batch);
    else if (seq !== this.head.seq + 1) throw this.#wrong("batch_missing", this.head.seq + 1, "is missing");
    else if (batch.prev !== this.head.sha256)
      throw this.#wrong("batch_altered", seq, "does not follow from the one before");
    this.head = { seq, sha256: await sha256(body) };
    if (mark) this.#reach(mark);
    return batch;
  }

  /** Go on from what the device signed, once the restatements turn out to be those that the owner vouches for. */
  #reach(mark: PruneMark): void {
    this.restated++;
    if (this.head.seq < mark.seq) return;
    if (this.head.seq !== mark.seq || this.head.sha256 !== mark.restated)
      throw this.#wrong("batch_altered", this.head.seq, "is not what the owner signed when history was encrypted");
    this.head = { seq: mark.seq, sha256: mark.sha256 };
    this.#mark = null;
  }

  /** Require the journal to reach `head`, as shown or as receipted (spec 10.1, 10.3). Raises `tail_withheld`. */
  finish(head: Head): void {
    if (this.#mark || this.head.seq < head.seq || (this.head.seq === head.seq && this.head.sha256 !== head.sha256))
      throw new ReteamzError("tail_withheld", "The server withholds the last batches; do not trust this server.");
  }

  #restart(batch: Restart): void {
    if (batch.lost.after !== this.head.seq || batch.lost.sha256 !== this.head.sha256)
      throw this.#wrong("batch_missing", this.head.seq + 1, "is missing");
    if (batch.seq !== this.head.seq + 1) this.lost.push([this.head.seq + 1, batch.seq - 1]);
    else if (batch.prev !== this.head.sha256)
      throw this.#wrong("batch_altered", batch.seq, "does not follow from the one before");
  }

  #wrong(code: Code, seq: number, what: string): ReteamzError {
    return new ReteamzError(
      code,
      `Batch ${seq} of device ${this.#device} ${what}; do not trust this server's reports.`,
    );
  }
}

function tooLarge(most: string): ReteamzError {
  return new ReteamzError("batch_too_large", `A batch has at most ${most}; send smaller batches.`);
}
