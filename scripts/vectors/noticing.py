"""The suite about notices in batches, and a journal with some."""

from __future__ import annotations

import json
from typing import Any, get_args

import msgspec
from scripts.vectors import run
from scripts.vectors.cases import Suite
from scripts.vectors.trust import ACCOUNT, DEVICE, MASTER, NOW

from reteamz.crypto.tokens import TokenCipher
from reteamz.wire.batch import Batch, Notice, NoticeCode, RosterHead
from reteamz.wire.encoding import b64decode, sha256
from reteamz.wire.limits import BATCH_NOTICES

ROSTER = RosterHead(3, sha256(b"roster"))


def noticed(seq: int, prev: str, *told: Notice) -> Batch:
    """Return a batch of nothing but notices, in mode encrypted; token 0 is an application, token 1 a person."""
    cipher = TokenCipher(b64decode(MASTER), 1)
    tokens = [cipher.encrypt("app", "winword.exe"), cipher.encrypt("person", "Otti Marsh")]
    return Batch(1, ACCOUNT, DEVICE, seq, prev, 1, ROSTER, 5, "encrypted", tokens, [], [], list(told))


def notices() -> Suite:
    """Spec 17.1."""
    s = Suite("notices", "17.1", run.notices)
    codes: list[NoticeCode] = list(get_args(NoticeCode))
    whole = noticed(1, "", *(Notice(NOW + at, code, 1 if at % 2 else -1, at + 1) for at, code in enumerate(codes)))
    plain = msgspec.structs.replace(
        whole, mode="plain", epoch=0, roster=None, tokens=["app:winword.exe", "person:Otti Marsh"]
    )
    one = msgspec.to_builtins(Notice(NOW, "records_lost", 1, 1))
    for comment, batch in {
        "every code": whole,
        "in the clear": plain,
        "as many as may be": noticed(1, "", *whole.notices[:1] * BATCH_NOTICES),
        "none": noticed(1, ""),
        "largest numbers": noticed(1, "", Notice(2**53 - 1, "clock_jumped", -1, 2**53 - 1)),
    }.items():
        s.valid(comment, body=msgspec.json.encode(batch).decode())

    def wrong(comment: str, told: Any, code: str = "batch_malformed", **changes: Any) -> None:
        body = {**msgspec.to_builtins(whole), "notices": told, **changes}
        s.invalid(code, comment, body=json.dumps(body, separators=(",", ":")))

    wrong("an empty list", [])
    wrong("null", None)
    wrong("too many", [one] * (BATCH_NOTICES + 1), "batch_too_large")
    wrong("an unknown code", [{**one, "code": "all_is_well"}])
    wrong("none of them", [{**one, "count": 0}])
    wrong("half of one", [{**one, "count": 0.5}])
    wrong("more than numbers can say", [{**one, "count": 2**53}])
    wrong("before time began", [{**one, "at": -1}])
    wrong("an application as a person", [{**one, "person": 0}])
    wrong("a person that is not there", [{**one, "person": 2}])
    wrong("less than nobody", [{**one, "person": -2}])
    wrong("a name instead of an index", [{**one, "person": "Otti Marsh"}])
    wrong("an unknown member", [{**one, "text": "words"}])
    wrong("a member less", [{key: one[key] for key in ("at", "code", "person")}])
    wrong("a plain person in mode encrypted", [one], tokens=["app:winword.exe", "person:Otti Marsh"])
    wrong("a token in mode plain", [one], mode="plain")
    wrong(
        "in mode anonymous",
        [{**one, "person": -1}],
        mode="anonymous",
        tokens=[],
        epoch=0,
        roster=None,
        policy=0,
    )
    double = msgspec.json.encode(whole).decode()[:-1] + ',"notices":[' + json.dumps(one) + "]}"
    s.invalid("batch_malformed", "notices twice", body=double)
    void = {"mode": "void", "v": 1, "account": ACCOUNT, "device": DEVICE, "seq": 1, "prev": ""}
    refused = {"sha256": sha256(b"x"), "code": "clock_ahead"}
    s.invalid("batch_malformed", "in a void", body=json.dumps({**void, "refused": refused, "notices": [one]}))
    return s
