"""Rule sets on the server: who may post which, and who is given what."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.server.company import Computer, Owner, Site, code_of, jws, signing_key
from tests.server.ingest.support import NOW_MS, identifier, token

from reteamz.server.accounts.access import Viewer
from reteamz.server.rules.sets import post_rules, versions_since
from reteamz.wire.encoding import sha256
from reteamz.wire.errors import ReteamzError
from reteamz.wire.rules import Category, Override, Rule, RuleSet

EXCEL = Rule(2, ["title"], token("label", "Excel"), False)


def payload(owner: Owner, **changes: Any) -> RuleSet:
    whole = RuleSet(
        v=1, account=owner.account, version=1, prev="", issued=NOW_MS,
        categories=[Category(1, None, token("label", "Work"), 2), Category(2, 1, token("label", "Tables"), None)],
        rules=[EXCEL], overrides=[Override(identifier("sales"), 2, 1)],
    )  # fmt: skip
    return msgspec.structs.replace(whole, **changes)


def signed(owner: Owner, key: str = "settings", **changes: Any) -> str:
    return jws(signing_key(f"{owner.name}/{key}"), "reteamz-rules+1", payload(owner, **changes))


def post(site: Site, rules: str) -> Any:
    return site.call("POST", "/api/rules", {"rules": rules})


def refused(site: Site, rules: str) -> tuple[int, str]:
    return code_of(post(site, rules))


def test_a_set_and_the_next(site: Site, owner: Owner) -> None:
    assert site.told("/api/rules") == {"rules": []}
    first = signed(owner)
    assert post(site, first).json() == {"version": 1, "sha256": sha256(first.encode())}
    second = signed(owner, version=2, prev=sha256(first.encode()), rules=[])
    assert post(site, second).status_code == 201
    views = [
        {"version": version, "jws": text, "signer": msgspec.to_builtins(owner.settings)}
        for version, text in ((1, first), (2, second))
    ]
    assert site.told("/api/rules") == {"rules": views[1:]}
    assert site.told("/api/rules?since=0") == {"rules": views}
    assert site.told("/api/rules?since=1") == {"rules": views[1:]}
    assert site.told("/api/rules?since=2") == {"rules": []}
    actions = [(entry["action"], entry["subject"]) for entry in site.told("/api/audit")["entries"]]
    assert actions[:2] == [("rules_signed", "2"), ("rules_signed", "1")]


def test_what_does_not_follow_is_a_conflict(site: Site, owner: Owner) -> None:
    first = signed(owner)
    assert refused(site, signed(owner, version=2, prev=sha256(b"x"))) == (409, "rules_conflict")
    assert post(site, first).status_code == 201
    assert refused(site, first) == (409, "rules_conflict")
    assert refused(site, signed(owner, version=2, prev=sha256(b"x"))) == (409, "rules_conflict")
    assert refused(site, signed(owner, version=3, prev=sha256(first.encode()))) == (409, "rules_conflict")
    assert [rules["version"] for rules in site.told("/api/rules?since=0")["rules"]] == [1]


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("rules_refused", {"account": identifier("another")}),
        ("rules_refused", {"prev": sha256(b"x")}),
        ("rules_refused", {"categories": []}),
        ("rules_refused", {"rules": [Rule(9, [], token("label", "x"), False)]}),
        ("rules_refused", {"rules": [Rule(1, [], token("title", "x"), False)]}),
        ("rules_refused", {"rules": [Rule(1, [], token("label", "x", 2), False)]}),
        ("rules_refused", {"rules": [Rule(1, [], "label:Excel", False)]}),
        ("rules_refused", {"v": 2}),
        (
            "plain_refused",
            {"categories": [Category(1, None, "label:Work", 2)], "rules": [Rule(1, [], "label:Excel", False)], "overrides": []},
        ),
    ],
)  # fmt: skip
def test_what_is_no_rule_set_of_this_account(site: Site, owner: Owner, code: str, changes: dict[str, Any]) -> None:
    status = {"plain_refused": 403}.get(code, 400)
    assert refused(site, signed(owner, **changes)) == (status, code)
    assert site.told("/api/rules") == {"rules": []}


def test_only_by_ones_own_settings_key(site: Site, owner: Owner) -> None:
    assert refused(site, signed(owner, key="owner")) == (401, "signature_invalid")
    policy = jws(signing_key(f"{owner.name}/settings"), "reteamz-policy+1", payload(owner))
    assert refused(site, policy) == (400, "header_refused")
    site.become_nobody()
    assert refused(site, signed(owner)) == (401, "session_required")


def test_managers_need_the_right_and_sign_by_their_own_key(site: Site, owner: Owner) -> None:
    control = site.client.app.dependencies["control"].dependency()

    async def asked(*rights: Any) -> None:
        viewer = Viewer(owner.account, owner.member, "manager", rights=frozenset(rights))
        async with control.session() as session:
            await post_rules(session, viewer, signed(owner), NOW_MS)

    with site.client.portal() as portal:
        with pytest.raises(ReteamzError, match="forbidden"):
            portal.call(asked, "ratings")
        portal.call(asked, "settings")

    async def read_by_an_employee() -> None:
        async with control.session() as session:
            await versions_since(session, Viewer(owner.account, identifier("worker"), "employee"), None)

    with site.client.portal() as portal, pytest.raises(ReteamzError, match="forbidden"):
        portal.call(read_by_an_employee)


def test_plain_accounts_hold_plain_labels(site: Site) -> None:
    owner = Owner("open", mode="plain").sign_up(site)
    assert refused(site, signed(owner)) == (400, "rules_refused")
    plain = signed(
        owner, categories=[Category(1, None, "label:Work", 2)], rules=[Rule(1, [], "label:Excel", False)], overrides=[]
    )
    assert post(site, plain).status_code == 201


def test_encryption_ends_the_readable_versions(site: Site) -> None:
    owner = Owner("open", mode="plain").sign_up(site)
    plain: dict[str, Any] = {
        "categories": [Category(1, None, "label:Work", 2)],
        "rules": [Rule(1, [], "label:Canary 4711", False)],
        "overrides": [],
    }
    first = signed(owner, **plain)
    second = signed(owner, **plain, version=2, prev=sha256(first.encode()))
    assert [post(site, text).status_code for text in (first, second)] == [201, 201]
    owner.next(mode="encrypted", epoch=1)
    assert owner.post(site).status_code == 201
    third = {"version": 3, "prev": sha256(second.encode())}
    assert refused(site, signed(owner, **plain, **third)) == (403, "plain_refused")
    assert post(site, signed(owner, **third)).status_code == 201
    assert [rules["version"] for rules in site.told("/api/rules?since=0")["rules"]] == [3]


def test_a_poll_brings_the_newest_set_once(site: Site, owner: Owner, computer: Computer) -> None:
    assert computer.poll(site).json()["rules"] is None
    first = signed(owner)
    assert post(site, first).status_code == 201
    told = computer.poll(site).json()["rules"]
    assert told == {"version": 1, "jws": first, "signer": msgspec.to_builtins(owner.settings)}
    assert computer.poll(site, rules=1).json()["rules"] is None
    second = signed(owner, version=2, prev=sha256(first.encode()))
    assert post(site, second).status_code == 201
    assert computer.poll(site, rules=1).json()["rules"]["version"] == 2


def test_a_waiting_computer_is_told_no_rules(site: Site, owner: Owner) -> None:
    assert post(site, signed(owner)).status_code == 201
    waiting = Computer(owner, "waiting")
    assert waiting.enroll(site, owner.make_ticket(site)).status_code == 200
    assert waiting.poll(site).json()["rules"] is None
