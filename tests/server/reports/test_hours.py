"""Inside and outside of working hours: every report sees the events that a plain model lets through, and no others."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.server.company import Computer, Owner, Site, code_of
from tests.server.ingest.support import NOW_MS, token
from tests.server.reports.test_daily import MIDNIGHT_MS, TOKENS
from tests.server.schedules.test_schedules import DAY, days, holidays, leaves, plans

from reteamz.server.schedules import Schedules
from reteamz.server.schedules.spans import groups_of, spans_of

MONDAY_MS = MIDNIGHT_MS - 2 * 86_400_000
WIDE = f"from={DAY - timedelta(days=3)}&to={DAY + timedelta(days=9)}"
REPORTS = (
    "apps?people=true&compare=true&", "sites?", "titles?", "documents?", "urls?", "overview?", "people?", "days?", "log?",
    "timeline?", "live?", "week?", "attendance?", "productivity?",
)  # fmt: skip
SHORT = [480, 720]
LONG = [600, 1110]

# person, kind, day from Monday, minute, length, app, offset
rows_strategy = st.lists(
    st.tuples(
        st.integers(-1, 1), st.integers(0, 4), st.integers(0, 8), st.sampled_from([0, 479, 480, 659, 660, 719, 720, 900, 1109, 1110, 1400]),
        st.integers(1, 30 * 60_000), st.integers(0, 1), st.sampled_from([-480, 0, 60, 345, 840]),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(plans, plans, plans, holidays, holidays, leaves, days, st.integers(0, 20))
def test_spans_are_the_days_in_few_rows(
    account: Any, sales: Any, own: Any, all_off: Any, sales_off: Any, away: Any, first: date, more: int
) -> None:
    known = Schedules(
        account, {"sales": sales}, {1: own}, {1: "sales", 2: "sales"}, {"": all_off, "sales": sales_off}, {1: away}
    )
    last = first + timedelta(days=more)
    for person in (1, 2, 3):
        spans = list(spans_of(known, person, first, last))
        for step in range(-1, more + 2):
            day = first + timedelta(days=step)
            found = [span for span in spans if span.weekday == day.isoweekday() and span.first <= day <= span.last]
            expected = known.day(person, day) if first <= day <= last else None
            assert [(span.begin_min, span.end_min) for span in found] == (
                [] if expected is None else [(expected.begin_min, expected.end_min)]
            )
    grouped = {
        person: spans for spans, persons in groups_of(known, (1, 2, 3), first, last).items() for person in persons
    }
    alone = {person: tuple(spans_of(known, person, first, last)) for person in (1, 2, 3)}
    assert grouped == {person: spans for person, spans in alone.items() if spans}


def event(row: tuple[int, ...]) -> tuple[int, ...]:
    person, kind, day, minute, length, app, offset = row
    start = MONDAY_MS + day * 86_400_000 + (minute - offset) * 60_000
    return (person, kind, start, length, offset, 2 + app, -1, -1, -1, -1, 1, -1)


def inside(row: tuple[int, ...]) -> bool:
    """Tell what the schedules of ``company`` mean, as one would say it."""
    person, _, day, minute, *_ = row
    if person == -1 or day in (5, 6):
        return False
    if day == 8:  # a holiday
        return False
    if person == 0:
        if day == 1:  # ill
            return False
        if day == 2:  # the morning off: the other half remains
            return 600 <= minute < 720
        return 480 <= minute < 720
    return 600 <= minute < 1110 if day >= 3 else 480 <= minute < 720


def company(site: Site, name: str, events: list[tuple[int, ...]]) -> None:
    """Make an account with these events and with schedules for everybody and for one of two."""
    owner = Owner(name).sign_up(site)
    computer = Computer(owner)
    computer.enroll(site, owner.make_ticket(site))
    owner.confirm(site, computer)
    assert site.post_batch(computer.next(TOKENS, events)).status_code == 200
    persons = {person["name"]: person["id"] for person in site.told("/api/people")}

    def hours(since: date, span: list[int], where: str = "") -> None:
        week = [{"begin_min": span[0], "end_min": span[1], "break_min": 0}] * 5 + [None] * 2
        assert site.call("PUT", f"/api/schedules/{since}{where}", {"week": week}).status_code == 204

    hours(DAY - timedelta(days=30), SHORT)
    if TOKENS[1] in persons:
        hours(DAY + timedelta(days=3), LONG, f"?person={persons[TOKENS[1]]}")
    holiday = {"day": str(DAY + timedelta(days=8)), "name": token("label", "Feast")}
    assert site.call("POST", "/api/holidays", holiday).status_code == 201
    for day, half in ((1, None), (2, "morning")):
        at = str(DAY + timedelta(days=day))
        away = {"person": persons[TOKENS[0]], "first": at, "last": at, "kind": "sick", "half": half}
        assert site.call("POST", "/api/absences", away).status_code == 201


def told(site: Site, report: str, query: str) -> Any:
    answer = site.told(f"/api/reports/{report}{query}")
    answer.pop("silent", None)
    if report == "attendance?":
        # Whole days are compared with schedules, parts are not: what was recorded is the same.
        return {
            (row["name"], day["day"]): (day["first_ms"], day["last_ms"], day["work_ms"])
            for row in answer["rows"]
            for day in row["days"]
            if day["first_ms"] is not None or day["work_ms"]
        }
    for row in answer.get("rows", ()):
        row.pop("device", None)
    return answer


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows_strategy)
def test_every_report_keeps_to_the_hours(site: Site, rows: list[tuple[int, ...]]) -> None:
    site.clock.ms = max(site.clock.ms, NOW_MS + 20 * 86_400_000) + 600_000
    name = f"company{site.clock.ms}"
    company(site, name, [event(row) for row in rows])
    found = {}
    for hours in ("inside", "outside"):
        found[hours] = {report: told(site, report, f"{WIDE}&hours={hours}") for report in REPORTS}
    for hours in ("inside", "outside"):
        kept = [event(row) for row in rows if inside(row) == (hours == "inside")]
        company(site, f"{name}-{hours}", kept)
        for report in REPORTS:
            assert found[hours][report] == told(site, report, WIDE), (report, hours)


def test_without_schedules_everything_is_outside(site: Site, owner: Owner, computer: Computer) -> None:
    assert site.post_batch(computer.work()).status_code == 200
    everything = told(site, "days?", WIDE)
    assert everything["totals"]["work"] > 0
    assert told(site, "days?", f"{WIDE}&hours=outside") == everything
    assert told(site, "days?", f"{WIDE}&hours=inside")["totals"]["work"] == 0
    assert code_of(site.client.get(f"/api/reports/days?{WIDE}&hours=sometimes")) == (400, "input_invalid")


@pytest.mark.parametrize("hours", ["inside", "outside"])
def test_pages_keep_the_choice_in_their_links(site: Site, owner: Owner, computer: Computer, hours: str) -> None:
    assert site.post_batch(computer.work()).status_code == 200
    assert 'name="hours"' not in site.page("/apps").text, "no schedule, no choice"
    week = [{"begin_min": 0, "end_min": 1440, "break_min": 0}] * 7
    assert site.call("PUT", f"/api/schedules/{DAY - timedelta(days=30)}", {"week": week}).status_code == 204
    page = site.page(f"/apps?{WIDE}&hours={hours}")
    assert page.status_code == 200
    assert f'<option value="{hours}" selected>' in page.text
    assert f"hours={hours}" in page.text.split("presets")[1].split("</nav>")[0]
    assert site.page(f"/apps?{WIDE}&hours=").status_code == 200
    assert site.page(f"/apps?{WIDE}&hours=never").status_code == 400
