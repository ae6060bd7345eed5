/** What the extension remembers, and what its pages show of it. */

/** Told: the agent has it. Resting: nothing in front that may be told. Missing, refused: nobody takes it. Forbidden: the browser lets us not ask. */
export type State = "told" | "resting" | "private" | "missing" | "refused" | "forbidden";

/** What was told last; in memory only, until the browser ends. */
export interface Told {
  url: string;
  title: string;
  audible: boolean;
}

export interface Memory {
  state: State;
  /** Where the agent answered last, 0 when it did not. */
  port: number;
  /** What is in front since it was told, and when it was told last. */
  told: Told | null;
  at: number;
}

export const HOST = "http://127.0.0.1/*";
export const LOOK = "look";

export async function remembered(): Promise<Memory> {
  const { memory } = await chrome.storage.session.get<{ memory?: Memory }>("memory");
  return memory ?? { state: "resting", port: 0, told: null, at: 0 };
}

export async function remember(memory: Memory): Promise<void> {
  await chrome.storage.session.set({ memory });
}

/** The port that the person named, 0 when the extension looks for the agent itself. */
export async function namedPort(): Promise<number> {
  const { port } = await chrome.storage.local.get<{ port?: number }>("port");
  return port ?? 0;
}
