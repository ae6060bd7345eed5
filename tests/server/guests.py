"""Members besides the owner, for tests of the server: invited, joined and confirmed as the real ends do it."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
from tests.server.company import Owner, Site, jws, public_okp, public_rsa, signing_key
from tests.server.ingest.support import NOW_MS, identifier, token

from reteamz.wire.encoding import sha256
from reteamz.wire.jwk import thumbprint
from reteamz.wire.members import Invitation, Join
from reteamz.wire.roster import MemberEntry


def invite(site: Site, owner: Owner, name: str, **offer: Any) -> httpx.Response:
    """Post an invitation; ``offer`` is what it says, and ``expires``, ``label`` or ``key`` of the one who signs."""
    ticket = identifier(f"{owner.name}/{name}/ticket")
    body: dict[str, Any] = {"ticket": ticket, "expires": offer.pop("expires", site.clock.ms + 3_600_000)}
    label = offer.pop("label", token("label", name) if owner.epoch else f"label:{name}")
    key = offer.pop("key", owner.key)
    whole = {"role": "manager", "rights": [], "departments": [], "person": None} | offer
    said = Invitation(**({"v": 1, "account": owner.account, "ticket": ticket} | whole))
    body["invitation"] = jws(key, "reteamz-invitation+1", said)
    if said.role == "manager":
        body["label"] = label
    return site.call("POST", "/api/invitations", body)


class Guest:
    """Somebody who was invited."""

    def __init__(self, owner: Owner, name: str) -> None:
        self.owner, self.name = owner, name
        self.member = identifier(f"{owner.name}/{name}")
        self.ticket = identifier(f"{owner.name}/{name}/ticket")
        self.email = f"{name}@company.example"
        self.key = signing_key(f"{owner.name}/{name}")
        self.identity = public_okp(self.key)
        self.settings = public_okp(signing_key(f"{owner.name}/{name}/settings"))
        self.exchange = public_rsa(name)
        self.auth = sha256(name.encode())

    def joining(self, **changes: Any) -> dict[str, Any]:
        """Return a request to join; ``changes`` are of what is signed, or of the request."""
        whole = Join(
            1, self.owner.account, self.ticket, self.member, self.identity, self.settings, self.exchange, "M" * 42 + "A"
        )  # fmt: skip
        signed = {name: changes.pop(name) for name in list(changes) if name in Join.__struct_fields__}
        key = changes.pop("key", self.key)
        payload = msgspec.structs.replace(whole, **signed)
        return {
            "email": self.email, "auth": self.auth, "bundle": "a sealed bundle",
            "kdf": {"name": "PBKDF2-SHA256", "salt": identifier(self.name), "iterations": 1_000_000},
            "join": jws(key, "reteamz-join+1", payload),
        } | changes  # fmt: skip

    def join(self, site: Site, **changes: Any) -> httpx.Response:
        return site.call("POST", "/api/join", self.joining(**changes))

    def entry(self, **changes: Any) -> MemberEntry:
        whole = MemberEntry(
            id=self.member, state="active", role="manager", rights=[], departments=[], added=NOW_MS,
            identity=thumbprint(self.identity), settings=thumbprint(self.settings), exchange=thumbprint(self.exchange),
            alg="RSA-OAEP-256",
        )  # fmt: skip
        return msgspec.structs.replace(whole, **changes)

    def log_in(self, site: Site) -> httpx.Response:
        return site.call("POST", "/api/login", {"email": self.email, "auth": self.auth})


def welcome(site: Site, owner: Owner, guest: Guest, **entry: Any) -> httpx.Response:
    """Sign the next roster with a guest, and grant them the keyring."""
    owner.next(members=[*owner.members, guest.entry(**entry)])
    recipient = thumbprint(guest.exchange)
    grants = [{"recipient": recipient, "grant": owner.grant(recipient)}] if owner.epoch else []
    return owner.post(site, grants=grants)


def come_in(site: Site, owner: Owner, name: str, **offer: Any) -> Guest:
    """Invite, join, confirm; whoever was logged in before is the owner, and is so again."""
    label = {"label": offer.pop("label")} if "label" in offer else {}
    answer = invite(site, owner, name, **offer, **label)
    assert answer.status_code == 201, answer.text
    guest = Guest(owner, name)
    answer = guest.join(site)
    assert answer.status_code == 201, answer.text
    assert owner.log_in(site).status_code == 200
    entry = {key: offer[key] for key in ("role", "rights", "departments") if key in offer}
    answer = welcome(site, owner, guest, **entry)
    assert answer.status_code == 201, answer.text
    return guest
