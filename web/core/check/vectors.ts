/** What each suite of `vectors/` runs, from JSON inputs to a JSON output: the other side of `scripts/vectors/run.py`. */
import { sameJson } from "../src/equal.ts";
import * as core from "../src/index.ts";
import { Excluder, Matcher } from "../src/matching.ts";

// biome-ignore lint/suspicious/noExplicitAny: vectors hold any JSON; what is wrong in it is what they test.
type Inputs = any;
type Case = { id: number; comment: string; inputs: Inputs; result: string; output?: unknown; error?: string };

const hex = (data: Uint8Array): string => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
const cipher = async (i: Inputs): Promise<core.TokenCipher> =>
  new core.TokenCipher(await core.tokenKeys(core.b64decode(i.master), i.epoch));

async function chain(i: Inputs): Promise<unknown> {
  const verifier = await core.ChainVerifier.start(i.account, i.device, i.signing, undefined, i.mark);
  for (const [seq, body, signature] of i.entries) await verifier.add(seq, core.utf8(body), signature);
  verifier.finish(i.head);
  return { head: verifier.head, lost: verifier.lost };
}

const RUN: Record<string, (i: Inputs) => unknown> = {
  base64: (i) => hex(core.b64decode(i.text)),
  names: (i) => core.normalise(i.field, i.text),
  async passwords(i) {
    const stretched = await core.stretch(i.password, i.kdf, i.least);
    return {
      stretched: core.b64encode(stretched),
      auth: core.b64encode(await core.authKey(stretched)),
      wrap: core.b64encode(await core.wrapKey(stretched)),
    };
  },
  tokens: async (i) => (await cipher(i)).encrypt(i.field, i.text),
  "tokens-open": async (i) => (await cipher(i)).decrypt(i.token),
  async text(i) {
    const masters = Object.entries(i.masters as Record<string, string>);
    const keys = masters.map(([epoch, master]) => core.tokenKeys(core.b64decode(master), Number(epoch)));
    return new core.TokenReader(await Promise.all(keys)).replace(i.text);
  },
  async fingerprints(i) {
    return {
      okp: await core.thumbprint(i.okp),
      rsa: await core.thumbprint(i.rsa),
      owner: core.showFingerprint(await core.ownerFingerprint(i.okp)),
      device: core.showFingerprint(await core.deviceFingerprint(i.okp, i.rsa)),
    };
  },
  jws: async (i) => core.fromUtf8(await core.verifyJws(await core.okpVerifier(i.key), i.typ, i.jws)),
  bundles: (i) => core.openBundle(i.bundle, core.b64decode(i.wrap), i.account, i.member),
  kits: (i) => core.openKit(core.readKit(i.kit), i.code),
  async rosters(i) {
    const [[first, devices], ...rest] = i.rosters;
    let trusted = await core.TrustedRoster.first(i.account, i.owner, i.pinned, i.mark, first, devices);
    for (const [jws, list] of rest) trusted = await trusted.update(jws, list);
    return trusted.head;
  },
  async codes(i) {
    const code = await core.decodeCode(i.code, i.now);
    return { ...code, owner: core.b64encode(code.owner), secret: core.b64encode(code.secret) };
  },
  async macs(i) {
    await core.checkMac(core.b64decode(i.enrol), i.ticket, i);
    return true;
  },
  grants: (i) => core.acceptGrant(i.grant, { ...i, pinned: core.b64decode(i.pinned) }),
  invitations: (i) => core.readInvitation(i.owner, i.account, i.ticket, i.jws),
  joins: (i) => core.checkJoin(core.b64decode(i.enrol), i.ticket, i),
  async "member-grants"(i) {
    const [[first, devices], ...rest] = i.rosters;
    const owner = await core.thumbprint(i.owner);
    const none = { version: 0, sha256: "" };
    let trusted = await core.TrustedRoster.first(i.bundle.account, i.owner, owner, none, first, devices);
    for (const [jws, list] of rest) trusted = await trusted.update(jws, list);
    return core.takeGrant(i.bundle, i.owner, trusted, i.grant);
  },
  async sealed(i) {
    const keys = Object.entries(i.keys as Record<string, core.PrivateRsa>);
    const ready = await Promise.all(keys.map(([epoch, key]) => core.sealingKey(Number(epoch), key)));
    const { caption, data } = await core.unseal(ready, core.b64decode(i.blob), i.context);
    return { caption, data: core.b64encode(data) };
  },
  chains: chain,
  notices(i) {
    const batch = core.decodeBody(core.utf8(i.body));
    const told = "tokens" in batch ? (batch.notices ?? []) : [];
    return told.map((n) => [n.at, n.code, "tokens" in batch ? (batch.tokens[n.person] ?? "") : "", n.count]);
  },
  "restated-chains": chain,
  "entry-tokens": async (i) => (await cipher(i)).tokenOf(i.entry),
  async restatements(i) {
    const batch = core.decodeBody(core.utf8(i.body));
    const made = await cipher(i);
    const body = await core.restated(batch, i.prev, (entry) => made.tokenOf(entry));
    return { must: core.mustBeRestated(batch), body: core.fromUtf8(body) };
  },
  async prunes(i) {
    const { head, marks } = await core.openPrune(i.prune, i.account, i.owner, i.settings, i.known);
    return { head, marks: [...marks.values()] };
  },
  async rules(i) {
    let trusted = core.TrustedRules.after(i.account, i.mark);
    for (const [jws, signer] of i.rules) trusted = await trusted.update(jws, signer, i.signers);
    return trusted.head;
  },
  patterns(i) {
    try {
      return core.checkPattern(i.pattern);
    } catch (error) {
      if (error instanceof core.PatternError && error.position !== i.position) throw new Error(`at ${error.position}`);
      throw error;
    }
  },
  verdicts(i) {
    core.requireTree(i.tree);
    const matcher = new Matcher(i.tree);
    return i.names.map(([field, name]: [core.RuleField, string]) => {
      const rank = matcher.verdict(field, name);
      return { rank, category: matcher.category(rank), rating: matcher.rating(rank) };
    });
  },
  async policies(i) {
    let trusted = core.TrustedPolicy.after(i.account, i.mark);
    for (const [jws, signer] of i.policies) trusted = await trusted.update(jws, signer, i.signers);
    return trusted.head;
  },
  recorded(i) {
    core.requirePolicyTree(i.tree);
    const policy = core.resolveSettings(...core.layersFor(i.tree, i.hashes));
    const excluder = new Excluder(policy.exclusions);
    const told = core.recordedAs(policy, { minute: i.minute, ...i.seen }, (names) => excluder.effect(names));
    return told && { ...told, records: [...told.records].sort() };
  },
  imports: (i) => core.importCategories(i.text, i.chosen),
  ratings(i) {
    core.requireTree(i.tree);
    return i.tree.categories.map(({ id }: core.Category) => core.categoryRatings(i.tree, i.department).get(id));
  },
};

export const SUITES = Object.keys(RUN);

/** Run a file of cases; how many there are, and a line for each that failed. */
export async function runFile(source: string): Promise<{ count: number; failures: string[] }> {
  const { suite, cases } = JSON.parse(source) as { suite: string; cases: Case[] };
  const run = RUN[suite];
  const failures: string[] = [];
  for (const one of cases) {
    let outcome: { result: string; output?: unknown; error?: string };
    try {
      if (!run) throw new Error(`no suite ${suite}`);
      outcome = { result: "valid", output: await run(one.inputs) };
    } catch (error) {
      outcome = { result: "invalid", error: error instanceof core.ReteamzError ? error.code : String(error) };
    }
    const { result, output, error } = one;
    const expected = result === "valid" ? { result, output } : { result, error };
    if (!sameJson(outcome, expected))
      failures.push(`${suite} ${one.id} (${one.comment}): ${JSON.stringify(outcome).slice(0, 400)}`);
  }
  return { count: cases.length, failures };
}
