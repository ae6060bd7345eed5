/** What every member does with open keys: log in, unlock, take grants, change the password. */
import * as core from "@reteamz/core";
import { ReteamzError } from "@reteamz/core";
import { get, post, put } from "./api.ts";
import { joinNames, type Told } from "./history.ts";
import { beganPlain, fetchRoster } from "./rosters.ts";
import type { Membership } from "./types.ts";
import { keepKeys, type OpenKeys, remember, trustOf } from "./vault.ts";

type Kind<M> = new (
  bundle: core.MemberBundle,
  trusted: core.TrustedRoster,
  wrap: core.Bytes,
  kdf: core.Kdf,
  text: string,
) => M;

/** A member with the account's keys open, as far as the owner granted them. */
export class OpenMember {
  bundle: core.MemberBundle;
  trusted: core.TrustedRoster;
  protected wrap: core.Bytes;
  protected kdf: core.Kdf;
  protected text: string;

  constructor(bundle: core.MemberBundle, trusted: core.TrustedRoster, wrap: core.Bytes, kdf: core.Kdf, text: string) {
    this.bundle = bundle;
    this.trusted = trusted;
    this.wrap = wrap;
    this.kdf = kdf;
    this.text = text;
  }

  /**
   * Log in and open the keys. Raises `totp_required`, `login_failed`, `kdf_refused`, `member_waiting`, and those of bundle, roster and
   * grant.
   */
  static async logIn(email: string, password: string, totp: string | null): Promise<OpenMember> {
    const seen = await trustOf(email);
    const { kdf } = await post<{ kdf: core.Kdf }>("/api/login/start", { email });
    const stretched = await core.stretch(password, kdf, seen?.iterations ?? 0);
    const auth = core.b64encode(await core.authKey(stretched));
    const who = await post<{ account: string; member: string }>("/api/login", { email, auth, totp });
    const member = await opened(OpenMember, who.account, who.member, stretched, kdf);
    await remember(email, { roster: { version: 0, sha256: "" }, iterations: kdf.iterations });
    return member;
  }

  /** Open the keys of the session's member with the password. Raises `login_failed` for a wrong one. */
  static async open<M extends OpenMember>(
    this: Kind<M>,
    account: string,
    member: string,
    password: string,
  ): Promise<M> {
    const { bundle } = await get<{ bundle: string }>("/api/bundle");
    const { kdf } = core.bundleHeader(bundle);
    const stretched = await core.stretch(password, kdf, (await trustOf(account))?.iterations ?? 0);
    try {
      // biome-ignore lint/complexity/noThisInStatic: the class that is asked is the one that is made.
      return await opened(this, account, member, stretched, kdf);
    } catch (error) {
      if (error instanceof ReteamzError && error.code === "bundle_damaged")
        throw new ReteamzError("login_failed", "The password does not open your keys; check it.");
      throw error;
    }
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

  /** Join names of before with their tokens, as far as an interruption left any; for the owner of an account that began in the clear. */
  async joinNames(told?: Told): Promise<void> {
    const { account, identity, owner } = this.bundle;
    const cipher = await this.cipher();
    if (!cipher || (await core.thumbprint(core.okpPublic(identity))) !== owner) return;
    if (await beganPlain(account, owner)) await joinNames(cipher, told);
  }

  /** The recovery kit for a code of `newCode`. */
  kit(code: string): Promise<core.Kit> {
    return core.makeKit(this.bundle, code, location.origin);
  }

  /** Wrap the keys by a new password. Raises `login_failed` when the old one is wrong. */
  async changePassword(old: string, password: string): Promise<void> {
    const oldAuth = core.b64encode(await core.authKey(await core.stretch(old, this.kdf)));
    const kdf = core.newKdf();
    const stretched = await core.stretch(password, kdf);
    const wrap = await core.wrapKey(stretched);
    const text = await core.sealBundle(this.bundle, wrap, kdf);
    await put("/api/bundle", {
      bundle: text,
      base: await core.sha256(core.utf8(this.text)),
      kdf,
      auth: core.b64encode(await core.authKey(stretched)),
      old_auth: oldAuth,
    });
    this.wrap = wrap;
    this.kdf = kdf;
    this.text = text;
    await this.settle();
  }

  /** Wrap the keys again and store them. Another browser may have done it meanwhile, with the same grant: then there is nothing to do. */
  async keep(keys: core.MemberBundle): Promise<void> {
    const bundle = { ...keys, roster: this.trusted.head };
    const text = await core.sealBundle(bundle, this.wrap, this.kdf);
    this.bundle = bundle;
    try {
      await put("/api/bundle", { bundle: text, base: await core.sha256(core.utf8(this.text)) });
      this.text = text;
    } catch (error) {
      if (!(error instanceof ReteamzError && error.code === "bundle_conflict")) throw error;
    }
  }

  /** Keep what pages need and what must never be forgotten. */
  async settle(): Promise<void> {
    const { account, member, owner, keyring, settings } = this.bundle;
    const epochs = Object.entries(keyring);
    const sealing = epochs.flatMap(([e, keys]) => (keys.sealing ? [core.sealingKey(Number(e), keys.sealing)] : []));
    const open: OpenKeys = {
      account,
      member,
      owner,
      fingerprint: core.showFingerprint(await core.fingerprintOf(owner)),
      epoch: this.epoch,
      tokens: await Promise.all(epochs.map(([e, keys]) => core.tokenKeys(core.b64decode(keys.master), Number(e)))),
      sealing: await Promise.all(sealing),
      settings: await core.okpSigner(settings),
    };
    await remember(account, { roster: this.trusted.head, iterations: this.kdf.iterations });
    await keepKeys(open);
  }
}

/** Open the bundle of the session's member by every rule; a new grant is taken and kept (spec 3.3, 14.6). */
async function opened<M extends OpenMember>(
  kind: Kind<M>,
  account: string,
  member: string,
  stretched: core.Bytes,
  kdf: core.Kdf,
): Promise<M> {
  const told = await get<Membership>("/api/membership");
  if (told.state === "waiting")
    throw new ReteamzError(
      "member_waiting",
      "The owner has not confirmed you yet; leave this page open, or come back.",
    );
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
  const granted = told.grant ? await core.takeGrant(bundle, told.owner, trusted, told.grant) : bundle;
  await trusted.requireBundle(granted);
  const made = new kind(bundle, trusted, wrap, kdf, text);
  if (granted !== bundle) await made.keep(granted);
  await made.settle();
  return made;
}
