/** Logging in opens the keys as well: one password, typed once. */
import { ReteamzError } from "@reteamz/core";
import { get } from "../api.ts";
import { byId, fieldValue, onSubmit } from "../dom.ts";
import { tellJoining } from "../history.ts";
import { tellUnlocked } from "../lock.ts";
import { OpenMember } from "../member.ts";
import type { Membership } from "../types.ts";
import { waitForOwner } from "../waiting.ts";

export function startLogin(): void {
  onSubmit(byId<HTMLFormElement>("login"), async () => {
    const asked = !byId("totp").hidden;
    try {
      const totp = asked ? fieldValue("totp-code") : null;
      const member = await OpenMember.logIn(fieldValue("email"), fieldValue("password"), totp);
      await member.joinNames(tellJoining(byId("joining")));
    } catch (error) {
      if (error instanceof ReteamzError && error.code === "totp_required" && !asked) {
        byId("totp").hidden = false;
        byId("totp-code").focus();
        return;
      }
      if (error instanceof ReteamzError && error.code === "member_waiting") {
        const password = fieldValue("password");
        waitForOwner(byId("login"), () => enter(password));
        return;
      }
      throw error;
    }
    tellUnlocked();
    location.assign(destination());
  });
}

/** Go on once the owner confirmed: the session is there already. */
async function enter(password: string): Promise<void> {
  const { account, member } = await get<Membership>("/api/membership");
  await OpenMember.open(account, member, password);
  tellUnlocked();
  location.assign(destination());
}

/** Where the person wanted to go; never to another site. */
function destination(): string {
  const wanted = new URL(new URLSearchParams(location.search).get("next") ?? "/", location.origin);
  return wanted.origin === location.origin ? wanted.pathname + wanted.search : "/";
}
