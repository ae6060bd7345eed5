"""Members besides the owner: invited, confirmed, granted keys, removed; the ends' code against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.browser import PASSWORD
from tests.conftest import RealServer
from tests.web.conftest import now, record

from reteamz.agent.device import Device
from reteamz.crypto.rules import sign_rules
from reteamz.owner.client import Owner
from reteamz.owner.joining import Invited
from reteamz.owner.member import Member
from reteamz.owner.rules import fetch_rules, publish_rules
from reteamz.wire.accounts import DepartmentPost, DepartmentView, DictionaryEntries, PersonPut, PersonView
from reteamz.wire.errors import ReteamzError
from reteamz.wire.rules import Category, Rule, RulesHead, RulesPost, RuleTree

ANN, BEN = "Ann Archer", "Ben Bowman"


@pytest.fixture(scope="module")
def owner(server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    """An encrypted account in which two people worked."""
    made = Owner.sign_up(server.url, "members@company.example", PASSWORD, "Lamplight Works", now=now)
    folder = tmp_path_factory.mktemp("agents")
    record(made, folder / "ann", {"Plan for Ridgeway Looms": 3}, ANN)
    record(made, folder / "ben", {"Letter to Hollis Mill": 2}, BEN)
    yield made
    made.close()


def persons(owner: Owner) -> dict[str, int]:
    reader = owner.reader()
    rows = owner.connection.get("/api/people", list[PersonView])
    return {reader.replace(row.name).removeprefix("person:"): row.id for row in rows}


def come_in(owner: Owner, code: str, email: str) -> Member:
    """Join, be confirmed, and enter."""
    invited = Invited.join(code, email, PASSWORD, now)
    with pytest.raises(ReteamzError) as caught:
        invited.enter()
    assert caught.value.code == "member_waiting"
    owner.welcome([member for member in owner.members() if member.state == "waiting"])
    return invited.enter()


def names_of(member: Member) -> set[str]:
    reader = member.reader()
    entries = member.connection.get("/api/dictionary", DictionaryEntries).entries
    return {reader.replace(entry.text) for entry in entries}


def test_an_employee_reads_their_own_names_and_no_others(owner: Owner, server: RealServer) -> None:
    member = come_in(owner, owner.invite("employee", person=persons(owner)[ANN]), "ann@company.example")
    assert names_of(member) == {ANN, "winword.exe", "Plan for Ridgeway Looms"}
    assert member.bundle.keyring.keys() == {"1"}
    assert member.bundle.keyring["1"].sealing is None
    member.close()
    again = Member.log_in(server.url, "ann@company.example", PASSWORD, now)
    assert again.bundle.grant is not None
    assert names_of(again) == {ANN, "winword.exe", "Plan for Ridgeway Looms"}
    with pytest.raises(ReteamzError) as caught:
        again.connection.get("/api/people", list[PersonView])
    assert caught.value.code == "forbidden"
    again.change_password(PASSWORD, "another horse, another battery")
    again.close()
    Member.log_in(server.url, "ann@company.example", "another horse, another battery", now).close()


def test_a_manager_reads_their_department_and_opens_what_is_sealed_with_the_right(owner: Owner) -> None:
    sales = owner.connection.post("/api/departments", DepartmentPost(owner.entry("label", "Sales")), DepartmentView).id
    owner.connection.send("PUT", f"/api/people/{persons(owner)[BEN]}", PersonPut(sales))
    code = owner.invite("manager", departments=[sales], rights=["sealed", "ratings"], label="Mia Keane")
    member = come_in(owner, code, "mia@company.example")
    assert names_of(member) == {BEN, "winword.exe", "Letter to Hollis Mill"}
    assert member.bundle.keyring["1"].sealing == owner.bundle.keyring["1"].sealing
    view = member.view()
    assert (view.role, view.rights) == ("manager", ["ratings", "sealed"])
    (told,) = [one for one in owner.members() if one.email == "mia@company.example"]
    assert owner.reader().replace(told.label) == "Mia Keane"
    member.close()


def test_a_removed_member_is_out_at_once_and_may_be_invited_again(owner: Owner, server: RealServer) -> None:
    email = "gone@company.example"
    member = come_in(owner, owner.invite("manager", label="Gone"), email)
    member.view()
    owner.remove_member(member.bundle.member)
    with pytest.raises(ReteamzError) as caught:
        member.view()
    assert caught.value.code == "session_required"
    with pytest.raises(ReteamzError) as caught:
        Member.log_in(server.url, email, PASSWORD, now)
    assert caught.value.code == "login_failed"
    member.close()
    come_in(owner, owner.invite("manager", label="Back"), email).close()


@pytest.mark.parametrize("between", [False, True], ids=["renewed", "signed-between"])
def test_computers_follow_whoever_may_sign_and_nobody_who_was_removed(
    server: RealServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, between: bool
) -> None:
    """A computer that was confirmed long before takes a new manager's rules. With the removal the owner signs them again; what came in between
    is followed by nobody, and the owner is not locked out.
    """
    owner = Owner.sign_up(server.url, f"signers-{between}@company.example", PASSWORD, "Lamplight Works", now=now)
    if between:
        monkeypatch.setattr("reteamz.owner.client.renew_rules_of", lambda *_: None)
    record(owner, tmp_path / "agent", {"Ledger": 1}, ANN)
    before = fetch_rules(owner)
    manager = come_in(
        owner, owner.invite("manager", rights=["settings"], label="Signer"), f"signer-{between}@company.example"
    )
    settings = manager.bundle.settings
    tree = RuleTree(categories=[Category(1, None, "Work", 2)], rules=[Rule(1, [], "ledger", True)], overrides=[])
    jws = sign_rules(settings, owner.account, before.head, now(), tree, lambda text: owner.entry("label", text))
    manager.connection.post("/api/rules", RulesPost(jws), RulesHead)
    with httpx.Client() as http:
        device = Device.open(tmp_path / "agent", http, now)
        device.sync.poll_once()
        assert (device.trust.rules, device.sync.rules_problem) == (1, None)
        owner.remove_member(manager.bundle.member)
        device.sync.poll_once()
        assert device.trust.rules == (0 if between else 2)
        if between:
            with pytest.raises(ReteamzError) as caught:
                fetch_rules(owner)
            assert caught.value.code == "rules_refused"
            assert publish_rules(owner, tree, now()).head.version == 2
            device.sync.poll_once()
        assert (device.trust.rules, device.sync.rules_problem) == (2, None)
        device.close()
    manager.close()
    owner.close()


def test_a_code_is_used_once_and_only_for_members(owner: Owner, tmp_path: Path) -> None:
    code = owner.invite("manager", label="Once")
    Invited.join(code, "once@company.example", PASSWORD, now).connection.close()
    with pytest.raises(ReteamzError) as caught:
        Invited.join(code, "twice@company.example", PASSWORD, now)
    assert caught.value.code == "ticket_spent"
    with pytest.raises(ReteamzError) as caught:
        Invited.join(owner.enrolment_code(), "computer@company.example", PASSWORD, now)
    assert caught.value.code == "ticket_unknown"
    (waiting,) = [one for one in owner.members() if one.state == "waiting"]
    owner.connection.send("POST", f"/api/members/{waiting.id}/refuse")
    assert waiting.id not in {one.id for one in owner.members()}


def test_encryption_enabled_later_reaches_members_at_their_next_log_in(server: RealServer, tmp_path: Path) -> None:
    owner = Owner.sign_up(server.url, "plain@company.example", PASSWORD, "Lamplight Works", mode="plain", now=now)
    record(owner, tmp_path, {"In the clear": 1}, ANN)
    code = owner.invite("employee", person=persons(owner)[ANN])
    member = come_in(owner, code, "plain-ann@company.example")
    assert (member.epoch, member.bundle.keyring) == (0, {})
    assert "In the clear" in {text.partition(":")[2] for text in names_of(member)}
    owner.enable_encryption()
    with httpx.Client() as http:
        device = Device.open(tmp_path, http, now)
        assert device.sync.poll_once() == "confirmed"
        assert device.mode == "encrypted"
        device.close()
    member.close()
    again = Member.log_in(server.url, "plain-ann@company.example", PASSWORD, now)
    assert again.epoch == 1
    assert again.bundle.keyring["1"].master == owner.bundle.keyring["1"].master
    again.close()
    owner.close()
