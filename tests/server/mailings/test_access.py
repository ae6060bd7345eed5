"""Who makes mailings, whose numbers are in a report, and what is no mailing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.server.alerts.scene import HOUR_MS, Scene, utc
from tests.server.company import Clock, Owner, Site, code_of
from tests.server.guests import Guest, come_in
from tests.server.ingest.support import identifier, token
from tests.server.mail.server import Mailbox
from tests.server.mailings.letters import ORIGIN, make, running, tables, turn

from reteamz.server.mailings.send import NO_DEPARTMENT, NO_MEMBER
from reteamz.wire.mailings import MAILINGS_MOST

MORNING = utc("2025-10-09 07:00")
FIRST = utc("2025-10-10 05:00")


@pytest.fixture
def scene(tmp_path: Path, box: Mailbox) -> Iterator[Scene]:
    """Return a company where Ann sells for an hour, Bob builds for two, and Cec, in no department, works for four."""
    with running(tmp_path / "data", Clock(utc("2025-10-09 04:00")), box) as site:
        made = Scene(site, Owner("acme").sign_up(site))
        made.rule("first_use", field="app")
        site.clock.ms = utc("2025-10-09 12:00")
        for name, hours in (("ann", 1), ("bob", 2), ("cec", 4)):
            made.tell(name, MORNING, hours * HOUR_MS, app=f"{name}'s tool", on=f"{name}'s")
        yield made


def managed(scene: Scene) -> tuple[Guest, str, str]:
    """Return a manager of sales and building, and both departments."""
    sales, building = scene.department("Sales", "ann"), scene.department("Building", "bob")
    assert len(scene.turn()) == 3
    return come_in(scene.site, scene.owner, "mia", departments=[sales, building]), sales, building


def follow(scene: Scene, guest: Guest, **entry: Any) -> None:
    """Sign the next roster with a manager who changed."""
    scene.owner.log_in(scene.site)
    scene.owner.next(members=[*scene.owner.members[:-1], guest.entry(**entry)])
    assert scene.owner.post(scene.site).status_code == 201


def people(box: Mailbox) -> list[tuple[str, ...]]:
    return [row[:2] for row in tables(box.text()).get("People", [])]


def test_a_manager_s_report_follows_their_departments(scene: Scene, box: Mailbox) -> None:
    guest, sales, building = managed(scene)
    guest.log_in(scene.site)
    make(scene.site)
    turn(scene.site, FIRST)
    ann, bob = (scene.entry("person", name) for name in ("ann", "bob"))
    assert box.recipients == [guest.email]
    assert people(box) == [(bob, "2 h 00 min"), (ann, "1 h 00 min")]
    assert ("Alerts", "2", "0 before") in tables(box.text())["Totals"], "those of Ann and Bob"
    assert "the people of your departments." in box.text()
    assert scene.entry("person", "cec") not in box.text()
    follow(scene, guest, departments=[sales])
    turn(scene.site, FIRST + HOUR_MS)
    assert len(box.mails) == 1
    guest.log_in(scene.site)
    (mailing,) = scene.site.told("/api/mailings")
    assert scene.site.call("POST", f"/api/mailings/{mailing['id']}/send").status_code == 204
    turn(scene.site)
    assert people(box) == [(ann, "1 h 00 min")]
    assert ("Alerts", "1", "0 before") in tables(box.text())["Totals"]
    follow(scene, guest, departments=[])
    turn(scene.site, FIRST + 24 * HOUR_MS)
    assert "Nothing was recorded in this time." in box.text()
    assert building not in box.text()


def test_one_department_alone(scene: Scene, box: Mailbox) -> None:
    guest, sales, building = managed(scene)
    make(scene.site, department=sales)
    turn(scene.site, FIRST)
    assert people(box) == [(scene.entry("person", "ann"), "1 h 00 min")]
    assert ("Alerts", "1", "0 before") in tables(box.text())["Totals"]
    assert f"the department {token('label', 'Sales')}." in box.text()
    assert f"{ORIGIN}/people?from=2025-10-09&to=2025-10-09&department={sales}" in box.text()
    guest.log_in(scene.site)
    make(scene.site, department=building)
    follow(scene, guest, departments=[sales])
    turn(scene.site, FIRST + 24 * HOUR_MS)
    assert box.recipients == [scene.owner.email] * 2
    told = next(one for one in scene.site.told("/api/mailings") if one["email"] == guest.email)
    assert (told["state"], told["reason"], told["first"]) == ("failed", NO_DEPARTMENT, "2025-10-10")
    assert told["next"] == FIRST + 48 * HOUR_MS
    assert scene.site.call("DELETE", f"/api/departments/{sales}").status_code == 204
    assert [one["email"] for one in scene.site.told("/api/mailings")] == [guest.email], "it goes with its department"


@pytest.mark.parametrize("entry", [{"role": "employee"}, {"state": "removed"}])
def test_who_is_no_manager_any_more_gets_nothing(scene: Scene, box: Mailbox, entry: dict[str, Any]) -> None:
    guest, _, _ = managed(scene)
    guest.log_in(scene.site)
    make(scene.site)
    follow(scene, guest, departments=[], **entry)
    turn(scene.site, FIRST)
    assert box.mails == []
    told = scene.site.told("/api/mailings")
    assert [one["reason"] for one in told] == ([NO_MEMBER] if "role" in entry else [])


def test_an_owner_sees_all_and_a_manager_their_own(scene: Scene, box: Mailbox) -> None:
    guest, sales, building = managed(scene)
    owners = make(scene.site, "weekly", weekday=4)
    guest.log_in(scene.site)
    theirs = make(scene.site, department=sales)
    assert [one["id"] for one in scene.site.told("/api/mailings")] == [theirs["id"]]
    for method, path, body in (
        ("PUT", "", {"rhythm": "daily"}), ("DELETE", "", None), ("POST", "/send", None),
    ):  # fmt: skip
        for strange in (owners["id"], identifier("none")):
            assert code_of(scene.site.call(method, f"/api/mailings/{strange}{path}", body)) == (404, "not_found")
    page = scene.site.page("/reports").text
    assert scene.owner.email not in page
    assert "to you" in page
    assert (
        code_of(scene.site.call("POST", "/api/mailings", {"rhythm": "daily", "department": identifier("x")}))[0] == 404
    )
    scene.owner.log_in(scene.site)
    refused = [entry["action"] for entry in scene.site.told("/api/audit")["entries"] if entry["member"] == guest.member]
    assert refused.count("mailing_refused") == 6
    assert refused.count("department_refused") == 1
    assert {one["email"]: one["own"] for one in scene.site.told("/api/mailings")} == {
        scene.owner.email: True,
        guest.email: False,
    }
    where = f"/api/mailings/{theirs['id']}"
    assert code_of(scene.site.call("POST", f"{where}/send")) == (403, "forbidden")
    cad = scene.department("Cad")
    assert code_of(scene.site.call("PUT", where, {"rhythm": "daily", "department": cad})) == (400, "input_invalid")
    paused = scene.site.call("PUT", where, {"rhythm": "daily", "department": sales, "enabled": False})
    assert (paused.status_code, paused.json()["email"]) == (200, guest.email)
    assert scene.site.call("DELETE", where).status_code == 204
    assert building not in str(scene.site.told("/api/mailings"))


def test_another_account_s_is_not_there(scene: Scene) -> None:
    made = make(scene.site)
    Owner("other").sign_up(scene.site)
    assert scene.site.told("/api/mailings") == []
    assert code_of(scene.site.call("DELETE", f"/api/mailings/{made['id']}")) == (404, "not_found")
    assert "mailing_refused" in {one["action"] for one in scene.site.told("/api/audit")["entries"]}


def test_employees_make_none(scene: Scene) -> None:
    guest = come_in(scene.site, scene.owner, "ann", role="employee", person=scene.id("person", "ann"))
    guest.log_in(scene.site)
    assert code_of(scene.site.call("POST", "/api/mailings", {"rhythm": "daily"})) == (403, "forbidden")
    assert scene.site.client.get("/api/mailings").status_code == 403
    answer = scene.site.page("/reports")
    assert (answer.status_code, "Not for you" in answer.text) == (403, True)
    assert 'href="/reports"' not in scene.site.page("/my-day").text


def test_a_report_is_a_look_at_its_people(scene: Scene, box: Mailbox) -> None:
    guest, _, _ = managed(scene)
    guest.log_in(scene.site)
    make(scene.site)
    turn(scene.site, FIRST)
    scene.owner.log_in(scene.site)
    come_in(scene.site, scene.owner, "ann", role="employee", person=scene.id("person", "ann")).log_in(scene.site)
    looks = scene.site.told("/api/looks?since=2025-10-09")["looks"]
    assert ("reports", guest.member) in {(look["page"], look["member"]) for look in looks}


@pytest.mark.parametrize(
    "body",
    [
        {}, {"rhythm": "hourly"}, {"rhythm": "monthly", "day": 29}, {"rhythm": "monthly", "day": 0}, {"rhythm": "weekly", "weekday": 7},
        {"rhythm": "daily", "hour": 24}, {"rhythm": "daily", "hour": -1}, {"rhythm": "daily", "hour": 7.5},
        {"rhythm": "daily", "department": "Sales"}, {"rhythm": "daily", "to": "x@evil.example"}, [], None,
    ],
)  # fmt: skip
def test_what_is_no_mailing(site: Site, owner: Owner, body: object) -> None:
    assert code_of(site.call("POST", "/api/mailings", body)) == (400, "input_invalid")
    assert site.told("/api/mailings") == []


def test_there_is_an_end_to_mailings(site: Site, owner: Owner) -> None:
    for _ in range(MAILINGS_MOST):
        make(site)
    refused = site.call("POST", "/api/mailings", {"rhythm": "daily"})
    assert code_of(refused) == (400, "input_invalid")
    assert "delete one first" in refused.json()["message"]
