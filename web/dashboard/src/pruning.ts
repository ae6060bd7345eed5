/** Encrypting history: what was recorded in the clear is restated, the owner signs for it, the server erases the names (spec 13). */
import * as core from "@reteamz/core";
import { ReteamzError } from "@reteamz/core";
import { get, post } from "./api.ts";
import type { Told } from "./history.ts";
import type { Owner } from "./owner.ts";
import type { DeviceView, Keys } from "./types.ts";
import { remember, trustOf } from "./vault.ts";

export type HistoryView = {
  state: "plain" | "none" | "readable" | "compacting" | "cleaning" | "searching" | "stopped" | "found" | "done";
  at: number;
  left: number;
  names: number;
  restated: number;
  batches: number;
  files: string[];
  prune: string | null;
};
export type Signed = { seq: number; body: string; signature: string };

/** Batches that are restated by one prune. */
const STEP = 500;

/** What was erased, as the owner signed it. Raises `prune_refused`, `prune_rollback`. */
export async function fetchPrune(account: string, trusted: core.TrustedRoster): Promise<core.TrustedPrune> {
  const owner = trusted.roster.members.find((member) => member.role === "owner" && member.state === "active");
  const key = (await get<Keys>("/api/keys")).members.find((member) => member.id === owner?.id);
  if (!owner || !key)
    throw new ReteamzError("prune_refused", "The server hides the owner's keys; do not trust this server's reports.");
  const { prune } = await get<HistoryView>("/api/history");
  const known = (await trustOf(account))?.prune;
  const found = await core.openPrune(prune, account, owner.settings, key.settings, known);
  await remember(account, { roster: trusted.head, iterations: 0, prune: found.head });
  return found;
}

/**
 * Restate every batch with names in the clear, sign for it in steps, and ask the server to erase. Whatever interrupts it, the next
 * call goes on where it was. Every batch is verified before its restatement is signed: nobody can do that afterwards.
 */
export async function encryptHistory(owner: Owner, told: Told): Promise<void> {
  await owner.joinNames();
  const work = await Work.start(owner, told);
  for (const entry of owner.trusted.devices.devices) await work.restate(entry);
  await post("/api/history/erase");
}

class Work {
  readonly #owner: Owner;
  readonly #cipher: core.TokenCipher;
  readonly #signer: CryptoKey;
  readonly #keys: Map<string, core.PublicOkp>;
  readonly #heads: Map<string, core.RosterHead>;
  readonly #told: Told;
  #prune: core.TrustedPrune;
  #done = 0;
  #of: number;

  private constructor(
    owner: Owner,
    cipher: core.TokenCipher,
    signer: CryptoKey,
    prune: core.TrustedPrune,
    keys: Map<string, core.PublicOkp>,
    heads: Map<string, core.RosterHead>,
    told: Told,
  ) {
    this.#owner = owner;
    this.#cipher = cipher;
    this.#signer = signer;
    this.#prune = prune;
    this.#keys = keys;
    this.#heads = heads;
    this.#told = told;
    const marks = [...prune.marks.values()].reduce((sum, mark) => sum + mark.seq, 0);
    this.#of = [...heads.values()].reduce((sum, head) => sum + head.version, 0) - marks;
  }

  static async start(owner: Owner, told: Told): Promise<Work> {
    const cipher = await owner.cipher();
    if (!cipher) throw new ReteamzError("input_invalid", "Enable encryption first.");
    const signer = await core.okpSigner(owner.bundle.settings);
    const prune = await fetchPrune(owner.bundle.account, owner.trusted);
    const keys = new Map((await owner.keys()).devices.map((device) => [device.id, device.signing]));
    const heads = new Map((await get<DeviceView[]>("/api/devices")).map((device) => [device.id, device.head]));
    return new Work(owner, cipher, signer, prune, keys, heads, told);
  }

  /** Verify all batches of a device, then restate those up to the last that holds names in the clear. */
  async restate(entry: core.DeviceEntry): Promise<void> {
    const head = this.#heads.get(entry.id);
    if (!head)
      throw new ReteamzError("batch_missing", "The server hides a computer of the roster; do not trust this server.");
    const chain = await this.#chain(entry);
    let last = 0;
    await this.#walk(chain, entry.id, head.version, async (seq, batch) => {
      if ("roster" in batch && batch.roster) this.#owner.trusted.requireSeen(batch.roster);
      if (core.mustBeRestated(batch)) last = seq;
    });
    chain.finish({ seq: head.version, sha256: head.sha256 });
    const mark = this.#prune.marks.get(entry.id);
    if (!last) return;
    this.#of += last - (mark?.seq ?? 0);
    let prev = mark?.restated ?? "";
    let waiting = 0;
    const again = await this.#chain(entry);
    await this.#walk(again, entry.id, last, async (seq, batch) => {
      prev = await core.sha256(await core.restated(batch, prev, (text) => this.#cipher.tokenOf(text)));
      if (++waiting < STEP && seq !== last) return;
      await this.#sign({ id: entry.id, seq, sha256: again.head.sha256, restated: prev });
      waiting = 0;
    });
  }

  async #sign(mark: core.PruneMark): Promise<void> {
    const { account, settings } = this.#owner.bundle;
    const jws = await core.signPrune(this.#signer, account, this.#prune, Date.now(), [mark]);
    await post("/api/history/prune", { prune: jws });
    const key = core.okpPublic(settings);
    this.#prune = await core.openPrune(jws, account, await core.thumbprint(key), key);
    await remember(account, { roster: this.#owner.trusted.head, iterations: 0, prune: this.#prune.head });
  }

  async #chain(entry: core.DeviceEntry): Promise<core.ChainVerifier> {
    const key = this.#keys.get(entry.id);
    if (!key)
      throw new ReteamzError("batch_missing", "The server hides a computer of the roster; do not trust this server.");
    const mark = this.#prune.marks.get(entry.id);
    const head = mark && { seq: mark.seq, sha256: mark.sha256 };
    return core.ChainVerifier.start(this.#owner.bundle.account, entry, key, head);
  }

  async #walk(
    chain: core.ChainVerifier,
    device: string,
    until: number,
    each: (seq: number, batch: core.Batch | core.VoidBatch | core.Restart) => Promise<void>,
  ): Promise<void> {
    while (chain.head.seq < until) {
      const { entries } = await get<{ entries: Signed[] }>(`/api/journal/${device}?after=${chain.head.seq}`);
      if (!entries.length) return;
      for (const { seq, body, signature } of entries) {
        await each(seq, await chain.add(seq, core.b64decode(body), signature));
        this.#told(++this.#done, this.#of);
        if (seq >= until) return;
      }
    }
  }
}
