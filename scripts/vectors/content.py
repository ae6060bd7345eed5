"""Suites about content: grants, sealed blobs, journals."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from scripts.vectors import run
from scripts.vectors.cases import Suite
from scripts.vectors.fixed import fixed
from scripts.vectors.noticing import ROSTER, noticed
from scripts.vectors.trust import ACCOUNT, DEVICE, MASTER, NOW, OTHER, okp, rsa

from reteamz.crypto import fingerprint, grant, jwe, sealing
from reteamz.crypto.signing import sign_batch, sign_jws
from reteamz.crypto.tokens import TokenCipher
from reteamz.wire.batch import Batch, Head, Lost, Notice, Refused, Restart, RosterHead, Void
from reteamz.wire.encoding import b64decode, b64encode, sha256
from reteamz.wire.grant import Grant
from reteamz.wire.jwk import thumbprint


def _grant(name: str, recipient: str = "device_exchange", inside: dict[str, Any] | None = None, **changes: Any) -> str:
    """Return a grant by the owner; ``inside`` changes the plaintext, ``changes`` what is signed."""

    def make() -> str:
        key = rsa(recipient).public()
        own = grant.AgentKeys(1, ACCOUNT, thumbprint(key), 2, MASTER, rsa("sealing").public())
        plain = msgspec.json.encode({**msgspec.to_builtins(own), **(inside or {})})
        header = {"alg": key.alg, "enc": "A256GCM", "typ": "reteamz-key+1"}
        text = jwe.encrypt_to(key, header, plain)
        signers = [thumbprint(okp("settings").public())]
        payload = Grant(1, ACCOUNT, thumbprint(key), ROSTER, 2, 5, signers, text)
        return sign_jws(okp("owner"), "reteamz-grant+1", msgspec.structs.replace(payload, **changes))

    return fixed(f"grant-{name}", make)


def grants() -> Suite:
    """Spec 8."""
    s = Suite("grants", "8", run.accept)
    owner = okp("owner").public()
    base: dict[str, Any] = {
        "owner": msgspec.to_builtins(owner), "pinned": b64encode(fingerprint.owner_fingerprint(owner)), "account": ACCOUNT,
        "exchange": msgspec.to_builtins(rsa("device_exchange")), "state": None,
    }  # fmt: skip
    good = _grant("good")
    first = s.valid("first", **base, grant=good)["state"]
    s.valid("the same again", **{**base, "state": first}, grant=good)
    s.valid("the next", **{**base, "state": first}, grant=_grant("next", seq=6))
    sha1 = {**base, "exchange": msgspec.to_builtins(rsa("device_exchange_sha1"))}
    s.valid("a key declared RSA-OAEP", **sha1, grant=_grant("sha1", "device_exchange_sha1"))
    stranger = okp("stranger").public()
    s.invalid("owner_mismatch", "the server's own key", **{**base, "owner": msgspec.to_builtins(stranger)}, grant=good)
    pinned = b64encode(fingerprint.owner_fingerprint(stranger))
    s.invalid("owner_mismatch", "another owner pinned", **{**base, "pinned": pinned}, grant=good)
    head, body, signature = good.split(".")
    s.invalid("signature_invalid", "payload altered", **base, grant=f"{head}.{_altered(body)}.{signature}")
    forged = fixed("grant-forged", lambda: sign_jws(okp("stranger"), "reteamz-grant+1", b64decode(body)))
    s.invalid("signature_invalid", "made by the server", **base, grant=forged)
    s.invalid(
        "header_refused", "a roster instead", **base, grant=sign_jws(okp("owner"), "reteamz-roster+1", b64decode(body))
    )
    s.invalid("grant_mismatch", "for another computer", **base, grant=_grant("other", "exchange"))
    s.invalid("grant_mismatch", "for another account", **{**base, "account": OTHER}, grant=good)
    s.invalid(
        "grant_mismatch", "another account inside", **base, grant=_grant("inside-account", inside={"account": OTHER})
    )
    s.invalid("grant_mismatch", "another epoch inside", **base, grant=_grant("inside-epoch", inside={"epoch": 3}))
    s.invalid(
        "grant_mismatch",
        "another recipient inside",
        **base,
        grant=_grant("inside-who", inside={"recipient": sha256(b"x")}),
    )
    s.invalid("grant_mismatch", "unknown member inside", **base, grant=_grant("inside-x", inside={"x": 1}))
    s.invalid("grant_mismatch", "no grant at all", **base, grant=sign_jws(okp("owner"), "reteamz-grant+1", b"{}"))
    for code, comment, changes in (
        ("grant_replayed", "older", {"seq": 4}), ("grant_replayed", "same number, other grant", {"seq": 5, "signers": []}),
        ("epoch_rollback", "older epoch", {"seq": 7, "epoch": 1}),
        ("roster_rollback", "older roster", {"seq": 7, "roster": RosterHead(2, sha256(b"old"))}),
        ("roster_fork", "another roster of the same version", {"seq": 7, "roster": RosterHead(3, sha256(b"fork"))}),
    ):  # fmt: skip
        s.invalid(code, comment, **{**base, "state": first}, grant=_grant(comment, **changes))
    swapped = json.loads(b64decode(body))
    inner = swapped["key"].split(".")
    for comment, change in {
        "alg RSA1_5": {"alg": "RSA1_5"},
        "alg RSA-OAEP": {"alg": "RSA-OAEP"},
        "zip": {"zip": "DEF"},
        "crit": {"crit": ["x"]},
    }.items():
        header = {**json.loads(b64decode(inner[0])), **change}
        key = ".".join([b64encode(json.dumps(header).encode()), *inner[1:]])
        text = sign_jws(okp("owner"), "reteamz-grant+1", json.dumps({**swapped, "key": key}).encode())
        s.invalid("header_refused", comment, **base, grant=text)
    return s


def _altered(part: str) -> str:
    return b64encode(b64decode(part).replace(b'"seq":5', b'"seq":9'))


def sealed() -> Suite:
    """Spec 5."""
    s = Suite("sealed", "5.1-5.4", run.sealed)
    context = sealing.Context(ACCOUNT, DEVICE, "screenshot", NOW, "image/webp")
    keys = {"1": msgspec.to_builtins(rsa("sealing"))}

    def blob(name: str, data: bytes, key: str = "sealing") -> str:
        return fixed(
            f"sealed-{name}",
            lambda: b64encode(sealing.seal(rsa(key).public(), 1, context, {"app": "winword.exe"}, data)),
        )

    inside: dict[str, Any] = msgspec.to_builtins(context)
    base = {"keys": keys, "context": inside}
    good = blob("good", b"picture")
    s.valid("opened", **base, blob=good)
    s.valid("empty", **base, blob=blob("empty", b""))
    caption = len(b'{"app":"winword.exe"}') + 8
    for total in (4095, 4096, 4097):
        s.valid(f"{total} bytes of content", **base, blob=blob(str(total), b"x" * (total - caption)))
    one = {"keys": {"1": msgspec.to_builtins(rsa("device_exchange_sha1"))}, "context": inside}
    s.valid("a key declared RSA-OAEP", **one, blob=blob("sha1", b"x", "device_exchange_sha1"))
    for comment, change in {
        "another account": {"account": OTHER}, "another device": {"device": OTHER}, "another kind": {"kind": "camera"},
        "another time": {"at": NOW + 1}, "another media type": {"media": "image/png"},
    }.items():  # fmt: skip
        s.invalid("blob_damaged", comment, keys=keys, context={**inside, **change}, blob=good)
    raw = b64decode(good)
    for comment, data in {
        "empty file": b"", "only a head": raw[:18], "cut": raw[:-1], "longer": raw + b"\0", "magic": b"RTZA" + raw[4:],
        "version": raw[:4] + b"\2" + raw[5:], "wrap byte": raw[:5] + b"\1" + raw[6:], "thumbprint": raw[:8] + bytes(8) + raw[16:],
        "wrapped key": raw[:20] + bytes([raw[20] ^ 1]) + raw[21:], "length of the key": raw[:16] + b"\xff\xff" + raw[18:],
        "tag": raw[:-1] + bytes([raw[-1] ^ 1]), "body of another": raw[:274] + b64decode(blob("empty", b""))[274:],
    }.items():  # fmt: skip
        s.invalid("blob_damaged", comment, **base, blob=b64encode(data))
    s.invalid("token_epoch_unknown", "epoch without a key", **base, blob=b64encode(raw[:6] + b"\0\2" + raw[8:]))
    s.invalid(
        "blob_damaged",
        "another sealing key",
        keys={"1": msgspec.to_builtins(rsa("sealing_2"))},
        context=inside,
        blob=good,
    )
    return s


def _journal() -> list[list[Any]]:
    """Return five good entries: two batches, a void, a restart after a loss, a batch."""
    cipher = TokenCipher(b64decode(MASTER), 1)
    entries: list[list[Any]] = []
    prev = ""

    def add(body: msgspec.Struct) -> None:
        nonlocal prev
        raw = msgspec.json.encode(body)
        entries.append([getattr(body, "seq"), raw.decode(), sign_batch(okp("device"), raw)])  # noqa: B009 - of three types
        prev = sha256(raw)

    def batch(seq: int, title: str) -> Batch:
        row = (-1, 0, NOW, 1000, 60, 0, -1, 1, -1, -1, 3, -1)
        names = [cipher.encrypt("app", "winword.exe"), cipher.encrypt("title", title)]
        return Batch(1, ACCOUNT, DEVICE, seq, prev, 1, ROSTER, 0, "encrypted", names, [row], [])

    add(batch(1, "one"))
    add(batch(2, "two"))
    add(Void(1, ACCOUNT, DEVICE, 3, prev, Refused(sha256(b"x"), "clock_ahead")))
    lost = Lost(3, prev)
    prev = sha256(b"the agent's own batch 5, which the server lost")
    add(Restart(1, ACCOUNT, DEVICE, 6, prev, lost))
    add(batch(7, "seven"))
    return entries


def device_entry() -> dict[str, Any]:
    """Return the device's entry of the roster."""
    return {
        "id": DEVICE, "state": "confirmed", "added": NOW, "signing": thumbprint(okp("device").public()),
        "exchange": thumbprint(rsa("device_exchange").public()), "alg": "RSA-OAEP-256", "last": None,
    }  # fmt: skip


def chains() -> Suite:
    """Spec 9, 10."""
    s = Suite("chains", "9, 10", run.chain)
    signing = msgspec.to_builtins(okp("device").public())
    base = {"account": ACCOUNT, "device": device_entry(), "signing": signing}
    entries = _journal()
    head = msgspec.to_builtins(Head(7, sha256(entries[-1][1].encode())))
    none = {"seq": 0, "sha256": ""}
    s.valid("whole", **base, entries=entries, head=head)
    s.valid("no journal", **base, entries=[], head=none)
    s.valid("without a restart", **base, entries=entries[:3], head=none)
    s.invalid("tail_withheld", "tail withheld", **base, entries=entries[:2], head=head)
    s.invalid("tail_withheld", "another head", **base, entries=entries, head={**head, "sha256": sha256(b"x")})
    s.invalid("batch_missing", "one left out", **base, entries=[entries[0], entries[2]], head=none)
    s.invalid("batch_missing", "the first left out", **base, entries=entries[1:], head=none)
    s.invalid("batch_missing", "one before a restart left out", **base, entries=[*entries[:2], *entries[3:]], head=none)
    s.invalid(
        "batch_reordered", "two swapped", **base, entries=[entries[0], [3, *entries[1][1:]], entries[2]], head=none
    )
    s.invalid("batch_reordered", "one twice", **base, entries=[entries[0], entries[0]], head=none)
    edited = [2, entries[1][1].replace(str(NOW), str(NOW + 60_000)), entries[1][2]]
    s.invalid("batch_forged", "time edited", **base, entries=[entries[0], edited], head=none)
    body = entries[1][1].encode()
    s.invalid(
        "batch_forged",
        "another device's key",
        **base,
        entries=[entries[0], [2, body.decode(), sign_batch(okp("other_device"), body)]],
        head=none,
    )
    theirs = body.replace(DEVICE.encode(), OTHER.encode())
    s.invalid(
        "batch_forged",
        "another device's batch",
        **base,
        entries=[entries[0], [2, theirs.decode(), sign_batch(okp("device"), theirs)]],
        head=none,
    )
    split = body.replace(json.loads(body)["prev"].encode(), sha256(b"x").encode())
    s.invalid(
        "batch_altered",
        "does not follow",
        **base,
        entries=[entries[0], [2, split.decode(), sign_batch(okp("device"), split)]],
        head=none,
    )
    odd = b'{"mode":"encrypted"}'
    s.invalid(
        "batch_altered",
        "not of the form",
        **base,
        entries=[[1, odd.decode(), sign_batch(okp("device"), odd)]],
        head=none,
    )
    raw = msgspec.json.encode(noticed(1, "", Notice(NOW, "records_lost", 1, 2)))
    told, signature = raw.decode(), sign_batch(okp("device"), raw)
    s.valid("nothing but notices", **base, entries=[[1, told, signature]], head=none)
    for comment, lie in {
        "a notice's count edited": told.replace('"count":2', '"count":1'),
        "a notice's code edited": told.replace("records_lost", "consent_given"),
        "a notice's person taken away": told.replace('"person":1', '"person":-1'),
        "notices left out": told[: told.index(',"notices"')] + "}",
        "a notice made up": told.replace('"count":2}', '"count":2},' + told[told.index("[{") + 1 : -2]),
    }.items():
        s.invalid("batch_forged", comment, **base, entries=[[1, lie, signature]], head=none)
    other = msgspec.to_builtins(okp("other_device").public())
    s.invalid("batch_forged", "another key than the roster's", **{**base, "signing": other}, entries=entries, head=none)
    return s
