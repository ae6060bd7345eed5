/** The ceremonies: what an owner does with open keys; they leave memory when the ceremony ends. */
import * as core from "@reteamz/core";
import { ReteamzError } from "@reteamz/core";
import { get, post, put } from "./api.ts";
import { joinNames, type Told } from "./history.ts";
import { fetchRoster } from "./rosters.ts";
import type { DeviceKeysView, Keys } from "./types.ts";
import { keepKeys, type OpenKeys, remember, trustOf } from "./vault.ts";

export type SignUp = { email: string; password: string; company: string; encrypted: boolean; timezone: string };

/** An owner with the account's keys open. Every change is signed here and stored whole. */
export class Owner {
  bundle: core.MemberBundle;
  trusted: core.TrustedRoster;
  #wrap: core.Bytes;
  #kdf: core.Kdf;
  #text: string;

  private constructor(
    bundle: core.MemberBundle,
    trusted: core.TrustedRoster,
    wrap: core.Bytes,
    kdf: core.Kdf,
    text: string,
  ) {
    this.bundle = bundle;
    this.trusted = trusted;
    this.#wrap = wrap;
    this.#kdf = kdf;
    this.#text = text;
  }

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
    await owner.#settle();
    return owner;
  }

  /** Log in and open the keys. Raises `totp_required`, `login_failed`, `kdf_refused`, and those of bundle and roster. */
  static async logIn(email: string, password: string, totp: string | null): Promise<Owner> {
    const seen = await trustOf(email);
    const { kdf } = await post<{ kdf: core.Kdf }>("/api/login/start", { email });
    const stretched = await core.stretch(password, kdf, seen?.iterations ?? 0);
    const auth = core.b64encode(await core.authKey(stretched));
    const who = await post<{ account: string; member: string }>("/api/login", { email, auth, totp });
    const owner = await Owner.#opened(who.account, who.member, stretched, kdf);
    await remember(email, { roster: { version: 0, sha256: "" }, iterations: kdf.iterations });
    return owner;
  }

  /** Open the keys of the session's member with the password. Raises `bundle_damaged` for a wrong one. */
  static async open(account: string, member: string, password: string): Promise<Owner> {
    const { bundle } = await get<{ bundle: string }>("/api/bundle");
    const { kdf } = core.bundleHeader(bundle);
    const stretched = await core.stretch(password, kdf, (await trustOf(account))?.iterations ?? 0);
    try {
      return await Owner.#opened(account, member, stretched, kdf);
    } catch (error) {
      if (error instanceof ReteamzError && error.code === "bundle_damaged")
        throw new ReteamzError("login_failed", "The password does not open your keys; check it.");
      throw error;
    }
  }

  static async #opened(account: string, member: string, stretched: core.Bytes, kdf: core.Kdf): Promise<Owner> {
    const { bundle: text } = await get<{ bundle: string }>("/api/bundle");
    const said = core.bundleHeader(text).kdf;
    if (said.salt !== kdf.salt || said.iterations !== kdf.iterations)
      throw new ReteamzError("bundle_mismatch", "The server sent keys of another password; do not trust this server.");
    const wrap = await core.wrapKey(stretched);
    const bundle = await core.openBundle(text, wrap, account, member);
    const seen = (await trustOf(account))?.roster ?? { version: 0, sha256: "" };
    if (seen.version === bundle.roster.version && seen.sha256 !== bundle.roster.sha256)
      throw new ReteamzError("roster_fork", "The server shows two histories of the account; do not trust this server.");
    const mark = seen.version > bundle.roster.version ? seen : bundle.roster;
    const trusted = await fetchRoster(account, bundle.owner, mark);
    await trusted.requireBundle(bundle);
    const owner = new Owner(bundle, trusted, wrap, kdf, text);
    await owner.#settle();
    return owner;
  }

  get epoch(): number {
    return this.trusted.roster.epoch;
  }

  /** What makes tokens of the current epoch, null in a plain account. */
  async cipher(): Promise<core.TokenCipher | null> {
    const keys = this.bundle.keyring[this.epoch];
    return keys ? new core.TokenCipher(await core.tokenKeys(core.b64decode(keys.master), this.epoch)) : null;
  }

  /** The token or plain entry of a name in this account. */
  async entry(field: core.Field, text: string): Promise<string> {
    return (await this.cipher())?.encrypt(field, text) ?? core.plainEntry(field, text);
  }

  /** Join names of before with their tokens, as far as an interruption left any; for the owner of an encrypted account. */
  async joinNames(told?: Told): Promise<void> {
    const cipher = await this.cipher();
    if (cipher && (await core.thumbprint(core.okpPublic(this.bundle.identity))) === this.bundle.owner)
      await joinNames(cipher, told);
  }

  /** Make epoch 1 and encrypt from now on. Confirmed computers get their grants, names of before their tokens. */
  async enableEncryption(told?: Told): Promise<void> {
    if (this.epoch) throw new ReteamzError("input_invalid", "Encryption is enabled already.");
    const bundle = { ...this.bundle, keyring: { 1: await core.newEpoch() } };
    const listed = this.trusted.devices.devices;
    const confirmed = new Set(listed.filter((entry) => entry.state === "confirmed").map((entry) => entry.id));
    const keys = (await this.keys()).devices.filter((device) => confirmed.has(device.id));
    if (keys.length !== confirmed.size)
      throw new ReteamzError("roster_refused", "The server hides a confirmed computer; do not trust this server.");
    await this.#publish(bundle, "encrypted", 1, listed, keys);
    await this.joinNames(told);
  }

  /** Make a ticket and the code for computers that redeem it. */
  async enrolmentCode(uses: number, lifetimeMs: number): Promise<string> {
    const ticket = core.newId();
    const expires = Date.now() + lifetimeMs;
    await post("/api/tickets", { ticket, type: "device", expires, uses });
    const secret = await core.ticketSecret(core.b64decode(this.bundle.enrol), ticket, "device", expires, uses);
    return core.encodeCode({
      type: "device",
      mode: this.trusted.roster.mode,
      account: this.bundle.account,
      owner: await core.ownerFingerprint(core.okpPublic(this.bundle.identity)),
      ticket,
      expires,
      uses,
      secret,
      server: location.origin,
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
    await this.#publish(this.bundle, this.trusted.roster.mode, this.epoch, listed, devices);
  }

  /** The recovery kit for a code of `newCode`. */
  kit(code: string): Promise<core.Kit> {
    return core.makeKit(this.bundle, code, location.origin);
  }

  /** Wrap the keys by a new password. Raises `login_failed` when the old one is wrong. */
  async changePassword(old: string, password: string): Promise<void> {
    const oldAuth = core.b64encode(await core.authKey(await core.stretch(old, this.#kdf)));
    const kdf = core.newKdf();
    const stretched = await core.stretch(password, kdf);
    const wrap = await core.wrapKey(stretched);
    const text = await core.sealBundle(this.bundle, wrap, kdf);
    await put("/api/bundle", {
      bundle: text,
      base: await core.sha256(core.utf8(this.#text)),
      kdf,
      auth: core.b64encode(await core.authKey(stretched)),
      old_auth: oldAuth,
    });
    this.#wrap = wrap;
    this.#kdf = kdf;
    this.#text = text;
    await this.#settle();
  }

  /** Sign the next roster and grants to `recipients`; store roster, bundle and grants together. */
  async #publish(
    keys: core.MemberBundle,
    mode: core.Mode,
    epoch: number,
    listed: core.DeviceEntry[],
    recipients: DeviceKeysView[],
  ): Promise<void> {
    const sealing = sealingOf(keys, epoch);
    const next = { issued: Date.now(), mode, epoch, sealing, members: this.trusted.roster.members, devices: listed };
    const { roster, devices } = await core.signRoster(keys.identity, keys.account, this.trusted.head, next);
    const trusted = await this.trusted.update(roster, devices);
    const bundle = { ...keys, roster: trusted.head };
    const text = await core.sealBundle(bundle, this.#wrap, this.#kdf);
    const grants = epoch ? await Promise.all(recipients.map((device) => grantTo(device, bundle, trusted))) : [];
    const base = await core.sha256(core.utf8(this.#text));
    await post("/api/rosters", { roster, devices, bundle: text, base, grants });
    this.bundle = bundle;
    this.trusted = trusted;
    this.#text = text;
    await this.#settle();
  }

  /** Keep what pages need and what must never be forgotten. */
  async #settle(): Promise<void> {
    const { account, member, owner, keyring, settings } = this.bundle;
    const epochs = Object.entries(keyring);
    const open: OpenKeys = {
      account,
      member,
      owner,
      fingerprint: core.showFingerprint(await core.ownerFingerprint(core.okpPublic(this.bundle.identity))),
      epoch: this.epoch,
      tokens: await Promise.all(epochs.map(([e, keys]) => core.tokenKeys(core.b64decode(keys.master), Number(e)))),
      sealing: await Promise.all(epochs.map(([e, keys]) => core.sealingKey(Number(e), keys.sealing))),
      settings: await core.okpSigner(settings),
    };
    await remember(account, { roster: this.trusted.head, iterations: this.#kdf.iterations });
    await keepKeys(open);
  }
}

function sealingOf(bundle: core.MemberBundle, epoch: number): core.PublicRsa | null {
  const keys = bundle.keyring[epoch];
  return keys ? core.rsaPublic(keys.sealing) : null;
}

async function grantTo(
  device: DeviceKeysView,
  bundle: core.MemberBundle,
  trusted: core.TrustedRoster,
): Promise<{ recipient: string; grant: string }> {
  const entry = trusted.device(device.id);
  const signing = await core.thumbprint(device.signing);
  const recipient = await core.thumbprint(device.exchange);
  const epoch = trusted.roster.epoch;
  const keys = bundle.keyring[epoch];
  if (!keys || entry?.signing !== signing || entry.exchange !== recipient)
    throw new ReteamzError("enrolment_forged", "The server names another key for a device; do not trust this server.");
  const to = {
    account: bundle.account,
    recipient: device.exchange,
    roster: trusted.head,
    epoch,
    seq: device.seq + 1,
    signers: trusted.signers(),
  };
  return { recipient, grant: await core.signAgentGrant(bundle.identity, to, keys.master, keys.sealing) };
}
