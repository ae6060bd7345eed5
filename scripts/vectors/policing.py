"""Suites about policies: what is trusted, and what is recorded under one."""

from __future__ import annotations

from typing import Any

import msgspec
from scripts.vectors import run
from scripts.vectors.cases import Suite
from scripts.vectors.trust import ACCOUNT, MASTER, NOW, OTHER, okp

from reteamz.crypto.keys import PrivateOkp
from reteamz.crypto.policy import NONE, person_hash, sign_policy
from reteamz.crypto.signing import sign_jws
from reteamz.crypto.tokens import TokenCipher, plain_entry
from reteamz.wire.encoding import b64decode, sha256
from reteamz.wire.jwk import thumbprint
from reteamz.wire.policy import (
    INHERITED,
    SCREENSHOT,
    Camera,
    DepartmentSettings,
    Exclusion,
    PersonSettings,
    PolicyHead,
    PolicySet,
    PolicyTree,
    Settings,
    Sound,
)

WORKDAYS: list[Any] = [[(540, 720), (780, 1020)]] * 5 + [[], [(0, 1440)]]
BANK = Exclusion(["title", "site"], "bank", True, "hide")
DOCTOR = Exclusion([], "^Dr\\.\\x20", False, "skip")


def _says(**changes: Any) -> Settings:
    return msgspec.structs.replace(INHERITED, **changes)


def _entry(text: str, epoch: int = 1) -> str:
    return TokenCipher(b64decode(MASTER), epoch).encrypt("label", text)


def _person(name: str) -> str:
    return person_hash(TokenCipher(b64decode(MASTER), 1).encrypt("person", name))


def _tree(**changes: Any) -> PolicyTree:
    tree = PolicyTree(
        settings=_says(urls=True, hours=WORKDAYS, exclusions=[BANK]),
        departments=[DepartmentSettings(OTHER, _says(detail="applications", idle_limit=60_000))],
        persons=[
            PersonSettings(_person("Otti Marsh"), OTHER, _says(detail="everything", records=["screenshot"], exclusions=[DOCTOR])),
            PersonSettings(_person("Ada Flint"), OTHER, None),
        ],
    )  # fmt: skip
    return msgspec.structs.replace(tree, **changes)


def _head(jws: str, version: int) -> PolicyHead:
    return PolicyHead(version, sha256(jws.encode()))


def _payload(**changes: Any) -> PolicySet:
    whole = PolicySet(
        v=1, account=ACCOUNT, version=1, prev="", issued=NOW, settings=INHERITED, departments=[], persons=[]
    )
    return msgspec.structs.replace(whole, **changes)


def _excluding(pattern: str, *fields: Any) -> Settings:
    return _says(exclusions=[Exclusion(list(fields), pattern, False, "hide")])


def policies() -> Suite:
    """Spec 16.1-16.6."""
    s = Suite("policies", "16.1-16.6", run.policies)
    settings, stranger = okp("settings"), okp("stranger")

    def inputs(
        *texts: str, mark: PolicyHead = NONE, signer: PrivateOkp = settings, trusted: PrivateOkp = settings
    ) -> Any:
        key = msgspec.to_builtins(signer.public())
        told = {"account": ACCOUNT, "signers": [sha256(b"x"), thumbprint(trusted.public())]}
        return {**told, "mark": msgspec.to_builtins(mark), "policies": [[text, key] for text in texts]}

    def signed(**changes: Any) -> str:
        return sign_jws(settings, "reteamz-policy+1", _payload(**changes))

    first = sign_policy(settings, ACCOUNT, NONE, NOW, _tree(), _entry)
    second = sign_policy(settings, ACCOUNT, _head(first, 1), NOW + 1, _tree(persons=[]), _entry)
    third = sign_policy(
        settings, ACCOUNT, _head(second, 2), NOW + 2, _tree(settings=INHERITED, departments=[], persons=[]), _entry
    )
    s.valid("first", **inputs(first))
    s.valid("all", **inputs(first, second, third))
    s.valid("one left out", **inputs(first, third))
    s.valid("a later one first", **inputs(second))
    s.valid("the same again", **inputs(first, second, second))
    s.valid("the remembered one", **inputs(second, mark=_head(second, 2)))
    s.valid("after the remembered one", **inputs(third, mark=_head(second, 2)))
    s.invalid("policy_rollback", "older", **inputs(first, second, first))
    s.invalid("policy_rollback", "older than remembered", **inputs(first, mark=_head(second, 2)))
    other = sign_policy(settings, ACCOUNT, _head(first, 1), NOW + 9, _tree(), _entry)
    s.invalid("policy_fork", "another of the same version", **inputs(first, second, other))
    s.invalid("policy_fork", "another than remembered", **inputs(other, mark=_head(second, 2)))
    s.invalid(
        "policy_fork",
        "does not follow",
        **inputs(sign_policy(settings, ACCOUNT, NONE, NOW + 5, _tree(), _entry), second),
    )
    s.invalid("policy_refused", "a stranger", **inputs(first, signer=stranger))
    s.invalid("policy_refused", "nobody's key any more", **inputs(first, trusted=stranger))
    s.invalid(
        "signature_invalid",
        "signed by a stranger",
        **inputs(sign_policy(stranger, ACCOUNT, NONE, NOW, _tree(), _entry)),
    )
    head, body, signature = first.split(".")
    altered = body[:-8] + ("A" if body[-8] != "A" else "B") + body[-7:]
    s.invalid("signature_invalid", "payload altered", **inputs(f"{head}.{altered}.{signature}"))
    s.invalid("header_refused", "rules instead", **inputs(sign_jws(settings, "reteamz-rules+1", _payload())))
    s.invalid("policy_refused", "another account's", **inputs(sign_policy(settings, OTHER, NONE, NOW, _tree(), _entry)))
    person = PersonSettings(_person("Otti Marsh"), None, None)
    department = DepartmentSettings(OTHER, INHERITED)
    for comment, changes in {
        "version 1 with one before": {"prev": sha256(b"x")}, "version 2 with none before": {"version": 2}, "version 0": {"version": 0},
        "a department twice": {"departments": [department, department]}, "a person twice": {"persons": [person, person]},
        "an unknown detail": {"settings": _says(detail="all")}, "an unknown kind": {"settings": _says(records=["radio"])},
        "a kind twice": {"settings": _says(records=["sound", "sound"])}, "six days": {"settings": _says(hours=WORKDAYS[:6])},
        "hours that overlap": {"settings": _says(hours=[[(60, 120), (110, 130)]] * 7)}, "an empty hour": {"settings": _says(hours=[[(60, 60)]] * 7)},
        "hours beyond the day": {"settings": _says(hours=[[(60, 1441)]] * 7)}, "hours backwards": {"settings": _says(hours=[[(120, 60)]] * 7)},
        "idle too soon": {"settings": _says(idle_limit=9_999)}, "pictures too often": {"settings": _says(screenshot=msgspec.structs.replace(SCREENSHOT, every_s=29))},
        "a blur of 51": {"settings": _says(screenshot=msgspec.structs.replace(SCREENSHOT, blur=51))}, "camera too rarely": {"settings": _says(camera=Camera(3601))},
        "sound longer than its interval": {"settings": _says(sound=Sound(30, 31))}, "a field twice": {"settings": _excluding(_entry("x"), "app", "app")},
        "an unknown field": {"settings": _excluding(_entry("x"), "person")}, "a plain pattern": {"settings": _excluding(plain_entry("label", "x"))},
        "a title as a pattern": {"settings": _excluding(TokenCipher(b64decode(MASTER), 1).encrypt("title", "x"))},
        "two epochs": {"settings": _excluding(_entry("x")), "departments": [DepartmentSettings(OTHER, _excluding(_entry("x", 2)))]},
        "201 exclusions": {"settings": _says(exclusions=[Exclusion([], _entry("x"), False, "hide")] * 201)},
    }.items():  # fmt: skip
        s.invalid("policy_refused", comment, **inputs(signed(**changes)))
    unknown = msgspec.json.encode({**msgspec.to_builtins(_payload()), "x": 1})
    s.invalid("policy_refused", "unknown member", **inputs(sign_jws(settings, "reteamz-policy+1", unknown)))
    absent = msgspec.json.encode(_payload()).replace(b'"meetings":null,', b"")
    s.invalid("policy_refused", "a member left out", **inputs(sign_jws(settings, "reteamz-policy+1", absent)))
    return s


def recorded() -> Suite:
    """Spec 16.2-16.4, 16.8."""
    s = Suite("recorded", "16.2-16.4, 16.8", run.recorded)
    tree = msgspec.to_builtins(_tree())
    windows = {
        "a letter": {"app": "Writer", "title": "Offer 4711", "site": "", "url": "", "doc": ""},
        "a page": {"app": "Browser", "title": "News", "site": "", "url": "https://User@News.example/a?b#c", "doc": ""},
        "a bank": {"app": "Browser", "title": "Northquay BANK", "site": "", "url": "", "doc": ""},
        "a bank's site": {"app": "Browser", "title": "Payments", "site": "bank.example", "url": "", "doc": ""},
        "a doctor": {"app": "Mail", "title": "Dr. Ash: your visit to the bank", "site": "", "url": "", "doc": ""},
        "nothing": {"app": "", "title": "", "site": "", "url": "", "doc": ""},
    }
    monday = 9 * 60
    for person in ("Otti Marsh", "Ada Flint", "Nobody"):
        for name, window in windows.items():
            s.valid(f"{person}: {name}", tree=tree, hashes=[_person(person)], minute=monday, seen=window)
    for comment, minute in {
        "the minute before": 539, "the last minute": 719, "lunch": 720, "after lunch": 780, "the evening": 1020, "Saturday": 5 * 1440 + 600,
        "Sunday's first": 6 * 1440, "Sunday's last": 7 * 1440 - 1,
    }.items():  # fmt: skip
        s.valid(comment, tree=tree, hashes=[], minute=minute, seen=windows["a letter"])
    for detail in ("off", "applications", "names", "everything"):
        some = msgspec.to_builtins(
            PolicyTree(settings=_says(detail=detail, records=["sound", "text"]), departments=[], persons=[])
        )
        s.valid(detail, tree=some, hashes=[], minute=0, seen=windows["a page"])
    return s
