/** Who belongs to the account: every rule of a roster in one class without I/O (spec 3.3, 6). */
import type { MemberBundle, RosterHead } from "./bundle.ts";
import { fromUtf8, sha256, utf8 } from "./encoding.ts";
import { sameJson } from "./equal.ts";
import { orElse, ReteamzError } from "./errors.ts";
import { between, count, hash, hashOrEmpty, id, listOf, nullOr, oneOf, shape, strictParse, text } from "./json.ts";
import { signJws, verifyJws } from "./jws.ts";
import {
  okpPublic,
  okpSigner,
  okpVerifier,
  type PrivateOkp,
  type PublicOkp,
  type PublicRsa,
  publicRsa,
  type RsaAlgorithm,
  thumbprint,
} from "./keys.ts";

export type Mode = "plain" | "encrypted";
export type Role = "owner" | "manager" | "employee";
export type Right = "settings" | "ratings" | "sealed" | "backup";
export type Head = { seq: number; sha256: string };

/** A member of the account (spec 6.2); `added` in milliseconds, keys as thumbprints. */
export type MemberEntry = {
  id: string;
  state: "active" | "removed";
  role: Role;
  rights: Right[];
  departments: string[];
  added: number;
  identity: string;
  settings: string;
  exchange: string;
  alg: RsaAlgorithm;
};

/** A device of the account (spec 6.3). */
export type DeviceEntry = {
  id: string;
  state: "confirmed" | "removed";
  added: number;
  signing: string;
  exchange: string;
  alg: RsaAlgorithm;
  last: Head | null;
};

export type DeviceList = { v: 1; account: string; version: number; devices: DeviceEntry[] };

export type Roster = {
  v: 1;
  account: string;
  version: number;
  prev: string;
  issued: number;
  mode: Mode;
  epoch: number;
  sealing: PublicRsa | null;
  members: MemberEntry[];
  devices: { sha256: string; count: number };
};

const rsaAlgorithm = oneOf("RSA-OAEP-256", "RSA-OAEP");
const version = between(1, Number.MAX_SAFE_INTEGER);
export const headShape = shape({ seq: count, sha256: hashOrEmpty });
const memberShape = shape({
  id,
  state: oneOf("active", "removed"),
  role: oneOf("owner", "manager", "employee"),
  rights: listOf(oneOf("settings", "ratings", "sealed", "backup")),
  departments: listOf(text),
  added: count,
  identity: hash,
  settings: hash,
  exchange: hash,
  alg: rsaAlgorithm,
});
const rosterShape = shape({
  v: oneOf(1),
  account: id,
  version,
  prev: hashOrEmpty,
  issued: count,
  mode: oneOf("plain", "encrypted"),
  epoch: between(0, 65_535),
  sealing: nullOr(publicRsa),
  members: listOf(memberShape),
  devices: shape({ sha256: hash, count }),
});
const deviceShape = shape({
  id,
  state: oneOf("confirmed", "removed"),
  added: count,
  signing: hash,
  exchange: hash,
  alg: rsaAlgorithm,
  last: nullOr(headShape),
});
const devicesShape = shape({ v: oneOf(1), account: id, version, devices: listOf(deviceShape) });

/** A verified roster with its device list; the next one must follow from it. */
export class TrustedRoster {
  readonly roster: Roster;
  readonly devices: DeviceList;
  readonly head: RosterHead;
  readonly #owner: PublicOkp;

  private constructor(owner: PublicOkp, roster: Roster, devices: DeviceList, head: RosterHead) {
    this.#owner = owner;
    this.roster = roster;
    this.devices = devices;
    this.head = head;
  }

  /**
   * Accept the roster that a bundle vouches for (spec 3.3, 6.6).
   *
   * `pinned` is the thumbprint of the owner's identity key out of the bundle, `mark` the least roster out of it; `jws` has version
   * `mark.version` or, when that is 0, version 1. Raises `owner_mismatch`, `header_refused`, `signature_invalid`, `roster_refused`,
   * `roster_rollback`, `roster_gap`, `roster_fork`.
   */
  static async first(
    account: string,
    owner: PublicOkp,
    pinned: string,
    mark: RosterHead,
    jws: string,
    devicesText: string,
  ): Promise<TrustedRoster> {
    if ((await thumbprint(owner)) !== pinned)
      throw new ReteamzError("owner_mismatch", "The server names another owner; do not trust this server.");
    const trusted = await TrustedRoster.#opened(account, owner, jws, devicesText);
    const least = Math.max(mark.version, 1);
    if (trusted.head.version < least) throw rollback();
    if (trusted.head.version > least) throw gap();
    if (mark.version && trusted.head.sha256 !== mark.sha256) throw fork();
    if (trusted.head.version === 1 && trusted.roster.prev) throw refused("The first roster names one before it");
    return trusted;
  }

  static async #opened(account: string, owner: PublicOkp, jws: string, devicesText: string): Promise<TrustedRoster> {
    const payload = await verifyJws(await okpVerifier(owner), "reteamz-roster+1", jws);
    const [roster, devices] = await orElse(
      async () =>
        [
          strictParse<Roster>(fromUtf8(payload), rosterShape),
          strictParse<DeviceList>(devicesText, devicesShape),
        ] as const,
      () => refused("A roster is not of the agreed form"),
    );
    const head = { version: roster.version, sha256: await sha256(utf8(jws)) };
    const trusted = new TrustedRoster(owner, roster, devices, head);
    await trusted.#requireWhole(account, devicesText);
    return trusted;
  }

  /** What one roster must be by itself (spec 6.1-6.3). */
  async #requireWhole(account: string, devicesText: string): Promise<void> {
    const { roster, devices } = this;
    if (roster.account !== account || devices.account !== account) throw refused("The roster is another account's");
    if (devices.version !== roster.version || (await sha256(utf8(devicesText))) !== roster.devices.sha256)
      throw refused("The device list is not the one that the roster names");
    if (devices.devices.length !== roster.devices.count)
      throw refused("The device list is not as long as the roster says");
    const encrypted = roster.mode === "encrypted";
    if (encrypted !== roster.epoch > 0 || encrypted !== (roster.sealing !== null))
      throw refused("Mode, epoch and sealing key of the roster do not fit together");
    for (const entries of [roster.members, devices.devices])
      if (new Set(entries.map((entry) => entry.id)).size !== entries.length)
        throw refused("The roster names somebody twice");
    const owners = roster.members.filter((member) => member.role === "owner" && member.state === "active");
    if (owners.length !== 1 || owners[0]?.identity !== (await thumbprint(this.#owner)))
      throw refused("The roster does not have exactly one owner, the one who signed it");
  }

  /** The next version, or itself for the same one again (spec 6.4, 6.5). Raises `roster_rollback`, `roster_fork`, `roster_gap`, `roster_refused`. */
  async update(jws: string, devicesText: string): Promise<TrustedRoster> {
    const next = await TrustedRoster.#opened(this.roster.account, this.#owner, jws, devicesText);
    if (next.head.version < this.head.version) throw rollback();
    if (next.head.version === this.head.version) {
      if (next.head.sha256 !== this.head.sha256) throw fork();
      return this;
    }
    if (next.head.version > this.head.version + 1) throw gap();
    if (next.roster.prev !== this.head.sha256) throw fork();
    this.#requireSuccession(next);
    return next;
  }

  /** What may change from one version to the next (spec 6.5). */
  #requireSuccession(next: TrustedRoster): void {
    if (this.roster.mode === "encrypted" && next.roster.mode === "plain")
      throw refused("Encryption cannot be switched off");
    if (next.roster.epoch < this.roster.epoch) throw refused("The epoch fell");
    if (next.roster.epoch === this.roster.epoch && !sameJson(next.roster.sealing, this.roster.sealing))
      throw refused("The sealing key changed within an epoch");
    const members = new Map(next.roster.members.map((member) => [member.id, member]));
    for (const old of this.roster.members) {
      const entry = members.get(old.id);
      if (!entry || !sameJson(memberKeys(entry), memberKeys(old)))
        throw refused("A member disappeared or changed keys");
      if (old.state === "removed" && entry.state !== "removed") throw refused("A removed member came back");
      if ((old.role === "owner") !== (entry.role === "owner")) throw refused("The owner changed");
    }
    const devices = new Map(next.devices.devices.map((device) => [device.id, device]));
    for (const known of this.devices.devices) {
      const device = devices.get(known.id);
      if (!device || !sameJson(deviceKeys(device), deviceKeys(known)))
        throw refused("A device disappeared or changed keys");
      if (known.state === "removed" && device.state !== "removed") throw refused("A removed device came back");
    }
  }

  /** Require a roster that somebody else knew, such as the one in a signed batch, not to be newer or another (spec 6.7). */
  requireSeen(head: RosterHead): void {
    if (head.version > this.head.version) throw rollback();
    if (head.version === this.head.version && head.sha256 !== this.head.sha256) throw fork();
  }

  /** The active member of this id. */
  member(member: string): MemberEntry | undefined {
    return this.roster.members.find((entry) => entry.id === member && entry.state === "active");
  }

  /** Thumbprints of the settings keys that may sign policies and rules (spec 8.1, 12.6). */
  signers(): string[] {
    const active = this.roster.members.filter((member) => member.state === "active");
    return active.filter((member) => member.rights.includes("settings")).map((member) => member.settings);
  }

  /** Thumbprints of the settings keys of removed members that had the right: what they signed last is shown to be signed again (spec 16.7). */
  formerSigners(): string[] {
    const removed = this.roster.members.filter((member) => member.state === "removed");
    return removed.filter((member) => member.rights.includes("settings")).map((member) => member.settings);
  }

  /** The device of this id, removed or not. */
  device(device: string): DeviceEntry | undefined {
    return this.devices.devices.find((entry) => entry.id === device);
  }

  /** Require the keys of an opened bundle to be the ones that the roster names (spec 3.3). Raises `bundle_mismatch`. */
  async requireBundle(bundle: MemberBundle): Promise<void> {
    const entry = this.member(bundle.member);
    const keys = await Promise.all([bundle.identity, bundle.settings, bundle.exchange].map(thumbprint));
    if (!entry || !sameJson(memberKeys(entry).slice(0, 3), keys))
      throw new ReteamzError("bundle_mismatch", "The server sent the keys of somebody else; do not trust this server.");
    const { epoch, sealing } = this.roster;
    const current = bundle.keyring[epoch];
    const opens = entry.role === "owner" || entry.rights.includes("sealed");
    const wrong = current?.sealing && current.sealing.n !== sealing?.n;
    if (epoch && (!current || wrong || (opens && !current.sealing)))
      throw new ReteamzError(
        "bundle_mismatch",
        "The server sent keys older than its roster; do not trust this server.",
      );
  }
}

export type NextRoster = {
  issued: number;
  mode: Mode;
  epoch: number;
  sealing: PublicRsa | null;
  members: MemberEntry[];
  devices: DeviceEntry[];
};

/** The next roster as JWS and its device list as text (spec 6.1, 6.3); `issued` in milliseconds. */
export async function signRoster(
  identity: PrivateOkp,
  account: string,
  previous: RosterHead | null,
  next: NextRoster,
): Promise<{ roster: string; devices: string }> {
  const version = (previous?.version ?? 0) + 1;
  const list: DeviceList = { v: 1, account, version, devices: next.devices };
  const devices = JSON.stringify(list);
  const roster: Roster = {
    v: 1,
    account,
    version,
    prev: previous?.sha256 ?? "",
    issued: next.issued,
    mode: next.mode,
    epoch: next.epoch,
    sealing: next.sealing,
    members: next.members,
    devices: { sha256: await sha256(utf8(devices)), count: next.devices.length },
  };
  return { roster: await signJws(await okpSigner(identity), "reteamz-roster+1", roster), devices };
}

/** The owner's entry at sign-up (spec 6.2); `added` in milliseconds. */
export async function ownerEntry(bundle: MemberBundle, added: number): Promise<MemberEntry> {
  return {
    id: bundle.member,
    state: "active",
    role: "owner",
    rights: ["settings", "ratings", "sealed", "backup"],
    departments: [],
    added,
    identity: await thumbprint(okpPublic(bundle.identity)),
    settings: await thumbprint(okpPublic(bundle.settings)),
    exchange: await thumbprint(bundle.exchange),
    alg: bundle.exchange.alg,
  };
}

/** The entry of a device that is being confirmed (spec 6.3); `added` in milliseconds. */
export async function deviceEntry(
  id: string,
  signing: PublicOkp,
  exchange: PublicRsa,
  added: number,
): Promise<DeviceEntry> {
  return {
    id,
    state: "confirmed",
    added,
    signing: await thumbprint(signing),
    exchange: await thumbprint(exchange),
    alg: exchange.alg,
    last: null,
  };
}

function memberKeys(entry: MemberEntry): string[] {
  return [entry.identity, entry.settings, entry.exchange, entry.alg];
}

function deviceKeys(entry: DeviceEntry): string[] {
  return [entry.signing, entry.exchange, entry.alg];
}

function refused(reason: string): ReteamzError {
  return new ReteamzError("roster_refused", `${reason}; do not trust this server.`);
}

function rollback(): ReteamzError {
  return new ReteamzError("roster_rollback", "The server sent an older roster than it had; do not trust this server.");
}

function fork(): ReteamzError {
  return new ReteamzError("roster_fork", "The server shows two histories of the account; do not trust this server.");
}

function gap(): ReteamzError {
  return new ReteamzError(
    "roster_gap",
    "The server left out a version of the roster; reload, then do not trust this server.",
  );
}
