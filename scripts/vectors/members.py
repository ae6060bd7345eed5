"""Suites about members: invitations, joinings, grants of a keyring."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from scripts.vectors import run
from scripts.vectors.cases import Suite
from scripts.vectors.fixed import fixed
from scripts.vectors.trust import ACCOUNT, MASTER, NOW, OTHER, TICKET, member, okp, roster_chain, rsa

from reteamz.crypto import enrolment, fingerprint, membership
from reteamz.crypto.bundle import MemberBundle
from reteamz.crypto.grant import sign_member_grant
from reteamz.crypto.keyring import EpochKeys
from reteamz.crypto.signing import sign_jws
from reteamz.wire.batch import RosterHead
from reteamz.wire.encoding import b64decode, b64encode, sha256
from reteamz.wire.jwk import thumbprint
from reteamz.wire.members import Invitation

GUEST = b64encode(bytes([8]) * 16)
ENROL = bytes(range(50, 82))


def _guest() -> MemberBundle:
    """Return the bundle of a member who is not the owner, before the first grant."""
    keys = {"identity": okp("device"), "settings": okp("other_device"), "exchange": rsa("device_exchange")}
    return member(member=GUEST, owner=thumbprint(okp("owner").public()), keyring={}, **keys)


def invitations() -> Suite:
    """Spec 14.1."""
    s = Suite("invitations", "14.1", run.invitation)
    manager = Invitation(1, ACCOUNT, TICKET, "manager", ["ratings"], [OTHER], None)
    employee = Invitation(1, ACCOUNT, TICKET, "employee", [], [], 7)
    base = {"owner": msgspec.to_builtins(okp("owner").public()), "account": ACCOUNT, "ticket": TICKET}

    def signed(invitation: Invitation, **changes: Any) -> str:
        text = msgspec.json.encode({**msgspec.to_builtins(invitation), **changes})
        return sign_jws(okp("owner"), "reteamz-invitation+1", text)

    s.valid("a manager", **base, jws=signed(manager))
    s.valid("an employee", **base, jws=signed(employee))
    s.invalid("enrolment_forged", "of another ticket", **{**base, "ticket": OTHER}, jws=signed(manager))
    s.invalid("enrolment_forged", "of another account", **{**base, "account": OTHER}, jws=signed(manager))
    for comment, invitation, changes in (
        ("an employee without a person", employee, {"person": None}), ("a manager with a person", manager, {"person": 7}),
        ("an employee with rights", employee, {"rights": ["sealed"]}), ("an employee with departments", employee, {"departments": [OTHER]}),
        ("an owner", manager, {"role": "owner"}), ("unknown right", manager, {"rights": ["all"]}), ("unknown member", manager, {"x": 1}),
        ("person 0", employee, {"person": 0}),
    ):  # fmt: skip
        s.invalid("enrolment_forged", comment, **base, jws=signed(invitation, **changes))
    head, body, signature = signed(employee).split(".")
    other = b64encode(b64decode(body).replace(b'"person":7', b'"person":8'))
    s.invalid("signature_invalid", "another person", **base, jws=f"{head}.{other}.{signature}")
    theirs = sign_jws(okp("stranger"), "reteamz-invitation+1", manager)
    s.invalid("signature_invalid", "signed by somebody else", **base, jws=theirs)
    s.invalid("header_refused", "a grant", **base, jws=sign_jws(okp("owner"), "reteamz-grant+1", manager))
    return s


def joins() -> Suite:
    """Spec 14.3, 14.4."""
    s = Suite("joins", "14.3, 14.4", run.join)
    secret = enrolment.ticket_secret(ENROL, TICKET, "member", NOW, 1)
    code = enrolment.EnrolmentCode(
        type="member", mode="encrypted", account=ACCOUNT, owner=fingerprint.owner_fingerprint(okp("owner").public()), ticket=TICKET,
        expires=NOW, uses=1, secret=secret, server="https://time.example",
    )  # fmt: skip
    good = membership.sign_join(_guest(), code)
    ticket = {"id": TICKET, "type": "member", "expires": NOW, "uses": 1, "redemptions": 1}
    base = {"enrol": b64encode(ENROL), "ticket": ticket, "account": ACCOUNT, "member": GUEST, "redeemed": NOW}
    s.valid("right", **base, join=good)
    payload = json.loads(b64decode(good.split(".")[1]))

    def resigned(key: str = "device", **changes: Any) -> str:
        return sign_jws(okp(key), "reteamz-join+1", json.dumps({**payload, **changes}).encode())

    stranger = msgspec.to_builtins(okp("stranger").public())
    for comment, join in {
        "identity swapped and signed anew": resigned("stranger", identity=stranger),
        "exchange key swapped": resigned(exchange=msgspec.to_builtins(rsa("exchange").public())),
        "settings key swapped": ".".join([good.split(".")[0], b64encode(json.dumps({**payload, "settings": stranger}).encode()), good.split(".")[2]]),
        "another member": resigned(member=OTHER), "another account": resigned(account=OTHER), "another ticket": resigned(ticket=OTHER),
        "no MAC": resigned(mac="A" * 43), "unknown member": resigned(x=1), "not a JWS": "x.y",
        "MAC of another code": membership.sign_join(_guest(), msgspec.structs.replace(code, secret=bytes(16))),
    }.items():  # fmt: skip
        s.invalid("enrolment_forged", comment, **base, join=join)
    s.invalid("enrolment_forged", "another member asked", **{**base, "member": OTHER}, join=good)
    for comment, change in {
        "a ticket for devices": {"type": "device"}, "later expiry": {"expires": NOW + 1}, "more uses": {"uses": 2},
    }.items():  # fmt: skip
        s.invalid("enrolment_forged", comment, **{**base, "ticket": {**ticket, **change}}, join=good)
    s.invalid("code_expired", "redeemed late", **{**base, "redeemed": NOW + 1}, join=good)
    s.invalid("ticket_spent", "redeemed twice", **{**base, "ticket": {**ticket, "redemptions": 2}}, join=good)
    short = {**payload["exchange"], "n": payload["exchange"]["n"][:100]}
    s.invalid(
        "header_refused",
        "another type",
        **base,
        join=sign_jws(okp("device"), "reteamz-grant+1", json.dumps(payload).encode()),
    )
    s.invalid("key_refused", "a short exchange key", **base, join=resigned(exchange=short))
    return s


def _keyring(name: str, seq: int, sealed: bool, master: str = MASTER, key: str = "sealing", at: int = 2) -> str:
    head = RosterHead(at, sha256(roster_chain()[at - 1][0].encode()))
    keyring = {"1": EpochKeys(master, rsa(key))}
    to = rsa("device_exchange").public()
    return fixed(
        f"keyring-{name}",
        lambda: sign_member_grant(okp("owner"), to, ACCOUNT, head, 1, seq, [], keyring, sealed),
    )


def member_grants() -> Suite:
    """Spec 14.6."""
    s = Suite("member-grants", "8.3, 14.6", run.take)
    chain = roster_chain()
    owner = msgspec.to_builtins(okp("owner").public())
    base = {"owner": owner, "rosters": chain, "bundle": msgspec.to_builtins(_guest())}
    first = s.valid("without sealing keys", **base, grant=_keyring("bare", 1, False))
    whole = s.valid("with sealing keys", **base, grant=_keyring("whole", 1, True))
    s.valid("the same again", **{**base, "bundle": first}, grant=_keyring("bare", 1, False))
    s.valid("a right more", **{**base, "bundle": first}, grant=_keyring("later", 2, True))
    s.valid("a right less keeps what was seen", **{**base, "bundle": whole}, grant=_keyring("less", 3, False))
    s.invalid("grant_replayed", "an old one", **{**base, "bundle": {**first, "grant": {**first["grant"], "seq": 9}}}, grant=_keyring("later", 2, True))  # fmt: skip
    other = b64encode(bytes(range(1, 33)))
    s.invalid("grant_mismatch", "another master key", **{**base, "bundle": first}, grant=_keyring("master", 2, False, other))  # fmt: skip
    s.invalid("grant_mismatch", "another sealing key", **{**base, "bundle": whole}, grant=_keyring("sealing", 2, True, key="sealing_2"))  # fmt: skip
    s.invalid("roster_rollback", "the roster that it names is withheld", **{**base, "rosters": chain[:1]}, grant=_keyring("bare", 1, False))  # fmt: skip
    elsewhere = {**base["bundle"], "owner": thumbprint(okp("stranger").public())}
    s.invalid("owner_mismatch", "another owner", **{**base, "bundle": elsewhere}, grant=_keyring("bare", 1, False))
    own = {**base["bundle"], "exchange": msgspec.to_builtins(rsa("exchange"))}
    s.invalid("grant_mismatch", "another member's", **{**base, "bundle": own}, grant=_keyring("bare", 1, False))
    return s
