"""Policies on the server: who may post which, and who is given what."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.server.company import Computer, Owner, Site, code_of, jws, signing_key
from tests.server.ingest.support import NOW_MS, identifier, token

from reteamz.server.accounts.access import Viewer
from reteamz.server.policies.versions import policies_since, post_policy
from reteamz.wire.encoding import sha256
from reteamz.wire.errors import ReteamzError
from reteamz.wire.policy import INHERITED, DepartmentSettings, Exclusion, PersonSettings, PolicySet, Settings


def says(**changes: Any) -> Settings:
    return msgspec.structs.replace(INHERITED, **changes)


def excluding(pattern: str) -> Settings:
    return says(exclusions=[Exclusion([], pattern, False, "hide")])


def payload(owner: Owner, **changes: Any) -> PolicySet:
    whole = PolicySet(
        v=1, account=owner.account, version=1, prev="", issued=NOW_MS, settings=excluding(token("label", "bank")),
        departments=[DepartmentSettings(identifier("sales"), says(detail="everything", records=["screenshot"]))],
        persons=[PersonSettings(sha256(b"ann"), identifier("sales"), None)],
    )  # fmt: skip
    return msgspec.structs.replace(whole, **changes)


def signed(owner: Owner, key: str = "settings", **changes: Any) -> str:
    return jws(signing_key(f"{owner.name}/{key}"), "reteamz-policy+1", payload(owner, **changes))


def post(site: Site, policy: str) -> Any:
    return site.call("POST", "/api/policies", {"policy": policy})


def refused(site: Site, policy: str) -> tuple[int, str]:
    return code_of(post(site, policy))


def test_a_policy_and_the_next(site: Site, owner: Owner) -> None:
    assert site.told("/api/policies") == {"policies": []}
    first = signed(owner)
    assert post(site, first).json() == {"version": 1, "sha256": sha256(first.encode())}
    second = signed(owner, version=2, prev=sha256(first.encode()), persons=[])
    assert post(site, second).status_code == 201
    views = [
        {"version": version, "jws": text, "signer": msgspec.to_builtins(owner.settings)}
        for version, text in ((1, first), (2, second))
    ]
    assert site.told("/api/policies") == {"policies": views[1:]}
    assert site.told("/api/policies?since=0") == {"policies": views}
    assert site.told("/api/policies?since=2") == {"policies": []}
    actions = [(entry["action"], entry["subject"]) for entry in site.told("/api/audit")["entries"]]
    assert actions[:2] == [("policy_signed", "2"), ("policy_signed", "1")]


def test_what_does_not_follow_is_a_conflict(site: Site, owner: Owner) -> None:
    first = signed(owner)
    assert refused(site, signed(owner, version=2, prev=sha256(b"x"))) == (409, "policy_conflict")
    assert post(site, first).status_code == 201
    assert refused(site, first) == (409, "policy_conflict")
    assert refused(site, signed(owner, version=2, prev=sha256(b"x"))) == (409, "policy_conflict")
    assert refused(site, signed(owner, version=3, prev=sha256(first.encode()))) == (409, "policy_conflict")
    assert [policy["version"] for policy in site.told("/api/policies?since=0")["policies"]] == [1]


@pytest.mark.parametrize(
    "changes",
    [
        {"account": identifier("another")},
        {"prev": sha256(b"x")},
        {"settings": says(detail="all")},
        {"settings": says(hours=[[]])},
        {"settings": excluding(token("title", "x"))},
        {"settings": excluding("label:bank")},
        {"settings": excluding(token("label", "x", 2))},
        {"persons": [PersonSettings("Ann", None, None)]},
        {"v": 2},
    ],
)
def test_what_is_no_policy_of_this_account(site: Site, owner: Owner, changes: dict[str, Any]) -> None:
    assert refused(site, signed(owner, **changes)) == (400, "policy_refused")
    assert site.told("/api/policies") == {"policies": []}


def test_only_by_ones_own_settings_key(site: Site, owner: Owner) -> None:
    assert refused(site, signed(owner, key="owner")) == (401, "signature_invalid")
    rules = jws(signing_key(f"{owner.name}/settings"), "reteamz-rules+1", payload(owner))
    assert refused(site, rules) == (400, "header_refused")
    site.become_nobody()
    assert refused(site, signed(owner)) == (401, "session_required")


def test_members_need_the_right(site: Site, owner: Owner) -> None:
    control = site.client.app.dependencies["control"].dependency()

    async def asked(*rights: Any) -> None:
        viewer = Viewer(owner.account, owner.member, "manager", rights=frozenset(rights))
        async with control.session() as session:
            await post_policy(session, viewer, signed(owner), NOW_MS)

    async def read(*rights: Any) -> None:
        viewer = Viewer(owner.account, identifier("worker"), "manager", rights=frozenset(rights))
        async with control.session() as session:
            await policies_since(session, viewer, None)

    with site.client.portal() as portal:
        for call in (asked, read):
            with pytest.raises(ReteamzError, match="forbidden"):
                portal.call(call, "ratings")
            portal.call(call, "settings")


def test_a_plain_account_has_no_policy(site: Site) -> None:
    owner = Owner("open", mode="plain").sign_up(site)
    assert refused(site, signed(owner)) == (400, "policy_refused")


def test_a_poll_brings_the_newest_policy_once(site: Site, owner: Owner, computer: Computer) -> None:
    assert computer.poll(site).json()["policy"] is None
    first = signed(owner)
    assert post(site, first).status_code == 201
    told = computer.poll(site).json()["policy"]
    assert told == {"version": 1, "jws": first, "signer": msgspec.to_builtins(owner.settings)}
    assert computer.poll(site, policy=1).json()["policy"] is None
    second = signed(owner, version=2, prev=sha256(first.encode()))
    assert post(site, second).status_code == 201
    assert computer.poll(site, policy=1).json()["policy"]["version"] == 2


def test_a_waiting_computer_is_told_no_policy(site: Site, owner: Owner) -> None:
    assert post(site, signed(owner)).status_code == 201
    waiting = Computer(owner, "waiting")
    assert waiting.enroll(site, owner.make_ticket(site)).status_code == 200
    assert waiting.poll(site).json()["policy"] is None
