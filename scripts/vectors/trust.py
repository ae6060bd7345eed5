"""Suites about trust: JWS, bundles, kits, rosters, enrolment."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from scripts.vectors import run
from scripts.vectors.cases import Suite, keys
from scripts.vectors.fixed import fixed

from reteamz.crypto import bundle, enrolment, fingerprint, jwe, recovery
from reteamz.crypto.keyring import EpochKeys
from reteamz.crypto.keys import PrivateOkp, PrivateRsa, okp_key
from reteamz.crypto.roster import owner_entry, sign_roster
from reteamz.crypto.signing import sign_jws
from reteamz.wire.accounts import Kdf
from reteamz.wire.batch import RosterHead
from reteamz.wire.encoding import b64encode, sha256
from reteamz.wire.jwk import thumbprint
from reteamz.wire.roster import DeviceEntry

ACCOUNT, MEMBER, DEVICE, TICKET = (b64encode(bytes([n]) * 16) for n in (1, 2, 3, 4))
OTHER = b64encode(bytes([9]) * 16)
WRAP = bytes(range(100, 132))
MASTER = b64encode(bytes(range(32)))
NOW = 1_700_000_000_000


def okp(name: str) -> PrivateOkp:
    """Return a fixed signing key."""
    return msgspec.convert(keys()[name], PrivateOkp)


def rsa(name: str) -> PrivateRsa:
    """Return a fixed RSA key."""
    return msgspec.convert(keys()[name], PrivateRsa)


def member(**changes: Any) -> bundle.MemberBundle:
    """Return the owner's bundle."""
    made = bundle.MemberBundle(
        v=1,
        account=ACCOUNT,
        member=MEMBER,
        owner=thumbprint(okp("owner").public()),
        identity=okp("owner"),
        settings=okp("settings"),
        exchange=rsa("exchange"),
        enrol=b64encode(bytes(range(50, 82))),
        keyring={"1": EpochKeys(MASTER, rsa("sealing"))},
        roster=RosterHead(0, ""),
    )
    return msgspec.structs.replace(made, **changes)


def signed(key: PrivateOkp, header: str, payload: str) -> str:
    """Return a JWS with any header."""
    text = f"{b64encode(header.encode())}.{b64encode(payload.encode())}"
    return f"{text}.{b64encode(okp_key(key).sign(text.encode()))}"


def jws() -> Suite:
    """Spec 1.9."""
    s = Suite("jws", "1.9", run.jws)
    key = msgspec.to_builtins(okp("owner").public())
    typ = "reteamz-grant+1"
    good = sign_jws(okp("owner"), typ, b'{"v":1}')
    s.valid("signed", key=key, typ=typ, jws=good)
    s.valid(
        "other order and spaces",
        key=key,
        typ=typ,
        jws=signed(okp("owner"), '{ "typ":"reteamz-grant+1","alg":"Ed25519"}', "x"),
    )
    for comment, header in {
        "alg none": '{"alg":"none","typ":"reteamz-grant+1"}', "alg EdDSA": '{"alg":"EdDSA","typ":"reteamz-grant+1"}',
        "alg HS256": '{"alg":"HS256","typ":"reteamz-grant+1"}', "other typ": '{"alg":"Ed25519","typ":"reteamz-roster+1"}',
        "no typ": '{"alg":"Ed25519"}', "crit": '{"alg":"Ed25519","typ":"reteamz-grant+1","crit":["x"],"x":1}',
        "kid": '{"alg":"Ed25519","typ":"reteamz-grant+1","kid":"a"}', "jwk": '{"alg":"Ed25519","typ":"reteamz-grant+1","jwk":{}}',
        "jku": '{"alg":"Ed25519","typ":"reteamz-grant+1","jku":"http://x"}', "twice": '{"alg":"Ed25519","alg":"Ed25519","typ":"reteamz-grant+1"}',
        "twice, escaped": '{"alg":"none","\\u0061lg":"Ed25519","typ":"reteamz-grant+1"}', "array": "[]", "not JSON": "{",
        "zip": '{"alg":"Ed25519","typ":"reteamz-grant+1","zip":"DEF"}', "b64": '{"alg":"Ed25519","typ":"reteamz-grant+1","b64":false}',
    }.items():  # fmt: skip
        s.invalid("header_refused", comment, key=key, typ=typ, jws=signed(okp("owner"), header, '{"v":1}'))
    head, body, signature = good.split(".")
    s.invalid("header_refused", "two parts", key=key, typ=typ, jws=f"{head}.{body}")
    s.invalid("header_refused", "four parts", key=key, typ=typ, jws=f"{good}.")
    s.invalid("signature_invalid", "other payload", key=key, typ=typ, jws=f"{head}.{b64encode(b'{}')}.{signature}")
    s.invalid("signature_invalid", "no signature", key=key, typ=typ, jws=f"{head}.{body}.")
    s.invalid("signature_invalid", "other key", key=msgspec.to_builtins(okp("stranger").public()), typ=typ, jws=good)
    s.invalid("base64_invalid", "padding", key=key, typ=typ, jws=f"{head}.{body}.{signature}==")
    return s


def bundles() -> Suite:
    """Spec 3.1-3.3."""
    s = Suite("bundles", "3.1-3.3", run.open_bundle)
    kdf = Kdf("PBKDF2-SHA256", b64encode(bytes(16)), 1_000_000)
    wrap = b64encode(WRAP)
    who = {"wrap": wrap, "account": ACCOUNT, "member": MEMBER}
    good = fixed("bundle", lambda: bundle.seal_bundle(member(), WRAP, kdf))
    s.valid("opened", bundle=good, **who)
    s.invalid("bundle_mismatch", "another account asked", bundle=good, wrap=wrap, account=OTHER, member=MEMBER)
    s.invalid("bundle_mismatch", "another member asked", bundle=good, wrap=wrap, account=ACCOUNT, member=OTHER)
    s.invalid(
        "bundle_damaged", "another password", bundle=good, wrap=b64encode(bytes(32)), account=ACCOUNT, member=MEMBER
    )
    header, *rest = good.split(".")
    other = json.loads(_text(header))
    other["kdf"]["iterations"] = 600_000
    s.invalid("bundle_damaged", "header altered", bundle=".".join([_b64(other), *rest]), **who)
    for comment, change in {
        "zip": {"zip": "DEF"}, "crit": {"crit": ["kdf"]}, "other enc": {"enc": "A128CBC-HS256"}, "other alg": {"alg": "PBES2-HS256+A128KW"},
        "other typ": {"typ": "reteamz-recovery+1"}, "kid": {"kid": "x"},
    }.items():  # fmt: skip
        s.invalid(
            "header_refused", comment, bundle=".".join([_b64({**json.loads(_text(header)), **change}), *rest]), **who
        )
    s.invalid("header_refused", "four parts", bundle=".".join([header, *rest[:3]]), **who)
    inner = fixed("bundle-inner", lambda: _sealed(member(member=OTHER), kdf))
    s.invalid("bundle_mismatch", "another member inside", bundle=inner, **who)
    mixed = msgspec.structs.replace(okp("owner"), x=okp("stranger").x)
    s.invalid(
        "key_refused",
        "halves that do not fit",
        bundle=fixed("bundle-key", lambda: _sealed(member(identity=mixed), kdf)),
        **who,
    )
    extra = fixed("bundle-extra", lambda: _sealed({**msgspec.to_builtins(member()), "x": 1}, kdf))
    s.invalid("bundle_damaged", "unknown member", bundle=extra, **who)
    return s


def _sealed(payload: Any, kdf: Kdf) -> str:
    return jwe.encrypt_with(WRAP, bundle._header(ACCOUNT, MEMBER, kdf), msgspec.json.encode(payload))


def _text(part: str) -> str:
    from reteamz.wire.encoding import b64decode

    return b64decode(part).decode()


def _b64(value: Any) -> str:
    return b64encode(json.dumps(value, separators=(",", ":")).encode())


def kits() -> Suite:
    """Spec 3.4."""
    s = Suite("kits", "3.4", run.open_kit)
    code = "AAAQ-EAYE-AUDA-OCAJ-BIFQ-YDIO-B4"
    kit = fixed("kit", lambda: msgspec.json.encode(recovery.make_kit(member(), code, "https://x.example")).decode())
    s.valid("opened", kit=kit, code=code)
    s.valid("as typed", kit=kit, code=" aaaq eaye-auda ocaj\nbifqydiob4 ")
    s.invalid("recovery_code_mistyped", "another code", kit=kit, code="BAAQ-EAYE-AUDA-OCAJ-BIFQ-YDIO-B4")
    s.invalid("recovery_code_mistyped", "short", kit=kit, code="AAAQ")
    s.invalid("recovery_code_mistyped", "loose bits", kit=kit, code=code[:-1] + "5")
    s.invalid("recovery_code_mistyped", "other alphabet", kit=kit, code=code.replace("E", "1"))
    s.invalid("kit_damaged", "not JSON", kit="hello", code=code)
    value = json.loads(kit)
    s.invalid("kit_damaged", "unknown member", kit=json.dumps({**value, "x": 1}), code=code)
    s.invalid("kit_damaged", "other typ", kit=json.dumps({**value, "typ": "x"}), code=code)
    stranger = msgspec.to_builtins(okp("stranger").public())
    s.invalid("kit_damaged", "another identity outside", kit=json.dumps({**value, "identity": stranger}), code=code)
    s.invalid("bundle_mismatch", "another account outside", kit=json.dumps({**value, "account": OTHER}), code=code)
    return s


def roster_chain() -> list[tuple[str, str]]:
    """Return four good versions: plain, encrypted, with a device, with the device removed."""
    owner = owner_entry(member(), NOW)
    device = DeviceEntry(
        DEVICE,
        "confirmed",
        NOW,
        thumbprint(okp("device").public()),
        thumbprint(rsa("device_exchange").public()),
        "RSA-OAEP-256",
        None,
    )
    sealing = rsa("sealing").public()
    chain: list[tuple[str, str]] = []
    for mode, epoch, seal, devices in (
        ("plain", 0, None, []), ("encrypted", 1, sealing, []), ("encrypted", 1, sealing, [device]),
        ("encrypted", 1, sealing, [msgspec.structs.replace(device, state="removed")]),
    ):  # fmt: skip
        head = RosterHead(len(chain), sha256(chain[-1][0].encode())) if chain else None
        chain.append(sign_roster(okp("owner"), ACCOUNT, head, NOW + len(chain), mode, epoch, seal, [owner], devices))  # type: ignore[arg-type]  # literals
    return chain


def rosters() -> Suite:
    """Spec 3.3, 6."""
    s = Suite("rosters", "3.3, 6", run.roster)
    chain = roster_chain()
    heads = [{"version": n + 1, "sha256": sha256(jws.encode())} for n, (jws, _) in enumerate(chain)]
    owner = msgspec.to_builtins(okp("owner").public())
    none = {"version": 0, "sha256": ""}
    base = {"account": ACCOUNT, "owner": owner, "pinned": thumbprint(okp("owner").public())}
    s.valid("first", **base, mark=none, rosters=chain[:1])
    s.valid("all", **base, mark=none, rosters=chain)
    s.valid("from the bundle's mark", **base, mark=heads[1], rosters=chain[1:])
    s.valid("the same again", **base, mark=heads[0], rosters=[chain[0], chain[0], chain[1]])
    s.invalid(
        "owner_mismatch",
        "another owner pinned",
        **{**base, "pinned": thumbprint(okp("stranger").public())},
        mark=none,
        rosters=chain,
    )
    stranger = msgspec.to_builtins(okp("stranger").public())
    s.invalid(
        "signature_invalid",
        "another key",
        **{**base, "owner": stranger, "pinned": thumbprint(okp("stranger").public())},
        mark=none,
        rosters=chain,
    )
    s.invalid("roster_refused", "another account", **{**base, "account": OTHER}, mark=none, rosters=chain)
    s.invalid("roster_rollback", "older than the bundle", **base, mark=heads[2], rosters=chain[:1])
    s.invalid("roster_gap", "newer than the bundle", **base, mark=heads[0], rosters=chain[2:])
    s.invalid(
        "roster_fork", "not the bundle's", **base, mark={"version": 1, "sha256": heads[1]["sha256"]}, rosters=chain
    )
    s.invalid("roster_gap", "one left out", **base, mark=none, rosters=[chain[0], chain[2]])
    s.invalid("roster_rollback", "an older one later", **base, mark=none, rosters=[*chain[:3], chain[1]])
    s.invalid(
        "roster_refused",
        "another version's device list",
        **base,
        mark=none,
        rosters=[chain[0], (chain[1][0], chain[2][1])],
    )
    s.invalid(
        "roster_refused", "device list with a space", **base, mark=none, rosters=[(chain[0][0], chain[0][1] + " ")]
    )
    _succession(s, base, none, chain)
    return s


def _succession(s: Suite, base: dict[str, Any], none: dict[str, Any], chain: list[tuple[str, str]]) -> None:
    """Versions that are signed and must not follow."""
    head = RosterHead(3, sha256(chain[2][0].encode()))
    third, list3 = json.loads(_text(chain[2][0].split(".")[1])), json.loads(chain[2][1])
    added = {**third["members"][0], "id": OTHER, "role": "manager", "identity": thumbprint(okp("stranger").public())}

    def after(
        roster: dict[str, Any] | None = None, devices: list[Any] | None = None, prev: str = head.sha256
    ) -> list[Any]:
        text = json.dumps({**list3, "version": 4, "devices": list3["devices"] if devices is None else devices})
        named = {"sha256": sha256(text.encode()), "count": len(json.loads(text)["devices"])}
        payload = {**third, "version": 4, "prev": prev, "devices": named, **(roster or {})}
        return [*chain[:3], (sign_jws(okp("owner"), "reteamz-roster+1", json.dumps(payload).encode()), text)]

    device = list3["devices"][0]
    s.valid("a manager added", **base, mark=none, rosters=after({"members": [*third["members"], added]}))
    s.valid(
        "epoch 2",
        **base,
        mark=none,
        rosters=after({"epoch": 2, "sealing": msgspec.to_builtins(rsa("sealing_2").public())}),
    )
    s.invalid("roster_fork", "another one before", **base, mark=none, rosters=after(prev=sha256(b"x")))
    for comment, roster, devices in (
        ("back to plain", {"mode": "plain", "epoch": 0, "sealing": None}, None),
        ("epoch 0 but encrypted", {"epoch": 0}, None),
        ("sealing key swapped", {"sealing": msgspec.to_builtins(rsa("sealing_2").public())}, None),
        ("no sealing key", {"sealing": None}, None),
        ("no owner", {"members": []}, None),
        ("two owners", {"members": [*third["members"], {**added, "role": "owner"}]}, None),
        ("somebody twice", {"members": [*third["members"], third["members"][0]]}, None),
        ("the owner's exchange key changed", {"members": [{**third["members"][0], "exchange": sha256(b"x")}]}, None),
        ("unknown member", {"x": 1}, None),
        ("version 2 of the format", {"v": 2}, None),
        ("wrong count", {"devices": {"sha256": sha256(chain[2][1].encode()), "count": 2}}, None),
        ("device disappeared", None, []),
        ("device changed keys", None, [{**device, "signing": sha256(b"x")}]),
        ("device twice", None, [device, device]),
    ):
        s.invalid("roster_refused", comment, **base, mark=none, rosters=after(roster, devices))
    removed = RosterHead(4, sha256(chain[3][0].encode()))
    text = json.dumps({**list3, "version": 5})
    payload = {**third, "version": 5, "prev": removed.sha256, "devices": {"sha256": sha256(text.encode()), "count": 1}}
    back = (sign_jws(okp("owner"), "reteamz-roster+1", json.dumps(payload).encode()), text)
    s.invalid("roster_refused", "a removed device came back", **base, mark=none, rosters=[*chain, back])


def codes() -> Suite:
    """Spec 7.1, 7.2."""
    s = Suite("codes", "7.1, 7.2", run.code)
    made = enrolment.EnrolmentCode(
        type="device", mode="encrypted", account=ACCOUNT, owner=fingerprint.owner_fingerprint(okp("owner").public()), ticket=TICKET,
        expires=NOW, uses=1, secret=enrolment.ticket_secret(bytes(range(50, 82)), TICKET, "device", NOW, 1), server="https://time.example",
    )  # fmt: skip
    text = enrolment.encode_code(made)
    s.valid("as made", code=text, now=NOW)
    s.valid("as typed", code=text.lower().replace("-", " "), now=NOW)
    other = msgspec.structs.replace(made, type="member", mode="plain", uses=1000, server="http://127.0.0.1:8765")
    s.valid("member, plain, many uses", code=enrolment.encode_code(other), now=0)
    s.invalid("code_expired", "a millisecond late", code=text, now=NOW + 1)
    for comment, wrong in {
        "empty": "", "short": text[:-2], "longer": text + "AA", "one letter": ("B" if text[0] != "B" else "C") + text[1:],
        "digit that is none": text.replace(text[3], "1"), "two swapped": text[:10] + text[11] + text[10] + text[12:],
    }.items():  # fmt: skip
        s.invalid("code_mistyped", comment, code=wrong, now=NOW)
    return s


def macs() -> Suite:
    """Spec 7.3, 7.4."""
    s = Suite("macs", "7.3, 7.4", run.mac)
    enrol = bytes(range(50, 82))
    signing, exchange = thumbprint(okp("device").public()), thumbprint(rsa("device_exchange").public())
    ticket = {"id": TICKET, "type": "device", "expires": NOW, "uses": 2, "redemptions": 2}
    secret = enrolment.ticket_secret(enrol, TICKET, "device", NOW, 2)
    mac = enrolment.enrolment_mac(secret, ACCOUNT, TICKET, "device", signing, exchange)
    base = {
        "enrol": b64encode(enrol),
        "ticket": ticket,
        "account": ACCOUNT,
        "signing": signing,
        "exchange": exchange,
        "mac": mac,
        "redeemed": NOW,
    }
    s.valid("right", **base)
    for comment, change in {
        "keys swapped by the server": {"signing": thumbprint(okp("stranger").public())}, "exchange key swapped": {"exchange": sha256(b"x")},
        "another account": {"account": OTHER}, "no MAC": {"mac": ""}, "later expiry": {"ticket": {**ticket, "expires": NOW + 1}},
        "more uses": {"ticket": {**ticket, "uses": 3}}, "other type": {"ticket": {**ticket, "type": "member"}},
        "other ticket": {"ticket": {**ticket, "id": OTHER}},
    }.items():  # fmt: skip
        s.invalid("enrolment_forged", comment, **{**base, **change})
    s.invalid("code_expired", "redeemed late", **{**base, "redeemed": NOW + 1})
    s.invalid("ticket_spent", "redeemed too often", **{**base, "ticket": {**ticket, "redemptions": 3}})
    return s
