/**
 * What this browser keeps: keys while unlocked, none of them readable by script, and what it must never forget.
 *
 * `open` holds token keys, sealing keys that decrypt only, and the settings key; never the wrap key, identity or exchange key
 * (cryptography page, "Keys"). `trust` survives locking and logging out: highest roster and iterations of every account seen here.
 */
import type { PolicyHead, RosterHead, RulesHead, SealingKey, TokenKeys } from "@reteamz/core";

export type OpenKeys = {
  account: string;
  member: string;
  /** Thumbprint of the owner's identity key. */
  owner: string;
  /** Owner's fingerprint as people read it. */
  fingerprint: string;
  /** Current epoch, 0 in a plain account. */
  epoch: number;
  tokens: TokenKeys[];
  sealing: SealingKey[];
  settings: CryptoKey;
};

export type Trust = { roster: RosterHead; iterations: number; prune?: RosterHead };

const KEYS = "open";
const TRUST = "trust";
const CURRENT = "keys";

function database(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("reteamz", 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(KEYS);
      opening.result.createObjectStore(TRUST);
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

async function within<T>(
  store: string,
  mode: IDBTransactionMode,
  work: (it: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const found = await database();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = found.transaction(store, mode);
      const request = work(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    found.close();
  }
}

/** The open keys of this account, null while locked. */
export async function openKeys(account: string): Promise<OpenKeys | null> {
  const keys = await within<OpenKeys | undefined>(KEYS, "readonly", (store) => store.get(CURRENT));
  return keys?.account === account ? keys : null;
}

export async function keepKeys(keys: OpenKeys): Promise<void> {
  await within(KEYS, "readwrite", (store) => store.put(keys, CURRENT));
}

/** Forget every key. */
export async function forgetKeys(): Promise<void> {
  await within(KEYS, "readwrite", (store) => store.clear());
}

/** What was seen of an account, or of an e-mail address before the account is known. */
export function trustOf(who: string): Promise<Trust | undefined> {
  return within<Trust | undefined>(TRUST, "readonly", (store) => store.get(who.toLowerCase()));
}

/** Remember the highest roster, number of iterations and prune. */
export async function remember(who: string, seen: Trust): Promise<void> {
  const before = await trustOf(who);
  const roster = before && before.roster.version > seen.roster.version ? before.roster : seen.roster;
  const iterations = Math.max(before?.iterations ?? 0, seen.iterations);
  const prunes = [before?.prune, seen.prune].filter((head) => head !== undefined);
  const prune = prunes.sort((one, other) => other.version - one.version)[0];
  const kept: Trust = prune ? { roster, iterations, prune } : { roster, iterations };
  await within(TRUST, "readwrite", (store) => store.put(kept, who.toLowerCase()));
}

/** The highest rule set that this browser saw of an account. */
export function rulesSeen(account: string): Promise<RulesHead | undefined> {
  return within<RulesHead | undefined>(TRUST, "readonly", (store) => store.get(`rules ${account}`));
}

/** Remember it. */
export async function rememberRules(account: string, head: RulesHead): Promise<void> {
  await within(TRUST, "readwrite", (store) => store.put(head, `rules ${account}`));
}

/** The last policy that this browser believed. */
export function policySeen(account: string): Promise<PolicyHead | undefined> {
  return within<PolicyHead | undefined>(TRUST, "readonly", (store) => store.get(`policy ${account}`));
}

/** Remember it. */
export async function rememberPolicy(account: string, head: PolicyHead): Promise<void> {
  await within(TRUST, "readwrite", (store) => store.put(head, `policy ${account}`));
}
