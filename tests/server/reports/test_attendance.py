"""Attendance against a plain model: late, early, absent, overtime, in several zones and over daylight-saving days."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.server.company import Computer, Owner, Site
from tests.server.ingest.support import NOW_MS, identifier, token
from tests.server.reports.test_daily import TOKENS
from tests.server.reports.test_hours import event, rows_strategy
from tests.server.schedules.test_schedules import DAY

from reteamz.server.accounts.access import Viewer
from reteamz.server.reports.attendance import attendance
from reteamz.server.reports.filters import build_filter
from reteamz.server.schedules import schedules_of

MINUTE = 60_000
DAY_MS = 86_400_000
LATER_MS = NOW_MS + 20 * DAY_MS
FEAST, NOTE = token("label", "Feast"), token("label", "Dentist")
EVERYBODY = (480, 990, 30, 10)
OWN = (600, 1110, 0, 0)


def put(site: Site, since: date, hours: tuple[int, int, int, int], where: str = "") -> None:
    begin, end, pause, grace = hours
    week = [{"begin_min": begin, "end_min": end, "break_min": pause}] * 5 + [None] * 2
    answer = site.call("PUT", f"/api/schedules/{since}{where}", {"week": week, "grace_min": grace})
    assert answer.status_code == 204, answer.text


def company(site: Site, name: str, events: list[tuple[int, ...]]) -> dict[str, int]:
    """Make an account with these events and return the ids of its people."""
    site.clock.ms = max(site.clock.ms, LATER_MS) + 600_000
    owner = Owner(name).sign_up(site)
    computer = Computer(owner)
    computer.enroll(site, owner.make_ticket(site))
    owner.confirm(site, computer)
    assert site.post_batch(computer.next(TOKENS, events)).status_code == 200
    return {person["name"]: person["id"] for person in site.told("/api/people")}


def absent(site: Site, person: int, day: date, **more: Any) -> None:
    body = {"person": person, "first": str(day), "last": str(day), "kind": "vacation"} | more
    assert site.call("POST", "/api/absences", body).status_code == 201


def asked(person: int, day: int) -> tuple[int, int, int, int] | None:
    """Return begin, end, work and grace in minutes of a day from Monday on, as the schedules below mean it."""
    begin, end, pause, grace = OWN if person == 1 and day >= 3 else EVERYBODY
    if day % 7 > 4 or day == 8 or (person == 0 and day == 1):
        return None
    if person == 0 and day == 2:
        return (begin + end) // 2, end, (end - begin - pause) // 2, grace
    return begin, end, end - begin - pause, grace


def model(rows: list[tuple[int, ...]], person: int, now_ms: int) -> dict[int, dict[str, Any]]:
    """Return what the report should say of a person, by day from Monday on."""
    theirs = [row for row in rows if row[0] == person]
    latest = max(theirs, key=lambda row: (row[2], event(row)[2] + row[4]))
    local_today = (datetime.fromtimestamp(now_ms / 1000, UTC) + timedelta(minutes=latest[6])).date()
    told: dict[int, dict[str, Any]] = {}
    for day in range(10):
        here = [row for row in theirs if row[2] == day]
        used = [row for row in here if row[1] in (0, 3)]
        work = sum(row[4] for row in here if row[1] in (0, 1, 3))
        first = min((row[3] * MINUTE for row in used), default=None)
        last = max((row[3] * MINUTE + row[4] for row in used), default=None)
        expected = asked(person, day) if day >= min(row[2] for row in theirs) and person >= 0 else None
        off = person >= 0 and (day == 8 or (person == 0 and day in (1, 2)))
        if not here and expected is None and not off:
            continue
        over = DAY + timedelta(days=day) < local_today
        begin, end, wanted, grace = expected or (0, 0, 0, 0)
        active = bool(used) or work > 0
        known = person >= 0 and day >= min(row[2] for row in theirs)
        told[day] = {
            "first_ms": first,
            "last_ms": last,
            "work_ms": work,
            "expected_ms": wanted * MINUTE,
            "state": "present" if active else "free" if not expected else "absent" if over else "open",
            "late_ms": first - begin * MINUTE
            if expected and first is not None and first > (begin + grace) * MINUTE
            else 0,
            "early_ms": end * MINUTE - last
            if expected and over and last is not None and last < (end - grace) * MINUTE
            else 0,
            "balance_ms": work - wanted * MINUTE if over and known else 0,
            "off": "" if not off else "holiday" if day == 8 else "vacation",
            "label": "" if not off or day == 1 else FEAST if day == 8 else NOTE,
        }
    return told


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows_strategy, st.integers(0, 10 * 24))
def test_days_are_those_of_the_model(site: Site, rows: list[tuple[int, ...]], hour: int) -> None:
    persons = company(site, f"company{site.clock.ms}", [event(row) for row in rows])
    put(site, DAY - timedelta(days=400), EVERYBODY)
    put(site, DAY + timedelta(days=3), OWN, f"?person={persons[TOKENS[1]]}")
    absent(site, persons[TOKENS[0]], DAY + timedelta(days=1))
    absent(site, persons[TOKENS[0]], DAY + timedelta(days=2), half="morning", note=NOTE)
    site.call("POST", "/api/holidays", {"day": str(DAY + timedelta(days=8)), "name": FEAST})
    after = site.clock.ms
    site.clock.ms = int(datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC).timestamp() * 1000) + hour * 3_600_000
    told = site.told(f"/api/reports/attendance?from={DAY}&to={DAY + timedelta(days=9)}")
    now_ms, site.clock.ms = site.clock.ms, after
    assert told["judged"] is True
    listed = {TOKENS.index(row["name"]) if row["name"] else -1: row for row in told["rows"]}
    assert set(listed) == {row[0] for row in rows}
    for person, row in listed.items():
        expected = model(rows, person, now_ms)
        days = {(date.fromisoformat(day["day"]) - DAY).days: day for day in row["days"]}
        assert {day: {key: days[day][key] for key in one} for day, one in expected.items()} == expected
        assert set(days) == set(expected)
        every = expected.values()
        over = [days[day] for day in days if days[day]["over"]]
        assert row["work_ms"] == sum(day["work_ms"] for day in every)
        assert row["expected_ms"] == sum(day["expected_ms"] for day in over)
        assert row["balance_ms"] == sum(day["balance_ms"] for day in every)
        assert row["late"] == sum(day["late_ms"] > 0 for day in every)
        assert row["early"] == sum(day["early_ms"] > 0 for day in every)
        assert row["absent"] == sum(day["state"] == "absent" for day in every)


def at(zone: str, day: date, hour: int, minute: int, length: int, person: int) -> tuple[int, ...]:
    """Return an event of so many minutes that begins when a clock in a zone shows a time."""
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone))
    offset = local.utcoffset()
    assert offset is not None
    start = int(local.timestamp() * 1000)
    return (person, 0, start, length * MINUTE, int(offset.total_seconds() // 60), 2, -1, -1, -1, -1, 1, -1)


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/Berlin", date(2025, 10, 26)),
        ("America/New_York", date(2025, 3, 9)),
        ("America/New_York", date(2025, 11, 2)),
    ],
)
def test_a_daylight_saving_day_is_judged_by_the_clock_on_the_wall(site: Site, zone: str, change: date) -> None:
    """The clocks change on a Sunday before begin: who comes at nine by the clock is on time, an hour of UTC less or more."""
    site.clock.ms = NOW_MS + 90 * DAY_MS
    days = [change + timedelta(days=step) for step in (-1, 0, 1)]
    events = [at(zone, day, 9, 0, 240, 0) for day in days] + [at(zone, day, 9, 20, 240, 1) for day in days]
    persons = company(site, "saving", events)
    week = [{"begin_min": 540, "end_min": 780, "break_min": 0}] * 7
    assert site.call("PUT", "/api/schedules/2025-01-01", {"week": week, "grace_min": 10}).status_code == 204
    told = site.told(f"/api/reports/attendance?from={days[0]}&to={days[-1]}")
    rows = {row["id"]: row for row in told["rows"]}
    punctual, late = rows[persons[TOKENS[0]]], rows[persons[TOKENS[1]]]
    assert [(day["first_ms"], day["late_ms"], day["early_ms"], day["balance_ms"]) for day in punctual["days"]] == [
        (540 * MINUTE, 0, 0, 0)
    ] * 3
    assert [day["late_ms"] for day in late["days"]] == [20 * MINUTE] * 3
    assert (punctual["late"], late["late"], late["balance_ms"]) == (0, 3, 0)


def test_today_ends_at_the_midnight_of_each_place(site: Site) -> None:
    """At 23:30 UTC the day is over in Auckland and Berlin, and goes on in Los Angeles: only where it is over is somebody absent."""
    monday, tuesday = DAY, DAY + timedelta(days=1)
    events = [at("Pacific/Auckland", monday, 9, 0, 60, 0), at("America/Los_Angeles", monday, 9, 0, 60, 1)]
    persons = company(site, "zones", events)
    put(site, DAY - timedelta(days=30), EVERYBODY)
    after = site.clock.ms
    site.clock.ms = int(datetime(2025, 10, 7, 23, 30, tzinfo=UTC).timestamp() * 1000)
    told = site.told(f"/api/reports/attendance?from={monday}&to={tuesday}")
    site.clock.ms = after
    states = {row["id"]: [(day["state"], day["over"]) for day in row["days"]] for row in told["rows"]}
    assert states == {
        persons[TOKENS[0]]: [("present", True), ("absent", True)],
        persons[TOKENS[1]]: [("present", True), ("open", False)],
    }


def test_who_was_never_seen_before_is_not_absent_and_who_stays_away_is(site: Site) -> None:
    persons = company(site, "new", [at("Europe/Berlin", DAY + timedelta(days=2), 8, 0, 60, 0)])
    put(site, DAY - timedelta(days=30), EVERYBODY)
    first = site.told(f"/api/reports/attendance?from={DAY}&to={DAY + timedelta(days=3)}")
    assert [(day["day"], day["state"]) for day in first["rows"][0]["days"]] == [
        ("2025-10-08", "present"), ("2025-10-09", "absent"),
    ]  # fmt: skip
    week = site.told(f"/api/reports/attendance?from={DAY + timedelta(days=7)}&to={DAY + timedelta(days=13)}")
    assert [(row["id"], row["absent"]) for row in week["rows"]] == [(persons[TOKENS[0]], 5)]
    assert site.told(f"/api/reports/attendance?from={DAY - timedelta(days=7)}&to={DAY}")["rows"] == []


@pytest.mark.parametrize("choice", ["hours=inside", "device=nobody", "name={app}"])
def test_parts_of_days_are_not_judged(site: Site, choice: str) -> None:
    persons = company(site, "parts", [at("Europe/Berlin", DAY, 12, 0, 60, 0)])
    put(site, DAY - timedelta(days=30), EVERYBODY)
    app = next(entry["id"] for entry in site.told("/api/dictionary")["entries"] if entry["text"] == TOKENS[2])
    told = site.told(f"/api/reports/attendance?from={DAY}&to={DAY + timedelta(days=3)}&{choice.format(app=app)}")
    assert told["judged"] is False
    assert persons
    assert all((day["late_ms"], day["balance_ms"]) == (0, 0) for row in told["rows"] for day in row["days"])


def test_a_manager_sees_their_people_and_nobody_elses_absence(site: Site) -> None:
    events = [at("Europe/Berlin", DAY, 8, 0, 60, person) for person in (0, 1)]
    persons = company(site, "managed", events)
    put(site, DAY - timedelta(days=30), EVERYBODY)
    for person in persons.values():
        absent(site, person, DAY + timedelta(days=1), note=NOTE)
    sales = site.call("POST", "/api/departments", {"name": token("label", "Sales")}).json()["id"]
    site.call("PUT", f"/api/people/{persons[TOKENS[0]]}", {"department": sales})
    account = site.told("/api/account")["account"]
    parts = site.client.app.dependencies
    control, activity, places = (parts[name].dependency() for name in ("control", "activity", "persons_of"))

    async def look() -> Any:
        viewer = Viewer(account, identifier("manager"), "manager", frozenset([sales]))
        chosen = await build_filter(viewer, places, activity, DAY, DAY + timedelta(days=3))
        async with control.session() as session:
            schedules = await schedules_of(session, account)
        return await asyncio.to_thread(attendance, activity, chosen, schedules, site.clock.ms, "Europe/Berlin")

    with site.client.portal() as portal:
        told = portal.call(look)
    assert [row.id for row in told.rows] == [persons[TOKENS[0]]]
    assert [day.off for day in told.rows[0].days] == ["", "vacation", "", ""]
