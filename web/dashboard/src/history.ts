/** Names from before encryption was enabled: every one is joined with its token (spec 13.1). */
import { TokenCipher } from "@reteamz/core";
import { get, post } from "./api.ts";
import { show } from "./dom.ts";
import type { OpenKeys } from "./vault.ts";

export type ReadableNames = { left: number; entries: { id: number; text: string }[]; labels: string[] };
/** Told how much of the work is done. */
export type Told = (done: number, of: number) => void;

/** Say in a line of the page how far the joining is. */
export function tellJoining(line: HTMLElement): Told {
  return (done, of) =>
    show(
      line,
      of > done ? `${of - done} names from before encryption still have two entries; this browser joins them.` : "",
    );
}

/** What makes tokens of the current epoch, null in a plain account. */
export function cipherOf(keys: OpenKeys): TokenCipher | null {
  const newest = keys.tokens.find((key) => key.epoch === keys.epoch);
  return newest ? new TokenCipher(newest) : null;
}

/** Join what has an entry in the clear only. Whatever interrupts it, the next call goes on. Returns how many there were. */
export async function joinNames(cipher: TokenCipher, told: Told = () => {}): Promise<number> {
  let after = 0;
  let done = 0;
  for (;;) {
    const { left, entries, labels } = await get<ReadableNames>(`/api/history/names?after=${after}`);
    told(done, entries.length || labels.length ? done + left : done);
    if (!entries.length && !labels.length) return done;
    const names = entries.map(async ({ id, text }) => [id, await cipher.tokenOf(text)]);
    const named = labels.map(async (text) => [text, await cipher.tokenOf(text)]);
    await post("/api/history/names", { names: await Promise.all(names), labels: await Promise.all(named) });
    done += entries.length + labels.length;
    after = entries.at(-1)?.id ?? after;
  }
}
