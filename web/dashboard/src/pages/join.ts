/** Joining by an invitation: the keys are made here, and wait for the owner (spec 14). */
import * as core from "@reteamz/core";
import { ReteamzError } from "@reteamz/core";
import { post } from "../api.ts";
import { byId, fieldValue, onSubmit } from "../dom.ts";
import { tellUnlocked } from "../lock.ts";
import { OpenMember } from "../member.ts";
import { startMeter } from "../password.ts";
import { remember } from "../vault.ts";
import { waitForOwner } from "../waiting.ts";

export function startJoin(): void {
  const form = byId<HTMLFormElement>("join");
  startMeter(byId<HTMLInputElement>("password"));
  void takeCode(location.hash.slice(1));
  // The code is a secret: it stays in neither the address nor the history.
  history.replaceState(null, "", location.pathname);
  onSubmit(form, async () => {
    const email = fieldValue("email");
    const password = fieldValue("password");
    const { account, member } = await join(await readCode(fieldValue("join-code")), email, password);
    waitForOwner(form, async () => {
      await OpenMember.open(account, member, password);
      tellUnlocked();
      location.assign("/");
    });
  });
}

/** Take the code out of the link, and say that it is here. */
async function takeCode(text: string): Promise<void> {
  const code = text ? await readCode(text).catch(() => null) : null;
  if (!code) return;
  byId<HTMLTextAreaElement>("join-code").value = text;
  byId("code-until").textContent = new Date(code.expires).toLocaleString();
  byId("code-here").hidden = false;
  byId("code-field").hidden = true;
}

async function readCode(text: string): Promise<core.EnrolmentCode> {
  const code = await core.decodeCode(text, Date.now());
  if (code.server !== location.origin)
    throw new ReteamzError("code_mistyped", `This invitation is for ${code.server}; open its link there.`);
  return code;
}

/** Make all keys and redeem the invitation; the owner's key is believed when it has the fingerprint of the code. */
async function join(code: core.EnrolmentCode, email: string, password: string): Promise<core.MemberBundle> {
  const { account, ticket } = code;
  const { owner } = await post<{ owner: core.PublicOkp }>("/api/join/start", { account, ticket });
  await core.requireOwner(code, owner);
  const bundle = await core.newBundle(account, core.newId(), await core.thumbprint(owner));
  const kdf = core.newKdf();
  const stretched = await core.stretch(password, kdf);
  await post("/api/join", {
    email,
    kdf,
    auth: core.b64encode(await core.authKey(stretched)),
    bundle: await core.sealBundle(bundle, await core.wrapKey(stretched), kdf),
    join: await core.signJoin(bundle, code),
  });
  await remember(email, { roster: { version: 0, sha256: "" }, iterations: kdf.iterations });
  return bundle;
}
