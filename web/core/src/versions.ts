/** Which version of what is signed as a whole is believed after which: rules (spec 12.6) and policies (spec 16.6, 16.7). */
import { type Code, ReteamzError } from "./errors.ts";

/** Number and hash of a version; 0 and "" for none. */
export type VersionHead = { version: number; sha256: string };

/** How many versions ahead of what an end knows it opens what a removed member signed: no number is used up by one lie. */
const ORPHANS_MOST = 1_000;

/** What is signed in versions: its plural word, and its codes. */
export class VersionedKind {
  constructor(
    readonly word: string,
    readonly refused: Code,
    readonly rollback: Code,
    readonly fork: Code,
  ) {}

  /**
   * Require a version not to contradict the one that is known; those between may be missing, as each says everything. `prev` is the hash
   * that it names of the one before it. Raises `rollback` for an older one, `fork` for another of the same number or one that does not follow.
   */
  requireFollowing(known: VersionHead, head: VersionHead, prev: string): void {
    if (head.version < known.version)
      throw new ReteamzError(
        this.rollback,
        `The server sent older ${this.word} than it had; do not trust this server.`,
      );
    const again = head.version === known.version && head.sha256 !== known.sha256;
    if (again || (known.version && head.version === known.version + 1 && prev !== known.sha256))
      throw new ReteamzError(
        this.fork,
        `The server shows two histories of the ${this.word}; do not trust this server.`,
      );
  }

  /**
   * Whether whoever signed a version may not sign any more: it is shown, to be signed again, followed by nobody, and remembered by nobody.
   * `signer` and `signers` are thumbprints; `ahead` is by how many versions it is ahead of the last that was remembered. Raises `refused`
   * when that is too many.
   */
  isOrphan(signer: string, signers: string[], ahead: number): boolean {
    const orphan = !signers.includes(signer);
    if (orphan && ahead > ORPHANS_MOST)
      throw new ReteamzError(
        this.refused,
        `Somebody who was removed signed far later ${this.word}; do not trust this server.`,
      );
    return orphan;
  }
}
