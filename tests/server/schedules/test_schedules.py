"""Schedules, holidays and absences: what holds on a day, against a plain model; who may change what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.server.company import Computer, Owner, Site, code_of
from tests.server.ingest.support import NOW_MS, identifier, token

from reteamz.server.accounts.access import Viewer
from reteamz.server.schedules import Expected, Schedules, keep, schedules_of
from reteamz.server.schedules.expected import Leave, Plan
from reteamz.wire.errors import ReteamzError
from reteamz.wire.schedules import AbsencePost, HolidayPost, SchedulePut, WorkDay

DAY = date(2025, 10, 6)
"""A Monday."""
OFFICE = {"begin_min": 540, "end_min": 1020, "break_min": 30}
WEEK = [OFFICE] * 5 + [None] * 2
NAME, NOTE = token("label", "Founders' day"), token("label", "Away")

days = st.integers(0, 20).map(lambda step: DAY + timedelta(days=step))
expected = st.builds(
    lambda begin, length, pause, grace: Expected(begin, begin + length, (length - pause) * 60_000, grace),
    st.integers(0, 1_000), st.integers(61, 440), st.integers(0, 60), st.integers(0, 30),
)  # fmt: skip
weeks = st.none() | st.lists(st.none() | expected, min_size=7, max_size=7).map(tuple)
plans = st.dictionaries(days, weeks, max_size=3).map(
    lambda found: [Plan(since, found[since]) for since in sorted(found)]
)
leaves = st.lists(
    st.builds(
        lambda first, more, half: Leave(first, first + timedelta(days=more), "sick", half),
        days, st.integers(0, 3), st.sampled_from(["", "morning", "afternoon"]),
    ), max_size=3,
)  # fmt: skip
holidays = st.dictionaries(days, st.just(NAME), max_size=2)


def in_force(found: list[Plan], day: date) -> Any:
    week = None
    for plan in found:
        if plan.since <= day:
            week = plan.week
    return week


@settings(max_examples=200, deadline=None)
@given(plans, plans, plans, holidays, holidays, leaves)
def test_the_most_specific_schedule_holds(
    account: list[Plan], sales: list[Plan], own: list[Plan], all_off: Any, sales_off: Any, away: list[Leave]
) -> None:
    known = Schedules(
        account, {"sales": sales}, {1: own}, {1: "sales", 2: "sales"}, {"": all_off, "sales": sales_off}, {1: away}
    )
    for step in range(21):
        day = DAY + timedelta(days=step)
        for person, levels in ((1, (own, sales, account)), (2, (sales, account)), (3, (account,))):
            weeks = [week for week in (in_force(level, day) for level in levels) if week is not None]
            hours = weeks[0][day.weekday()] if weeks else None
            holiday = day in all_off or (person < 3 and day in sales_off)
            halves = {leave.half for leave in away if person == 1 and leave.first <= day <= leave.last}
            gone = "" in halves or len(halves) == 2
            assert known.off(person, day) == ("holiday" if holiday else "absence" if gone else None)
            told = known.day(person, day)
            if holiday or gone or hours is None:
                assert told is None
            elif halves:
                assert told is not None
                assert told.work_ms == hours.work_ms // 2
                (half,) = halves
                kept = (told.end_min, hours.end_min) if half == "morning" else (told.begin_min, hours.begin_min)
                assert kept[0] == kept[1]
                assert abs((told.end_min - told.begin_min) * 2 - (hours.end_min - hours.begin_min)) <= 1
            else:
                assert told == hours
    assert known.day(0, DAY) is None, "nobody in particular has no working hours"
    assert known.any == any(plan.week and any(plan.week) for plan in [*account, *sales, *own])


def loaded(site: Site, owner: Owner) -> Schedules:
    control = site.client.app.dependencies["control"].dependency()

    async def load() -> Schedules:
        async with control.session() as session:
            return await schedules_of(session, owner.account)

    with site.client.portal() as portal:
        return portal.call(load)


@pytest.fixture
def person(site: Site, computer: Computer) -> int:
    assert site.post_batch(computer.work()).status_code == 200
    return int(site.told("/api/people")[0]["id"])


@pytest.fixture
def sales(site: Site, person: int) -> str:
    """Return a department with the person in it."""
    made: str = site.call("POST", "/api/departments", {"name": token("label", "Sales")}).json()["id"]
    assert site.call("PUT", f"/api/people/{person}", {"department": made}).status_code == 204
    return made


def put(site: Site, since: date, week: Any, where: str = "", grace: int = 10) -> Any:
    return site.call("PUT", f"/api/schedules/{since}{where}", {"week": week, "grace_min": grace})


def test_a_change_does_not_rewrite_the_past(site: Site, owner: Owner, person: int, sales: str) -> None:
    later = DAY + timedelta(days=7)
    short = [{"begin_min": 480, "end_min": 720, "break_min": 0}] * 5 + [None] * 2
    assert loaded(site, owner).any is False
    assert put(site, DAY, WEEK).status_code == 204
    assert put(site, later, short).status_code == 204
    known = loaded(site, owner)
    assert known.any
    assert known.day(person, DAY - timedelta(days=7)) is None, "before the first schedule nothing was expected"
    assert known.day(person, DAY) == Expected(540, 1020, 450 * 60_000, 10)
    assert known.day(person, later) == Expected(480, 720, 240 * 60_000, 10)
    assert known.usual(person, later) == (known.day(person, later), "account")
    assert put(site, later, WEEK, f"?department={sales}", 0).status_code == 204
    assert put(site, later + timedelta(days=1), short, f"?person={person}", 5).status_code == 204
    assert put(site, later + timedelta(days=2), None, f"?person={person}").status_code == 204
    known = loaded(site, owner)
    assert [known.usual(person, later + timedelta(days=step))[1] for step in range(3)] == [
        "department", "person", "department",
    ]  # fmt: skip
    told = site.told("/api/schedules")
    assert [(one["department"], one["person"], one["since"]) for one in told] == [
        (None, None, str(DAY)),
        (None, None, str(later)),
        (None, person, str(later + timedelta(days=1))),
        (None, person, str(later + timedelta(days=2))),
        (sales, None, str(later)),
    ]
    assert told[0]["week"] == WEEK
    assert told[3]["week"] is None
    assert site.call("DELETE", f"/api/schedules/{later}?department={sales}").status_code == 204
    assert loaded(site, owner).usual(person, later)[1] == "account"
    assert code_of(site.call("DELETE", f"/api/schedules/{later}?department={sales}")) == (404, "not_found")


def test_the_same_day_again_is_a_correction(site: Site, owner: Owner, person: int) -> None:
    assert put(site, DAY, WEEK).status_code == 204
    assert put(site, DAY, [None] * 7, grace=0).status_code == 204
    assert len(site.told("/api/schedules")) == 1
    assert loaded(site, owner).any is False


def test_holidays(site: Site, owner: Owner, person: int, sales: str) -> None:
    put(site, DAY, WEEK)
    made = site.call("POST", "/api/holidays", {"day": str(DAY), "name": NAME})
    assert made.status_code == 201
    assert made.json() == {"id": made.json()["id"], "day": str(DAY), "name": NAME, "department": None}
    assert (loaded(site, owner).off(person, DAY), loaded(site, owner).holiday(person, DAY)) == ("holiday", NAME)
    where = f"/api/holidays/{made.json()['id']}"
    moved = {"day": str(DAY + timedelta(days=1)), "name": NOTE, "department": sales}
    assert site.call("PUT", where, moved).json()["name"] == NOTE
    known = loaded(site, owner)
    assert known.off(person, DAY) is None
    assert known.holiday(person, DAY + timedelta(days=1)) == NOTE
    assert known.holiday(person + 1, DAY + timedelta(days=1)) is None, "others are not in the department"
    assert site.call("DELETE", where).status_code == 204
    assert site.told("/api/holidays") == []
    assert code_of(site.call("DELETE", where)) == (404, "not_found")


def test_absences(site: Site, owner: Owner, person: int) -> None:
    put(site, DAY, WEEK)
    body = {"person": person, "first": str(DAY), "last": str(DAY + timedelta(days=1)), "kind": "vacation"}
    made = site.call("POST", "/api/absences", body)
    assert made.status_code == 201
    assert made.json() == body | {"id": made.json()["id"], "half": None, "note": None}
    assert [loaded(site, owner).off(person, DAY + timedelta(days=step)) for step in range(3)] == [
        "absence",
        "absence",
        None,
    ]
    where = f"/api/absences/{made.json()['id']}"
    halved = site.call("PUT", where, body | {"kind": "other", "half": "morning", "note": NOTE})
    assert (halved.json()["half"], halved.json()["note"]) == ("morning", NOTE)
    assert loaded(site, owner).day(person, DAY) == Expected(780, 1020, 225 * 60_000, 10)
    assert loaded(site, owner).leave(person, DAY) == Leave(DAY, DAY + timedelta(days=1), "other", "morning", NOTE)
    assert site.call("DELETE", where).status_code == 204
    assert site.told("/api/absences") == []


def test_names_are_tokens_only(site: Site, owner: Owner, person: int) -> None:
    absence = {"person": person, "first": str(DAY), "last": str(DAY), "kind": "sick"}
    for name, code in (
        ("Easter", "plain_refused"),
        ("label:Easter", "plain_refused"),
        (token("app", "x"), "token_malformed"),
    ):
        assert code_of(site.call("POST", "/api/holidays", {"day": str(DAY), "name": name}))[1] == code
        assert code_of(site.call("POST", "/api/absences", absence | {"note": name}))[1] == code
    assert site.told("/api/holidays") == site.told("/api/absences") == []


def test_what_makes_no_sense(site: Site, person: int) -> None:
    for week in (
        WEEK[:6],
        [{"begin_min": 540, "end_min": 540, "break_min": 0}, *WEEK[1:]],
        [{"begin_min": 540, "end_min": 600, "break_min": 60}, *WEEK[1:]],
        [{"begin_min": 0, "end_min": 1441, "break_min": 0}, *WEEK[1:]],
        [{"begin_min": -1, "end_min": 60, "break_min": 0}, *WEEK[1:]],
        [{"begin_min": 0, "end_min": 60, "pause": 0}, *WEEK[1:]],
    ):
        assert code_of(put(site, DAY, week)) == (400, "input_invalid")
    assert code_of(put(site, DAY, WEEK, grace=721)) == (400, "input_invalid")
    assert code_of(put(site, date(1, 1, 1), WEEK)) == (400, "input_invalid")
    assert code_of(put(site, DAY, WEEK, f"?person={person}&department={identifier('x')}")) == (400, "input_invalid")
    assert code_of(put(site, DAY, WEEK, "?person=9999")) == (404, "not_found")
    assert code_of(put(site, DAY, WEEK, f"?department={identifier('x')}")) == (404, "not_found")
    assert code_of(site.call("PUT", "/api/schedules/2025-02-30", {"week": WEEK})) == (404, "not_found")
    absence = {"person": person, "first": str(DAY), "last": str(DAY - timedelta(days=1)), "kind": "sick"}
    assert code_of(site.call("POST", "/api/absences", absence)) == (400, "input_invalid")
    assert code_of(site.call("POST", "/api/absences", absence | {"kind": "bored"})) == (400, "input_invalid")
    assert code_of(site.call("POST", "/api/absences", absence | {"person": 9999})) == (404, "not_found")
    assert site.told("/api/schedules") == []


def test_a_removed_department_takes_its_hours_along(site: Site, owner: Owner, person: int, sales: str) -> None:
    put(site, DAY, WEEK, f"?department={sales}")
    site.call("POST", "/api/holidays", {"day": str(DAY), "name": NAME, "department": sales})
    assert site.call("DELETE", f"/api/departments/{sales}").status_code == 204
    assert site.told("/api/schedules") == site.told("/api/holidays") == []


def test_others_accounts_are_not_there(site: Site, owner: Owner, person: int, sales: str) -> None:
    put(site, DAY, WEEK)
    holiday = site.call("POST", "/api/holidays", {"day": str(DAY), "name": NAME}).json()["id"]
    absence = {"person": person, "first": str(DAY), "last": str(DAY), "kind": "sick"}
    made = site.call("POST", "/api/absences", absence).json()["id"]
    Owner("other").sign_up(site)
    assert site.told("/api/schedules") == site.told("/api/holidays") == site.told("/api/absences") == []
    assert code_of(site.call("DELETE", f"/api/holidays/{holiday}")) == (404, "not_found")
    assert code_of(site.call("PUT", f"/api/holidays/{holiday}", {"day": str(DAY), "name": NAME})) == (404, "not_found")
    assert code_of(site.call("DELETE", f"/api/absences/{made}")) == (404, "not_found")
    assert code_of(put(site, DAY, WEEK, f"?department={sales}")) == (404, "not_found")
    assert code_of(put(site, DAY, WEEK, f"?person={person}")) == (404, "not_found")


def test_managers_with_the_right_keep_the_hours_of_their_departments(
    site: Site, owner: Owner, person: int, sales: str
) -> None:
    other = site.call("POST", "/api/departments", {"name": token("label", "Law")}).json()["id"]
    put(site, DAY, WEEK)
    put(site, DAY, WEEK, f"?department={other}")
    control = site.client.app.dependencies["control"].dependency()
    week = SchedulePut([WorkDay(480, 900)] * 7)
    stranger = person + 1
    manager = Viewer(owner.account, identifier("manager"), "manager", frozenset([sales]), frozenset(["settings"]))
    looking = Viewer(owner.account, identifier("manager"), "manager", frozenset([sales]))
    employee = Viewer(owner.account, identifier("one"), "employee", frozenset([sales]), frozenset(["settings"]))

    def run(what: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
        async def change() -> Any:
            async with control.session() as session:
                return await what(session)

        with site.client.portal() as portal:
            return portal.call(lambda: asyncio.wait_for(change(), 30))

    def plan(viewer: Viewer, department: str | None, whose: int | None) -> Any:
        return lambda session: keep.put_schedule(session, viewer, department, whose, DAY, week, NOW_MS)

    def away(viewer: Viewer, whose: int) -> Any:
        return lambda session: keep.put_absence(session, viewer, None, AbsencePost(whose, DAY, DAY, "sick"), NOW_MS)

    def free(viewer: Viewer, department: str | None) -> Any:
        return lambda session: keep.put_holiday(session, viewer, None, HolidayPost(DAY, NAME, department), NOW_MS)

    for refused, code in (
        (plan(looking, sales, None), "forbidden"), (away(looking, person), "forbidden"),
        (free(looking, sales), "forbidden"), (plan(employee, sales, None), "forbidden"),
        (away(employee, person), "forbidden"), (free(employee, sales), "forbidden"),
        (plan(manager, None, None), "forbidden"), (free(manager, None), "forbidden"),
        (plan(manager, other, None), "not_found"), (free(manager, other), "not_found"),
        (plan(manager, None, stranger), "not_found"), (away(manager, stranger), "not_found"),
        (lambda session: keep.schedule_views(session, employee), "forbidden"),
    ):  # fmt: skip
        with pytest.raises(ReteamzError) as caught:
            run(refused)
        assert caught.value.code == code
    run(plan(manager, sales, None))
    run(plan(manager, None, person))
    made = run(away(manager, person))
    holiday = run(free(manager, sales))
    for viewer in (manager, looking):
        told = run(lambda session, viewer=viewer: keep.schedule_views(session, viewer))
        assert [(one.department, one.person) for one in told] == [(None, None), (None, person), (sales, None)]
    everywhere = site.call("POST", "/api/holidays", {"day": str(DAY), "name": NAME}).json()["id"]
    with pytest.raises(ReteamzError) as caught:
        run(lambda session: keep.remove_holiday(session, manager, everywhere, NOW_MS))
    assert caught.value.code == "forbidden"
    assert {one.id for one in run(lambda session: keep.holiday_views(session, manager))} == {holiday.id, everywhere}
    site.call("PUT", f"/api/people/{person}", {"department": other})
    assert run(lambda session: keep.absence_views(session, manager)) == []
    with pytest.raises(ReteamzError) as caught:
        run(lambda session: keep.remove_absence(session, manager, made.id, NOW_MS))
    assert caught.value.code == "not_found"
    actions = {entry["action"] for entry in site.told("/api/audit")["entries"]}
    assert {"schedule_set", "absence_added", "holiday_added"} <= actions
