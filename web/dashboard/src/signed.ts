/** Single batches, each verified by itself: what a page shows of them is what a computer signed (spec 5.5, 17.4). */
import * as core from "@reteamz/core";
import { ReteamzError } from "@reteamz/core";
import { get } from "./api.ts";
import { fetchRoster } from "./rosters.ts";
import { type OpenKeys, trustOf } from "./vault.ts";

export class SignedBatches {
  readonly #account: string;
  readonly #keys: OpenKeys;
  readonly #path: string;
  readonly #verify: typeof core.verifySigned;
  readonly #batches = new Map<string, Promise<core.Batch>>();
  #trusted: Promise<core.TrustedRoster> | null = null;

  /** `path` is where the server gives such batches, `verify` what they must pass. */
  constructor(
    account: string,
    keys: OpenKeys,
    path: "/api/records" | "/api/notices",
    verify: typeof core.verifySigned,
  ) {
    this.#account = account;
    this.#keys = keys;
    this.#path = path;
    this.#verify = verify;
  }

  /** The batch of a number, verified once in the life of a page. Raises `batch_missing`, `batch_forged`, and those of a refused roster. */
  batch(device: string, seq: number): Promise<core.Batch> {
    const name = `${device} ${seq}`;
    const known = this.#batches.get(name);
    if (known) return known;
    const verifying = this.#verified(device, seq);
    this.#batches.set(name, verifying);
    verifying.catch(() => this.#batches.delete(name));
    return verifying;
  }

  async #verified(device: string, seq: number): Promise<core.Batch> {
    type Proof = { seq: number; body: string; signature: string; signing: core.PublicOkp };
    const proof = await get<Proof>(`${this.#path}/${device}/${seq}`).catch((error: unknown) => {
      const hidden = error instanceof ReteamzError && error.code === "not_found";
      throw hidden ? new ReteamzError("batch_missing", "The batch that says this is not shown.") : error;
    });
    // What the owner encrypted afterwards has no signature of its own; the whole journal has the owner's (spec 13.4).
    if (!proof.signature)
      throw new ReteamzError("batch_missing", "From before encryption: verify the log to check it.");
    let trusted = await this.#roster();
    if (!trusted.device(device)) trusted = await this.#roster(true);
    const entry = trusted.device(device);
    if (!entry) throw new ReteamzError("batch_forged", "No computer that you confirmed said this.");
    const signed = { seq, body: core.b64decode(proof.body), signature: proof.signature, signing: proof.signing };
    const batch = await this.#verify(this.#account, entry, signed);
    // A batch may name a roster that was signed since the page came (spec 6.7).
    if (batch.roster && batch.roster.version > trusted.head.version) trusted = await this.#roster(true);
    if (batch.roster) trusted.requireSeen(batch.roster);
    return batch;
  }

  #roster(again = false): Promise<core.TrustedRoster> {
    if (!this.#trusted || again)
      this.#trusted = trustOf(this.#account).then((seen) =>
        fetchRoster(this.#account, this.#keys.owner, seen?.roster ?? { version: 0, sha256: "" }),
      );
    return this.#trusted;
  }
}
