"""Suites about erased history: tokens of plain entries, restatements, prunes, and chains with restatements in them."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from scripts.vectors import run
from scripts.vectors.cases import Suite
from scripts.vectors.content import device_entry
from scripts.vectors.noticing import ROSTER
from scripts.vectors.trust import ACCOUNT, DEVICE, MASTER, NOW, OTHER, okp

from reteamz.crypto.prune import NOTHING, TrustedPrune, sign_prune
from reteamz.crypto.signing import sign_batch, sign_jws
from reteamz.crypto.tokens import TokenCipher
from reteamz.wire.batch import Batch, Blob, Lost, Notice, Refused, Restart, RosterHead, Void
from reteamz.wire.encoding import b64decode, sha256
from reteamz.wire.jwk import thumbprint
from reteamz.wire.prune import Prune, PruneMark, restated

_ROW = (2, 0, NOW, 1000, 60, 0, -1, 1, -1, -1, 3, -1)
_PLAIN = ["app:winword.exe", 'title:"Größe" \\ 1\u2028\U0001f600', "person:Otti Marsh"]


def _plain(seq: int, prev: str, **changes: Any) -> Batch:
    whole = Batch(1, ACCOUNT, DEVICE, seq, prev, 0, None, 0, "plain", _PLAIN, [_ROW], [])
    return msgspec.structs.replace(whole, **changes)


def _bodies() -> list[msgspec.Struct]:
    """Return a journal: anonymous, plain, plain, a refused one, a restart after a loss, plain, and a batch with tokens."""
    cipher = TokenCipher(b64decode(MASTER), 1)
    row = (-1, 0, NOW, 1000, 0, -1, -1, -1, -1, -1, 0, -1)
    found: list[msgspec.Struct] = [Batch(1, ACCOUNT, DEVICE, 1, "", 0, None, 0, "anonymous", [], [row], [])]

    def head() -> str:
        return sha256(msgspec.json.encode(found[-1]))

    found.append(_plain(2, head()))
    found.append(_plain(3, head(), tokens=[], events=[]))
    found.append(Void(1, ACCOUNT, DEVICE, 4, head(), Refused(sha256(b"plain"), "plain_refused")))
    found.append(Restart(1, ACCOUNT, DEVICE, 7, sha256(b"lost"), Lost(4, head())))
    found.append(_plain(8, head()))
    blob = Blob(sha256(b"blob"), 5000, "screenshot", "image/webp", -1, NOW)
    tokens = [cipher.encrypt("app", "winword.exe"), cipher.encrypt("title", "after"), cipher.encrypt("person", "Otti")]
    found.append(Batch(1, ACCOUNT, DEVICE, 9, head(), 1, ROSTER, 0, "encrypted", tokens, [_ROW], [blob]))
    return found


def entry_tokens() -> Suite:
    """Spec 13.1."""
    s = Suite("entry-tokens", "13.1", run.entry_token)
    base = {"master": MASTER, "epoch": 1}
    for entry in (
        *_PLAIN,
        "app:WinWord.EXE",
        "site:Example.COM",
        "url:https://a@example.com/x#y",
        "title: \t",
        "label:a:b",
    ):
        s.valid(entry, **base, entry=entry)
    for entry in ("nothing:here", "title:", "no field", "rtz1.app.1.AAAA"):
        s.invalid("token_malformed", entry, **base, entry=entry)
    return s


def restatements() -> Suite:
    """Spec 13.2."""
    s = Suite("restatements", "13.2", run.restatement)
    for body in _bodies():
        text = msgspec.json.encode(body).decode()
        s.valid(type(body).__name__, body=text, prev=sha256(b"before"), master=MASTER, epoch=1)
    notices = [Notice(NOW, "consent_refused", 2, 1), Notice(NOW, "clock_jumped", -1, 3)]
    told = msgspec.json.encode(_plain(2, "", notices=notices)).decode()
    s.valid("with notices", body=told, prev=sha256(b"before"), master=MASTER, epoch=1)
    s.valid(
        "spaced",
        body=json.dumps(json.loads(msgspec.json.encode(_plain(2, ""))), indent=1),
        prev="",
        master=MASTER,
        epoch=2,
    )
    return s


def _restated() -> tuple[list[list[Any]], PruneMark]:
    """Return the journal once everything up to number 8 is restated, and its mark."""
    cipher = TokenCipher(b64decode(MASTER), 1)
    entries: list[list[Any]] = []
    prev, mark = "", None
    for body in _bodies():
        seq = getattr(body, "seq")  # noqa: B009 - of three types
        raw = msgspec.json.encode(body)
        if seq == 9:
            entries.append([seq, raw.decode(), sign_batch(okp("device"), raw)])
            continue
        again = restated(body, prev, cipher.token_of)  # type: ignore[arg-type]  # one of the three types
        prev = sha256(again)
        entries.append([seq, again.decode(), ""])
        mark = PruneMark(DEVICE, seq, sha256(raw), prev)
    assert mark is not None
    return entries, mark


def restated_chains() -> Suite:
    """Spec 13.4."""
    s = Suite("restated-chains", "13.4", run.chain)
    entries, mark = _restated()
    told = msgspec.to_builtins(mark)
    base = {"account": ACCOUNT, "device": device_entry(), "signing": msgspec.to_builtins(okp("device").public())}
    head = {"seq": 9, "sha256": sha256(entries[-1][1].encode())}
    none = {"seq": 0, "sha256": ""}
    at_mark = {"seq": mark.seq, "sha256": mark.sha256}
    s.valid("whole", **base, entries=entries, head=head, mark=told)
    s.valid("up to the mark", **base, entries=entries[:-1], head=at_mark, mark=told)
    s.invalid("batch_forged", "no prune", **base, entries=entries, head=head)
    s.invalid(
        "batch_forged",
        "more than the prune says",
        **base,
        entries=[*entries[:-1], [*entries[-1][:2], ""]],
        head=none,
        mark=told,
    )
    first = msgspec.json.decode(entries[0][1])
    early = {"id": DEVICE, "seq": 1, "sha256": sha256(b"x"), "restated": sha256(entries[0][1].encode())}
    s.invalid("batch_forged", "an old prune again", **base, entries=entries, head=head, mark=early)
    s.invalid("tail_withheld", "ends before the mark", **base, entries=entries[:3], head=none, mark=told)
    s.invalid(
        "batch_altered",
        "another restatement at the mark",
        **base,
        entries=entries,
        head=head,
        mark={**told, "restated": sha256(b"x")},
    )
    s.invalid(
        "batch_altered",
        "another batch at the mark",
        **base,
        entries=entries,
        head=head,
        mark={**told, "sha256": sha256(b"x")},
    )
    s.invalid("batch_altered", "past the mark", **base, entries=entries, head=head, mark={**told, "seq": 6})
    edited = [2, entries[1][1].replace(str(NOW), str(NOW + 1)), ""]
    s.invalid(
        "batch_altered", "a time edited", **base, entries=[entries[0], edited, *entries[2:]], head=head, mark=told
    )
    s.invalid("batch_missing", "one left out", **base, entries=[entries[0], *entries[2:]], head=head, mark=told)
    s.invalid("batch_reordered", "one twice", **base, entries=[entries[0], entries[0]], head=none, mark=told)
    theirs = [1, msgspec.json.encode({**first, "device": OTHER}).decode(), ""]
    s.invalid("batch_forged", "another device's", **base, entries=[theirs], head=none, mark=told)
    s.invalid("batch_altered", "not of the form", **base, entries=[[1, "{}", ""]], head=none, mark=told)
    return s


def prunes() -> Suite:
    """Spec 13.3, 13.4."""
    s = Suite("prunes", "13.3, 13.4", run.prune)
    settings = okp("settings")
    owner = thumbprint(settings.public())
    base = {"account": ACCOUNT, "owner": owner, "settings": msgspec.to_builtins(settings.public())}
    none = {"version": 0, "sha256": ""}
    mark = PruneMark(DEVICE, 5, sha256(b"signed"), sha256(b"restated"))
    first = sign_prune(settings, ACCOUNT, NOTHING, NOW, [mark])
    head = RosterHead(1, sha256(first.encode()))
    second = sign_prune(
        settings, ACCOUNT, TrustedPrune(head, {DEVICE: mark}), NOW, [PruneMark(OTHER, 1, sha256(b"a"), sha256(b"b"))]
    )
    told = msgspec.to_builtins(head)
    s.valid("nothing was erased", **base, prune=None, known=none)
    s.valid("the first", **base, prune=first, known=none)
    s.valid("the same again", **base, prune=first, known=told)
    s.valid("the next", **base, prune=second, known=told)
    s.invalid("prune_rollback", "none any more", **base, prune=None, known=told)
    s.invalid(
        "prune_rollback", "an older one", **base, prune=first, known={"version": 2, "sha256": sha256(second.encode())}
    )
    s.invalid(
        "prune_rollback", "another of the version", **base, prune=first, known={"version": 1, "sha256": sha256(b"x")}
    )
    s.invalid("prune_refused", "another account's", **{**base, "account": OTHER}, prune=first, known=none)
    s.invalid("prune_refused", "not the owner's key", **{**base, "owner": sha256(b"x")}, prune=first, known=none)
    s.invalid(
        "signature_invalid",
        "signed by another",
        **base,
        prune=sign_prune(okp("device"), ACCOUNT, NOTHING, NOW, [mark]),
        known=none,
    )
    payload = Prune(1, ACCOUNT, 1, "", NOW, [mark])

    def wrong(comment: str, code: str = "prune_refused", typ: Any = "reteamz-prune+1", **changes: Any) -> None:
        jws = sign_jws(settings, typ, msgspec.json.encode({**msgspec.to_builtins(payload), **changes}))
        s.invalid(code, comment, **base, prune=jws, known=none)

    wrong("a device twice", devices=msgspec.to_builtins([mark, mark]))
    wrong("the first after another", prev=sha256(b"x"))
    wrong("a later one after none", version=2)
    wrong("unknown member", more=1)
    wrong("number 0", devices=[{**msgspec.to_builtins(mark), "seq": 0}])
    wrong("a roster's type", code="header_refused", typ="reteamz-roster+1")
    return s
