/** Logging in opens the keys as well: one password, typed once. */
import { ReteamzError } from "@reteamz/core";
import { byId, fieldValue, onSubmit } from "../dom.ts";
import { tellJoining } from "../history.ts";
import { tellUnlocked } from "../lock.ts";
import { Owner } from "../owner.ts";

export function startLogin(): void {
  onSubmit(byId<HTMLFormElement>("login"), async () => {
    const asked = !byId("totp").hidden;
    try {
      const totp = asked ? fieldValue("totp-code") : null;
      const owner = await Owner.logIn(fieldValue("email"), fieldValue("password"), totp);
      await owner.joinNames(tellJoining(byId("joining")));
    } catch (error) {
      if (error instanceof ReteamzError && error.code === "totp_required" && !asked) {
        byId("totp").hidden = false;
        byId("totp-code").focus();
        return;
      }
      throw error;
    }
    tellUnlocked();
    location.assign(destination());
  });
}

/** Where the person wanted to go; never to another site. */
function destination(): string {
  const wanted = new URL(new URLSearchParams(location.search).get("next") ?? "/", location.origin);
  return wanted.origin === location.origin ? wanted.pathname + wanted.search : "/";
}
