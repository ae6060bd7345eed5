/** The ceremonies: what an owner does with open keys; they leave memory when the ceremony ends. */
import * as core from "@reteamz/core";
import { ReteamzError } from "@reteamz/core";
import { get, post } from "./api.ts";
import type { Told } from "./history.ts";
import { OpenMember } from "./member.ts";
import type { DeviceKeysView, Keys, MemberView } from "./types.ts";
import { remember } from "./vault.ts";

/** What the owner offers somebody: `person` is the dictionary id of an employee, `label` how colleagues see a manager. */
export type Offer = Pick<core.Invitation, "role" | "rights" | "departments" | "person"> & { label: string | null };

export type SignUp = { email: string; password: string; company: string; encrypted: boolean; timezone: string };

/** An owner with the account's keys open. Every change is signed here and stored whole. */
export class Owner extends OpenMember {
  /** Make all keys here and a new account on the server. */
  static async signUp(wish: SignUp): Promise<Owner> {
    const kdf = core.newKdf();
    const stretched = await core.stretch(wish.password, kdf);
    let bundle = await core.newBundle(core.newId(), core.newId());
    const epoch = wish.encrypted ? 1 : 0;
    if (epoch) bundle = { ...bundle, keyring: { 1: await core.newEpoch() } };
    const now = Date.now();
    const { roster, devices } = await core.signRoster(bundle.identity, bundle.account, null, {
      issued: now,
      mode: wish.encrypted ? "encrypted" : "plain",
      epoch,
      sealing: sealingOf(bundle, epoch),
      members: [await core.ownerEntry(bundle, now)],
      devices: [],
    });
    const identity = core.okpPublic(bundle.identity);
    const none = { version: 0, sha256: "" };
    const trusted = await core.TrustedRoster.first(bundle.account, identity, bundle.owner, none, roster, devices);
    bundle = { ...bundle, roster: trusted.head };
    const wrap = await core.wrapKey(stretched);
    const text = await core.sealBundle(bundle, wrap, kdf);
    const owner = new Owner(bundle, trusted, wrap, kdf, text);
    await post("/api/signup", {
      email: wish.email,
      account: bundle.account,
      member: bundle.member,
      mode: trusted.roster.mode,
      timezone: wish.timezone,
      company: await owner.entry("label", wish.company),
      kdf,
      auth: core.b64encode(await core.authKey(stretched)),
      bundle: text,
      identity,
      settings: core.okpPublic(bundle.settings),
      exchange: core.rsaPublic(bundle.exchange),
      roster,
      devices,
    });
    await remember(wish.email, { roster: none, iterations: kdf.iterations });
    await owner.settle();
    return owner;
  }

  /** Make epoch 1 and encrypt from now on. Confirmed computers and members get their grants, names of before their tokens. */
  async enableEncryption(told?: Told): Promise<void> {
    if (this.epoch) throw new ReteamzError("input_invalid", "Encryption is enabled already.");
    const bundle = { ...this.bundle, keyring: { 1: await core.newEpoch() } };
    const listed = this.trusted.devices.devices;
    const { members } = this.trusted.roster;
    const granted = await this.#others(members);
    await this.#publish(bundle, "encrypted", 1, { members, devices: listed }, [], granted);
    await this.joinNames(told);
  }

  /** Make a ticket and the code for computers that redeem it. */
  async enrolmentCode(uses: number, lifetimeMs: number): Promise<string> {
    const ticket = core.newId();
    const expires = Date.now() + lifetimeMs;
    await post("/api/tickets", { ticket, type: "device", expires, uses });
    return this.#code("device", ticket, expires, uses);
  }

  async #code(type: core.TicketType, ticket: string, expires: number, uses: number): Promise<string> {
    return core.encodeCode({
      type,
      mode: this.trusted.roster.mode,
      account: this.bundle.account,
      owner: await core.fingerprintOf(this.bundle.owner),
      ticket,
      expires,
      uses,
      secret: await core.ticketSecret(core.b64decode(this.bundle.enrol), ticket, type, expires, uses),
      server: location.origin,
    });
  }

  /** Sign an invitation; its code reaches the invited one past the server (spec 14.1). */
  async invite({ role, rights, departments, person, label }: Offer, lifetimeMs: number): Promise<string> {
    const ticket = core.newId();
    const expires = Date.now() + lifetimeMs;
    const { account, identity } = this.bundle;
    const invitation = await core.signInvitation(identity, {
      v: 1,
      account,
      ticket,
      role,
      rights,
      departments,
      person,
    });
    const named = label === null ? null : await this.entry("label", label);
    await post("/api/invitations", { ticket, expires, invitation, label: named });
    return this.#code("member", ticket, expires, 1);
  }

  /** The roster's entry of somebody who waits, if their keys were made where the invitation was used (spec 14.4). */
  async verifyMember(member: MemberView): Promise<core.MemberEntry> {
    if (!member.ticket)
      throw new ReteamzError("enrolment_forged", "This invitation was withdrawn; refuse whoever used it.");
    const ticket = { ...member.ticket, redemptions: member.redemption };
    const { account, enrol, identity } = this.bundle;
    const made = { account, member: member.id, join: member.join, redeemed: member.joined };
    const join = await core.checkJoin(core.b64decode(enrol), ticket, made);
    const offer = await core.readInvitation(core.okpPublic(identity), account, ticket.id, member.invitation);
    return core.memberEntry(join, offer, Date.now());
  }

  /** Take in members whose code proves their keys, and grant them the keyring (spec 14.4, 14.5). */
  async welcome(waiting: MemberView[]): Promise<void> {
    const entries = await Promise.all(waiting.map((member) => this.verifyMember(member)));
    const { mode, epoch, members } = this.trusted.roster;
    const { devices } = this.trusted.devices;
    await this.#publish(this.bundle, mode, epoch, { members: [...members, ...entries], devices }, [], waiting);
  }

  /** Remove a member; the server ends their sessions. What they saw cannot be taken back (spec 14.7). */
  async removeMember(id: string): Promise<void> {
    const entry = this.trusted.member(id);
    if (!entry || entry.role === "owner")
      throw new ReteamzError("not_found", "There is no such member; load the page again.");
    const { mode, epoch, members } = this.trusted.roster;
    const left = members.map((one) => (one.id === id ? { ...one, state: "removed" as const } : one));
    await this.#publish(this.bundle, mode, epoch, { members: left, devices: this.trusted.devices.devices }, [], []);
  }

  /** The active members besides the owner, for grants. */
  async #others(members: core.MemberEntry[]): Promise<MemberView[]> {
    const wanted = members.filter((entry) => entry.state === "active" && entry.role !== "owner");
    if (!wanted.length) return [];
    const told = new Map((await get<MemberView[]>("/api/members")).map((member) => [member.id, member]));
    return wanted.map(({ id }) => {
      const member = told.get(id);
      if (!member) throw new ReteamzError("roster_refused", "The server hides a member; do not trust this server.");
      return member;
    });
  }

  /** Everyone's public keys as the server says; nothing is believed yet. */
  keys(): Promise<Keys> {
    return get<Keys>("/api/keys");
  }

  async waiting(): Promise<DeviceKeysView[]> {
    return (await this.keys()).devices.filter((device) => device.state === "waiting");
  }

  /** Require the device's keys to have been made where the code was used (spec 7.4). */
  async verify(device: DeviceKeysView): Promise<void> {
    if (!device.ticket)
      throw new ReteamzError("ticket_unknown", "The code of this computer is gone; compare its fingerprint instead.");
    const ticket = { ...device.ticket, redemptions: device.redemption };
    await core.checkMac(core.b64decode(this.bundle.enrol), ticket, {
      account: this.bundle.account,
      signing: await core.thumbprint(device.signing),
      exchange: await core.thumbprint(device.exchange),
      mac: device.mac,
      redeemed: device.redeemed,
    });
  }

  /** Confirm computers whose code proves their keys, or whose fingerprint was compared; grant them the current epoch. */
  async confirm(devices: DeviceKeysView[], compared: ReadonlySet<string> = new Set()): Promise<void> {
    for (const device of devices) if (!compared.has(device.id)) await this.verify(device);
    const now = Date.now();
    const entries = devices.map((device) => core.deviceEntry(device.id, device.signing, device.exchange, now));
    const listed = [...this.trusted.devices.devices, ...(await Promise.all(entries))];
    const { mode, members } = this.trusted.roster;
    await this.#publish(this.bundle, mode, this.epoch, { members, devices: listed }, devices, []);
  }

  /** The keys of the computers that a roster confirms. Raises `roster_refused` when the server hides one. */
  async #confirmed(trusted: core.TrustedRoster): Promise<DeviceKeysView[]> {
    const listed = trusted.devices.devices.filter((entry) => entry.state === "confirmed");
    const told = new Map((await this.keys()).devices.map((device) => [device.id, device]));
    return listed.map(({ id }) => {
      const device = told.get(id);
      if (!device)
        throw new ReteamzError("roster_refused", "The server hides a confirmed computer; do not trust this server.");
      return device;
    });
  }

  /**
   * Sign the next roster and grants to computers and members; store roster, bundle and grants together. All computers get a grant when
   * what is in theirs changes: the epoch, or who may sign rules and policies (spec 8.5).
   */
  async #publish(
    keys: core.MemberBundle,
    mode: core.Mode,
    epoch: number,
    who: Pick<core.NextRoster, "members" | "devices">,
    computers: DeviceKeysView[],
    granted: MemberView[],
  ): Promise<void> {
    const next = { issued: Date.now(), mode, epoch, sealing: sealingOf(keys, epoch), ...who };
    const { roster, devices } = await core.signRoster(keys.identity, keys.account, this.trusted.head, next);
    const trusted = await this.trusted.update(roster, devices);
    const bundle = { ...keys, roster: trusted.head };
    const text = await core.sealBundle(bundle, this.wrap, this.kdf);
    const everyone = epoch !== this.epoch || !sameSet(trusted.signers(), this.trusted.signers());
    const grants = epoch
      ? await Promise.all([
          ...(everyone ? await this.#confirmed(trusted) : computers).map((device) => grantTo(device, bundle, trusted)),
          ...granted.map((member) => keyringTo(member, bundle, trusted)),
        ])
      : [];
    const base = await core.sha256(core.utf8(this.text));
    await post("/api/rosters", { roster, devices, bundle: text, base, grants });
    this.bundle = bundle;
    this.trusted = trusted;
    this.text = text;
    await this.settle();
  }
}

function sameSet(some: string[], others: string[]): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}

function sealingOf(bundle: core.MemberBundle, epoch: number): core.PublicRsa | null {
  const sealing = bundle.keyring[epoch]?.sealing;
  return sealing ? core.rsaPublic(sealing) : null;
}

type GrantPost = { recipient: string; grant: string };

async function grantTo(
  device: DeviceKeysView,
  bundle: core.MemberBundle,
  trusted: core.TrustedRoster,
): Promise<GrantPost> {
  const entry = trusted.device(device.id);
  const signing = await core.thumbprint(device.signing);
  const recipient = await core.thumbprint(device.exchange);
  const keys = bundle.keyring[trusted.roster.epoch];
  if (!keys?.sealing || entry?.signing !== signing || entry.exchange !== recipient)
    throw new ReteamzError("enrolment_forged", "The server names another key for a device; do not trust this server.");
  const to = granting(device.exchange, device.seq, bundle, trusted);
  return { recipient, grant: await core.signAgentGrant(bundle.identity, to, keys.master, keys.sealing) };
}

async function keyringTo(
  member: MemberView,
  bundle: core.MemberBundle,
  trusted: core.TrustedRoster,
): Promise<GrantPost> {
  const entry = trusted.member(member.id);
  const recipient = await core.thumbprint(member.exchange);
  if (entry?.exchange !== recipient)
    throw new ReteamzError("enrolment_forged", "The server names another key for a member; do not trust this server.");
  const to = granting(member.exchange, member.seq, bundle, trusted);
  const sealed = entry.rights.includes("sealed");
  return { recipient, grant: await core.signMemberGrant(bundle.identity, to, bundle.keyring, sealed) };
}

/** Whom a grant is for, after the last one that they got, and whose policies and rules count. */
function granting(
  recipient: core.PublicRsa,
  seq: number,
  bundle: core.MemberBundle,
  trusted: core.TrustedRoster,
): core.Granting {
  const { account } = bundle;
  const { epoch } = trusted.roster;
  return { account, recipient, roster: trusted.head, epoch, seq: seq + 1, signers: trusted.signers() };
}
