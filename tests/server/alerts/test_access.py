"""Who sees which alerts, who makes which rules, and that ingestion does not wait for either."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select
from tests.server.alerts.scene import HOUR_MS, MINUTE_MS, Scene, in_loop, part, utc
from tests.server.company import Computer, Owner, Site, code_of
from tests.server.guests import come_in
from tests.server.ingest.support import identifier, token

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Member
from reteamz.server.alerts import feed, rules
from reteamz.server.looks.tables import Look
from reteamz.wire.alerts import AlertRulePut, AlertsSeen, Fork, Silent
from reteamz.wire.errors import ReteamzError

MORNING = utc("2025-10-09 07:00")


@pytest.fixture
def filled(scene: Scene) -> Scene:
    """Return a scene where Ann sells, Bob builds, Cec is in no department, and all three use the same program for long."""
    for name in ("ann", "bob", "cec"):
        scene.tell(name, MORNING, 2 * HOUR_MS, app="mail", on=f"{name}'s")
    return scene


class Looking:
    """Looks as a manager: managers cannot log in here, for the ends that make their keys are not importable."""

    def __init__(self, scene: Scene, departments: list[str], *rights: str) -> None:
        self.site = scene.site
        account = scene.owner.account
        self.viewer = Viewer(account, identifier("manager"), "manager", frozenset(departments), frozenset(rights))  # type: ignore[arg-type]  # rights are spelt out

    def do(self, work: Any, *arguments: Any) -> Any:
        control = part(self.site, "control")

        async def run() -> Any:
            async with control.session() as session:
                return await work(session, self.viewer, *arguments)

        return in_loop(self.site, run())

    def alerts(self) -> list[tuple[str, str]]:
        rows = self.do(feed.feed, part(self.site, "activity"), 1).rows
        return sorted((row.kind, row.person_name) for row in rows)


def test_a_department_s_rule_speaks_of_its_people(filled: Scene) -> None:
    sales = filled.department("Sales", "ann")
    filled.rule("name", name=filled.id("app", "mail"), amount=60, department=sales)
    assert [row["person_name"] for row in filled.turn()] == [filled.entry("person", "ann")]
    filled.site.clock.ms += MINUTE_MS
    filled.place("bob", sales)
    assert len(filled.turn()) == 2, "who comes into the department is looked at"


def test_managers_see_alerts_of_their_departments(filled: Scene) -> None:
    sales, works = filled.department("Sales", "ann"), filled.department("Works", "bob")
    filled.rule("name", name=filled.id("app", "mail"), amount=60)
    filled.rule("rating", rating=3, amount=60, department=works)
    filled.rule("silent", hours=1, department=sales)
    assert len(filled.turn(filled.site.clock.ms + 2 * HOUR_MS)) == 5
    ann, bob = filled.entry("person", "ann"), filled.entry("person", "bob")
    assert Looking(filled, [sales]).alerts() == [("name", ann), ("silent", "")]
    assert Looking(filled, [works]).alerts() == [("name", bob), ("rating", bob)]
    assert Looking(filled, []).alerts() == []
    manager = Looking(filled, [sales])
    assert manager.do(feed.unseen_of) == 2
    listed = manager.do(rules.rule_views, part(filled.site, "activity"))
    assert [(one.department, one.may_change) for one in listed] == [(sales, False)]
    employee = Looking(filled, [sales])
    employee.viewer = Viewer(filled.owner.account, identifier("employee"), "employee")
    assert employee.do(feed.unseen_of) == 0
    for work in ((feed.feed, part(filled.site, "activity"), 1), (rules.rule_views, part(filled.site, "activity"))):
        with pytest.raises(ReteamzError) as refused:
            employee.do(*work)
        assert refused.value.code == "forbidden"


def test_each_member_sees_for_themselves(filled: Scene) -> None:
    sales = filled.department("Sales", "ann")
    filled.rule("name", name=filled.id("app", "mail"), amount=60)
    newest, *_, oldest = filled.turn()
    assert filled.site.told("/api/alerts/unseen") == {"unseen": 3}
    assert filled.site.told("/api/account")["alerts"] == 3
    assert filled.site.call("POST", "/api/alerts/seen", {"ids": [oldest["id"], 999]}).status_code == 204
    assert filled.site.told("/api/alerts/unseen") == {"unseen": 2}
    assert [row["seen"] for row in filled.turn()] == [False, False, True]
    assert Looking(filled, [sales]).do(feed.unseen_of) == 1
    control = part(filled.site, "control")

    async def join() -> None:
        async with control.session() as session:
            row = await session.get_one(Member, filled.owner.member)
            fields = {column.name: getattr(row, column.name) for column in Member.__table__.columns}
            session.add(
                Member(**fields | {"id": identifier("manager"), "email": "m@company.example", "role": "manager"})
            )

    in_loop(filled.site, join())
    manager = Looking(filled, [sales])
    manager.do(feed.mark_seen, AlertsSeen(until=newest["id"]))
    assert manager.do(feed.unseen_of) == 0
    assert filled.site.told("/api/alerts/unseen") == {"unseen": 2}
    assert filled.site.call("POST", "/api/alerts/seen", {"until": newest["id"]}).status_code == 204
    assert filled.site.told("/api/alerts/unseen") == {"unseen": 0}


def test_who_is_in_the_feed_can_tell_who_looked(filled: Scene) -> None:
    filled.rule("name", name=filled.id("app", "mail"), amount=60, department=filled.department("Sales", "ann"))
    filled.turn()
    control = part(filled.site, "control")

    async def looked() -> list[tuple[str, str]]:
        async with control.session() as session:
            rows = await session.scalars(select(Look).where(Look.page == "alerts", Look.scope == "person"))
            return [(row.member, row.subject) for row in rows]

    assert in_loop(filled.site, looked()) == [(filled.owner.member, str(filled.id("person", "ann")))]


def test_managers_make_rules_for_their_departments_with_the_right_to(filled: Scene) -> None:
    sales, works = filled.department("Sales", "ann"), filled.department("Works", "bob")
    activity = part(filled.site, "activity")
    name = token("label", "x")
    theirs = AlertRulePut(name=name, department=sales, kind=Silent(hours=1), hook="https://chat.example/1")
    with pytest.raises(ReteamzError) as refused:
        Looking(filled, [sales]).do(rules.add_rule, activity, theirs, 0)
    assert refused.value.code == "forbidden"
    manager = Looking(filled, [sales], "settings")
    with pytest.raises(ReteamzError) as refused:
        manager.do(rules.add_rule, activity, AlertRulePut(name=name, kind=Fork()), 0)
    assert refused.value.code == "forbidden"
    with pytest.raises(ReteamzError) as refused:
        manager.do(
            rules.add_rule,
            activity,
            AlertRulePut(name=name, department=sales, kind=Fork(), mail=[filled.owner.member]),
            0,
        )
    assert refused.value.code == "input_invalid", "mail to others is the owner's"
    made = manager.do(rules.add_rule, activity, theirs, 0).id
    others = filled.rule("fork", department=works)
    for rule in (others, filled.rule("fork"), identifier("none")):
        with pytest.raises(ReteamzError) as refused:
            manager.do(rules.remove_rule, rule, 0)
        assert refused.value.code == "not_found"
    manager.do(rules.change_rule, activity, made, AlertRulePut(name=name, department=sales, kind=Silent(hours=2)), 0)
    manager.do(rules.remove_rule, made, 0)
    assert Looking(filled, [works], "settings").do(rules.rule_views, activity)[0].id == others


def test_what_is_not_there_and_what_is_not_yours_look_alike(filled: Scene) -> None:
    site = filled.site
    rule = filled.rule("name", name=filled.id("app", "mail"), amount=60, hook="https://chat.example/1")
    alert = filled.turn()[0]
    Owner("other").sign_up(site)
    strange = Scene(site, Owner("other"))
    assert site.told("/api/alerts") == {"rows": [], "page": 1, "pages": 1, "count": 0, "unseen": 0}
    assert site.told("/api/alert-rules") == []
    body = strange.body("fork")
    assert code_of(site.call("PUT", f"/api/alert-rules/{rule}", body)) == (404, "not_found")
    assert code_of(site.call("DELETE", f"/api/alert-rules/{rule}")) == (404, "not_found")
    assert code_of(site.call("POST", f"/api/alerts/deliveries/{alert['deliveries'][0]['id']}/again"))[0] == 404
    department = filled.owner.account
    assert code_of(site.call("POST", "/api/alert-rules", body | {"department": department})) == (404, "not_found")
    assert "department_refused" in {one["action"] for one in site.told("/api/audit")["entries"]}
    assert code_of(site.call("POST", "/api/alert-rules", strange.body("name", name=alert["name"], amount=1)))[0] == 404
    assert code_of(site.call("POST", "/api/alert-rules", strange.body("fork", mail=[filled.owner.member])))[0] == 400


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("rating", {"rating": 4, "amount": 1}), ("rating", {"rating": 0, "amount": 1441}), ("rating", {"rating": 0}),
        ("rating", {"rating": 0, "amount": 101, "measure": "share"}), ("first_use", {"field": "title"}),
        ("idle", {"minutes": 0}), ("silent", {"hours": 0}), ("nothing", {}), ("fork", {"more": 1}),
        ("fork", {"quiet": {"begin": 1440, "end": 0}}), ("unconfirmed", {"minutes": 1, "department": "own"}),
    ],
)  # fmt: skip
def test_what_is_no_rule(scene: Scene, kind: str, parameters: dict[str, Any]) -> None:
    if parameters.get("department"):
        parameters = parameters | {"department": scene.department("Sales")}
    answer = scene.site.call("POST", "/api/alert-rules", scene.body(kind, **parameters))
    assert code_of(answer) == (400, "input_invalid")
    assert (
        code_of(scene.site.call("POST", "/api/alert-rules", scene.body("fork") | {"name": "label:Plain"}))[1]
        == "plain_refused"
    )
    assert scene.site.told("/api/alert-rules") == []


def test_a_removed_rule_and_a_removed_department_take_their_alerts_along(filled: Scene) -> None:
    sales = filled.department("Sales", "ann")
    filled.rule("rating", rating=3, amount=60, department=sales)
    rule = filled.rule("name", name=filled.id("app", "mail"), amount=60)
    assert len(filled.turn()) == 4
    assert filled.site.call("DELETE", f"/api/departments/{sales}").status_code == 204
    assert len(filled.turn()) == 3
    assert filled.site.call("DELETE", f"/api/alert-rules/{rule}").status_code == 204
    assert filled.turn() == []
    assert filled.site.told("/api/audit")["entries"][0]["action"] == "alert_rule_removed"


def test_an_evaluation_that_hangs_holds_no_batch_up(filled: Scene) -> None:
    filled.rule("name", name=filled.id("app", "mail"), amount=60)
    watch = part(filled.site, "watch")

    async def hold() -> None:
        await watch._lock.acquire()

    in_loop(filled.site, hold())
    for minute in range(20):
        filled.tell("ann", MORNING + 3 * HOUR_MS + minute * MINUTE_MS, MINUTE_MS, app="mail", on="ann's")

    async def release() -> None:
        watch._lock.release()
        await asyncio.sleep(0)

    in_loop(filled.site, release())
    assert len(filled.turn()) == 3


def test_an_account_without_rules_notes_nothing(site: Site, owner: Owner, computer: Computer) -> None:
    arrivals = part(site, "watch")._arrivals
    assert site.post_batch(computer.work()).status_code == 200
    assert arrivals.take() == {}


@pytest.mark.parametrize(
    ("changed", "stays"),
    [
        ({}, True),
        ({"departments": ["both"]}, True),
        ({"departments": ["other"]}, False),
        ({"rights": []}, False),
        ({"state": "removed"}, False),
    ],
)
def test_a_webhook_ends_with_the_say_of_whoever_named_it(scene: Scene, changed: dict[str, Any], stays: bool) -> None:
    site, owner = scene.site, scene.owner
    sales, works = scene.department("Sales"), scene.department("Works")
    own = scene.rule("silent", hours=1, department=sales, hook="https://hooks.example/owner")
    guest = come_in(site, owner, "mia", rights=["settings"], departments=[sales])
    guest.log_in(site)
    hers = scene.rule("silent", hours=2, department=sales, hook="https://hooks.example/mia")
    if changed.get("departments"):
        changed = {"departments": [sales, works] if changed["departments"] == ["both"] else [works]}
    owner.log_in(site)
    # An owner who changes anything else of the rule does not take the address for their own.
    later = scene.body("silent", hours=3, department=sales, hook="https://hooks.example/mia")
    assert site.call("PUT", f"/api/alert-rules/{hers}", later).status_code == 200
    owner.next(members=[guest.entry(**{"rights": ["settings"], "departments": [sales], **changed})])
    answer = owner.post(site)
    assert answer.status_code == 201, answer.text
    hooks = {rule["id"]: rule["hook"] for rule in site.told("/api/alert-rules")}
    assert hooks == {own: "https://hooks.example/owner", hers: "https://hooks.example/mia" if stays else ""}
    ended = [entry for entry in site.told("/api/audit")["entries"] if entry["action"] == "alert_hook_ended"]
    assert [entry["subject"] for entry in ended] == ([] if stays else [hers])
