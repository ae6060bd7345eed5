/** Whether a row of a report is what a device signed (spec 10.2). */
import type { Batch, Restart, VoidBatch } from "./batch.ts";
import { ReteamzError } from "./errors.ts";
import { normalise } from "./names.ts";
import { splitPlain, splitToken, type TokenReader } from "./tokens.ts";

/** A row of the raw log as the server tells it; names as entries, "" for none. */
export type LogRow = {
  device: string;
  seq: number;
  start_ms: number;
  duration_ms: number;
  utc_offset_min: number;
  kind: string;
  person: string;
  app: string;
  site: string;
  title: string;
  url: string;
  doc: string;
  input: number;
  rating: number;
};

const KINDS = ["active", "idle", "locked", "meeting", "private"];
const NAMES = [
  ["person", 0],
  ["app", 5],
  ["site", 6],
  ["title", 7],
  ["url", 8],
  ["doc", 9],
] as const;

/** Require a verified batch to hold exactly this row, names compared after decrypting both. Raises `name_remapped`, `batch_altered`. */
export async function requireRow(
  batch: Batch | VoidBatch | Restart | undefined,
  row: LogRow,
  reader: TokenReader,
): Promise<void> {
  const { events, tokens } = batch && "events" in batch ? batch : { events: [], tokens: [] as string[] };
  const numbers = [row.start_ms, row.duration_ms, row.utc_offset_min, row.input, row.rating];
  const candidates = events.filter(
    (event) =>
      KINDS[event[1]] === row.kind &&
      [event[2], event[3], event[4], event[10], event[11]].every((value, i) => value === numbers[i]),
  );
  if (!candidates.length)
    throw new ReteamzError("batch_altered", "A row of the log was never signed; do not trust this server's reports.");
  for (const event of candidates) {
    const same = NAMES.map(([name, at]) => sameName(tokens[event[at]] ?? "", row[name], reader));
    if ((await Promise.all(same)).every(Boolean)) return;
  }
  throw new ReteamzError(
    "name_remapped",
    "A row of the log shows another name than the computer signed; do not trust this server's reports.",
  );
}

/** A notice as a page shows it; `person` in the clear, "" for nobody in particular. */
export type ShownNotice = { at: number; code: string; person: string; count: number };

/** Require a verified batch to hold exactly this notice (spec 17.4). Raises `batch_altered`, `name_remapped`. */
export async function requireNotice(batch: Batch, shown: ShownNotice, reader: TokenReader): Promise<void> {
  const { at, code, count, person } = shown;
  const candidates = (batch.notices ?? []).filter(
    (told) => told.at === at && told.code === code && told.count === count,
  );
  if (!candidates.length)
    throw new ReteamzError("batch_altered", "The computer never told this; do not trust this server.");
  const names = candidates.map(async (told) => {
    const entry = batch.tokens[told.person] ?? "";
    return splitPlain(entry)?.text ?? reader.replace(entry);
  });
  if (!(await Promise.all(names)).some((name) => normalise("person", name) === normalise("person", person)))
    throw new ReteamzError("name_remapped", "The computer told this of somebody else; do not trust this server.");
}

async function sameName(signed: string, shown: string, reader: TokenReader): Promise<boolean> {
  if (signed === shown) return true;
  if (!signed || !shown) return false;
  try {
    return (await meaning(signed, reader)) === (await meaning(shown, reader));
  } catch {
    return false;
  }
}

/** Field and name of an entry; a plain entry and its token mean the same (spec 13.1). */
async function meaning(entry: string, reader: TokenReader): Promise<string> {
  const plain = splitPlain(entry);
  if (plain) return `${plain.field}:${normalise(plain.field, plain.text) || "\ufffd"}`;
  return `${splitToken(entry)?.field}:${await reader.decrypt(entry)}`;
}
