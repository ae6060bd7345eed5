/** Verifying what the server shows against what the computers signed (spec 10). */
import {
  type Batch,
  b64decode,
  ChainVerifier,
  type LogRow,
  type Restart,
  ReteamzError,
  requireRow,
  type TrustedRoster,
  type VoidBatch,
} from "@reteamz/core";
import { get } from "../api.ts";
import { byId, maybe, told } from "../dom.ts";
import { fetchPrune } from "../pruning.ts";
import { fetchRoster } from "../rosters.ts";
import type { Member } from "../shell.ts";
import type { DeviceView, Keys } from "../types.ts";
import { remember, trustOf } from "../vault.ts";

type Verified = Map<string, Batch | VoidBatch | Restart>;
type Entry = { seq: number; body: string; signature: string };

const ROWS = 100;

export function startLog(member: Member): void {
  const button = maybe<HTMLButtonElement>("verify");
  button?.addEventListener("click", async () => {
    const line = byId("verify-told");
    const bar = byId<HTMLProgressElement>("verify-progress");
    button.disabled = true;
    bar.hidden = false;
    try {
      line.textContent = await verify(member, bar);
      line.className = "verify-good";
    } catch (error) {
      line.textContent = told(error);
      line.className = "verify-bad";
    } finally {
      bar.hidden = true;
      button.disabled = false;
    }
  });
}

async function verify({ account, keys, decryptor }: Member, bar: HTMLProgressElement): Promise<string> {
  if (!keys || !decryptor.reader)
    throw new ReteamzError("input_invalid", "Unlock the names first; the check needs your keys.");
  const seen = await trustOf(account);
  const trusted = await fetchRoster(account, keys.owner, seen?.roster ?? { version: 0, sha256: "" });
  await remember(account, { roster: trusted.head, iterations: 0 });
  const prune = await fetchPrune(account, trusted);
  const rows = await shownRows();
  const wanted = new Set(rows.map((row) => `${row.device} ${row.seq}`));
  const heads = new Map((await get<DeviceView[]>("/api/devices")).map((device) => [device.id, device.head]));
  const signing = new Map((await get<Keys>("/api/keys")).devices.map((device) => [device.id, device.signing]));
  const verified: Verified = new Map();
  const listed = trusted.devices.devices;
  bar.max = [...heads.values()].reduce((sum, head) => sum + head.version, 0);
  bar.value = 0;
  let lost = 0;
  let restated = 0;
  for (const entry of listed) {
    const key = signing.get(entry.id);
    const head = heads.get(entry.id);
    if (!key || !head)
      throw new ReteamzError("batch_missing", "The server hides a computer of the roster; do not trust this server.");
    const chain = await ChainVerifier.start(account, entry, key, undefined, prune.marks.get(entry.id));
    await walk(chain, trusted, entry.id, wanted, verified, bar);
    chain.finish({ seq: head.version, sha256: head.sha256 });
    restated += chain.restated;
    lost += chain.lost.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  }
  const confirmed = new Set(listed.map((entry) => entry.id));
  for (const row of rows)
    if (confirmed.has(row.device)) await requireRow(verified.get(`${row.device} ${row.seq}`), row, decryptor.reader);
  const foreign = rows.filter((row) => !confirmed.has(row.device)).length;
  return [
    `${bar.value} batches of ${listed.length} computers are whole, in order and genuine, and the rows below are what they say.`,
    restated ? `For ${restated} of them, from before encryption, your own signature stands: you encrypted them.` : "",
    lost ? `The server lost ${lost} batches earlier; the computers said so.` : "",
    foreign ? `${foreign} rows come from computers that you have not confirmed.` : "",
  ].join(" ");
}

async function walk(
  chain: ChainVerifier,
  trusted: TrustedRoster,
  device: string,
  wanted: ReadonlySet<string>,
  verified: Verified,
  bar: HTMLProgressElement,
): Promise<void> {
  for (;;) {
    const { entries } = await get<{ entries: Entry[] }>(`/api/journal/${device}?after=${chain.head.seq}`);
    if (!entries.length) return;
    for (const { seq, body, signature } of entries) {
      const batch = await chain.add(seq, b64decode(body), signature);
      if ("roster" in batch && batch.roster) trusted.requireSeen(batch.roster);
      if (wanted.has(`${device} ${seq}`)) verified.set(`${device} ${seq}`, batch);
      bar.value++;
    }
  }
}

/** The rows of this page, as data; the address of the page chooses them. */
async function shownRows(): Promise<LogRow[]> {
  const { query = "" } = byId("verify").dataset;
  return (await get<{ rows: LogRow[] }>(`/api/reports/log?${query}&limit=${ROWS}`)).rows;
}
