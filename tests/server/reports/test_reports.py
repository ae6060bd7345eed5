"""Reports against sums made by hand from the same events."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.server.company import Computer, Owner, Site, code_of
from tests.server.ingest.support import NOW_MS, token

from reteamz.server.reports.filters import compared

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
WIDE = "from=2025-09-01&to=2025-10-31"
KINDS = ("active", "idle", "locked", "meeting", "private")
TOKENS = [
    *(token("person", str(number)) for number in range(3)),
    *(token("app", str(number)) for number in range(3)),
    *(token("title", str(number)) for number in range(3)),
    token("site", "0"),
    token("doc", "0"),
]


def event(
    person: int, kind: int, start_ms: int, duration_ms: int, offset: int, app: int, title: int, site: bool, doc: bool
) -> tuple[int, ...]:
    places = (3 + app if app >= 0 else -1, 9 if site else -1, 6 + title if title >= 0 else -1, -1, 10 if doc else -1)
    return (person, kind, NOW_MS - start_ms, duration_ms, offset, *places, 3, -1)


events_strategy = st.lists(
    st.builds(
        event,
        st.integers(-1, 2),
        st.integers(0, 4),
        st.integers(HOUR_MS, 20 * DAY_MS),
        st.integers(0, HOUR_MS),
        st.sampled_from([-720, -60, 0, 60, 330, 840]),
        st.integers(-1, 2),
        st.integers(-1, 2),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


def local_day(row: tuple[int, ...]) -> str:
    return str((datetime.fromtimestamp(row[2] / 1000, UTC) + timedelta(minutes=row[4])).date())


def by_hand(rows: list[tuple[int, ...]], place: int) -> list[tuple[str, int, int]]:
    """Return name, milliseconds, events for a column, longest first."""
    spent: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for row in rows:
        if row[1] in (0, 3) and row[place] >= 0:
            spent[TOKENS[row[place]]] += row[3]
            count[TOKENS[row[place]]] += 1
    return sorted(((name, spent[name], count[name]) for name in count), key=lambda one: (-one[1], one[0]))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events_strategy, st.integers(0, 2))
def test_every_report_is_the_sum_of_its_events(site: Site, rows: list[tuple[int, ...]], rolled: int) -> None:
    number = test_every_report_is_the_sum_of_its_events.__dict__.setdefault("count", 0)
    test_every_report_is_the_sum_of_its_events.__dict__["count"] = number + 1
    site.clock.ms = NOW_MS + number * 300_000
    owner = Owner(f"company{number}").sign_up(site)
    computer = Computer(owner)
    computer.enroll(site, owner.make_ticket(site))
    owner.confirm(site, computer)
    half = len(rows) // 2
    for place, part in enumerate((rows[:half], rows[half:]), 1):
        assert site.post_batch(computer.next(TOKENS, part)).status_code == 200
        if place <= rolled:
            site.activity.roll_up(1)
            assert site.activity.unrolled == 0

    for path, place in (("apps", 5), ("sites", 6), ("titles", 7), ("documents", 9)):
        table = site.told(f"/api/reports/{path}?{WIDE}&people=true")
        told = sorted(((row["name"], row["ms"], row["visits"]) for row in table["rows"]), key=lambda o: (-o[1], o[0]))
        expected = by_hand(rows, place)
        assert told == expected
        assert [row["ms"] for row in table["rows"]] == sorted((row["ms"] for row in table["rows"]), reverse=True)
        assert (table["count"], table["total_ms"]) == (len(expected), sum(row[1] for row in expected))
        for row in table["rows"]:
            used = {
                one[0] for one in rows
                if one[1] in (0, 3) and one[place] >= 0 and TOKENS[one[place]] == row["name"] and one[0] >= 0
            }  # fmt: skip
            assert row["people"] == len(used)

    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        sums[local_day(row)][KINDS[row[1]]] += row[3]
    days = site.told(f"/api/reports/days?{WIDE}")
    assert len(days["days"]) == 61
    for day in days["days"]:
        hours = day["hours"]
        assert {kind: hours[kind] for kind in KINDS} == {kind: sums[day["day"]][kind] for kind in KINDS}
        assert hours["work"] == hours["active"] + hours["meeting"] + hours["idle"]
        assert hours["session"] == hours["work"] + hours["locked"]

    people = site.told(f"/api/reports/people?{WIDE}")
    work: Counter[str] = Counter()
    for row in rows:
        work[TOKENS[row[0]] if row[0] >= 0 else ""] += row[3] if row[1] in (0, 1, 3) else 0
    assert {row["name"]: row["hours"]["work"] for row in people["rows"]} == dict(work)

    log = site.told(f"/api/reports/log?{WIDE}")
    assert log["count"] == len(rows)
    assert sorted((row["start_ms"], row["duration_ms"], row["kind"], row["app"]) for row in log["rows"]) == sorted(
        (row[2], row[3], KINDS[row[1]], TOKENS[row[5]] if row[5] >= 0 else "") for row in rows
    )
    whole = site.told(f"/api/reports/overview?{WIDE}")
    assert whole["events"] == len(rows)
    assert whole["totals"] == days["totals"]
    assert [row["name"] for row in whole["apps"]] == [
        row["name"] for row in site.told(f"/api/reports/apps?{WIDE}")["rows"]
    ]


@pytest.fixture
def filled(site: Site, owner: Owner, computer: Computer) -> Site:
    """Return a site with three persons who used three applications for 30, 20 and 10 minutes."""
    rows = [
        event(number, 0, HOUR_MS * (2 + number), (3 - number) * 600_000, 60, number, number, False, False)
        for number in range(3)
    ]
    assert site.post_batch(computer.next(TOKENS, rows)).status_code == 200
    return site


def test_pages_of_a_table(filled: Site) -> None:
    first = filled.told(f"/api/reports/apps?{WIDE}&limit=2")
    second = filled.told(f"/api/reports/apps?{WIDE}&limit=2&page=2")
    beyond = filled.told(f"/api/reports/apps?{WIDE}&limit=2&page=3")
    assert [row["ms"] for row in first["rows"] + second["rows"]] == [1_800_000, 1_200_000, 600_000]
    assert [(one["count"], one["pages"], one["total_ms"]) for one in (first, second, beyond)] == [(3, 2, 3_600_000)] * 3
    assert beyond["rows"] == []
    assert [row["share"] for row in first["rows"]] == [0.5, 0.333333]


def test_what_a_range_is_compared_with() -> None:
    for first, last, begin, end in (
        ("2025-10-13", "2025-10-15", "2025-10-06", "2025-10-08"),  # Monday to Wednesday
        ("2025-10-15", "2025-10-15", "2025-10-08", "2025-10-08"),
        ("2025-10-10", "2025-10-16", "2025-10-03", "2025-10-09"),
        ("2025-10-01", "2025-10-20", "2025-09-01", "2025-09-20"),
        ("2025-03-01", "2025-03-30", "2025-02-01", "2025-02-28"),
        ("2025-10-01", "2025-10-31", "2025-09-01", "2025-09-30"),
        ("2025-02-01", "2025-02-28", "2025-01-01", "2025-01-31"),
        ("2025-10-02", "2025-10-31", "2025-09-02", "2025-10-01"),
        ("2025-10-01", "2025-11-02", "2025-08-29", "2025-09-30"),
    ):
        told = compared(date.fromisoformat(first), date.fromisoformat(last))
        assert told == (date.fromisoformat(begin), date.fromisoformat(end)), first


def test_rows_are_compared_with_the_period_before(filled: Site, computer: Computer) -> None:
    before = [event(0, 0, 7 * DAY_MS + HOUR_MS * 2, 600_000, 60, 0, 0, False, False)]
    assert filled.post_batch(computer.next(TOKENS, before)).status_code == 200
    query = "from=2025-10-09&to=2025-10-09"

    def told(more: str) -> list[tuple[int, int | None]]:
        return [(row["ms"], row["previous_ms"]) for row in filled.told(f"/api/reports/apps?{query}{more}")["rows"]]

    assert told("&compare=true") == [(1_800_000, 600_000), (1_200_000, 0), (600_000, 0)]
    assert told("") == [(1_800_000, None), (1_200_000, None), (600_000, None)]


def test_filters_narrow_and_combine(filled: Site, computer: Computer) -> None:
    persons = {row["name"]: row["id"] for row in filled.told(f"/api/reports/people?{WIDE}")["rows"]}
    one, two = persons[TOKENS[0]], persons[TOKENS[1]]

    def total(query: str) -> int:
        return int(filled.told(f"/api/reports/apps?{WIDE}&{query}")["total_ms"])

    assert total(f"person={one}") == 1_800_000
    assert total(f"person={one}&person={two}") == 3_000_000
    assert total("person=9999") == 0
    assert total(f"device={computer.id}") == 3_600_000
    assert total("device=unknown") == 0
    department = filled.call("POST", "/api/departments", {"name": token("label", "Sales")}).json()["id"]
    filled.call("PUT", f"/api/people/{two}", {"department": department})
    assert total(f"department={department}") == 1_200_000
    assert total(f"department={department}&person={one}") == 0
    assert total(f"department={department}&person={two}&device={computer.id}") == 1_200_000


def test_names_narrow_every_report(filled: Site) -> None:
    known = {entry["text"]: entry["id"] for entry in filled.told("/api/dictionary")["entries"]}
    app, other, title = (known[token("app", "0")], known[token("app", "1")], known[token("title", "1")])

    def totals(*names: int) -> tuple[int, int, int]:
        query = WIDE + "".join(f"&name={name}" for name in names)
        told = filled.told(f"/api/reports/overview?{query}")
        return (
            int(told["totals"]["work"]),
            int(filled.told(f"/api/reports/log?{query}")["count"]),
            int(filled.told(f"/api/reports/productivity?{query}")["totals"]["tracked"]),
        )

    assert totals(app) == (1_800_000, 1, 1_800_000)
    assert totals(app, other) == (3_000_000, 2, 3_000_000), "either application"
    assert totals(other, title) == (1_200_000, 1, 1_200_000), "an application and a title"
    assert totals(app, title) == (0, 0, 0)
    assert totals(9999) == (0, 0, 0)
    person = known[token("person", "2")]
    assert totals(person) == (600_000, 1, 600_000)


def test_a_department_of_somebody_else_is_not_there_and_the_attempt_is_written_down(filled: Site, owner: Owner) -> None:
    theirs = filled.call("POST", "/api/departments", {"name": token("label", "Sales")}).json()["id"]
    Owner("other").sign_up(filled)
    for path in ("/api/reports/apps", "/api/reports/attendance", "/timeline"):
        answer = filled.client.get(f"{path}?{WIDE}&department={theirs}")
        assert code_of(answer) == (404, "not_found")
    page = filled.page(f"/?{WIDE}&department={theirs}")
    assert (page.status_code, "no such department" in page.text) == (404, True)
    attempts = [entry for entry in filled.told("/api/audit")["entries"] if entry["action"] == "department_refused"]
    assert [entry["subject"] for entry in attempts] == [theirs] * 4


@pytest.mark.parametrize(
    "query",
    [
        "", "from=2025-10-09", "from=2025-10-10&to=2025-10-09", "from=yesterday&to=today", "from=0001-01-01&to=0001-01-02",
        "from=1990-01-01&to=2030-01-01", f"{WIDE}&page=0", f"{WIDE}&limit=0", f"{WIDE}&limit=1001",
        f"{WIDE}&person=Ann", f"{WIDE}&person=1%20OR%201=1",
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense(filled: Site, query: str) -> None:
    for path in ("apps", "people", "log"):
        assert code_of(filled.client.get(f"/api/reports/{path}?{query}")) == (400, "input_invalid")


def test_another_account_adds_nothing(filled: Site) -> None:
    Owner("other").sign_up(filled)
    for path in ("apps", "people", "log"):
        assert filled.told(f"/api/reports/{path}?{WIDE}")["rows"] == []
    assert filled.told(f"/api/reports/overview?{WIDE}")["events"] == 0


def test_reports_are_for_those_who_are_logged_in(filled: Site) -> None:
    filled.become_nobody()
    for path in ("apps", "sites", "titles", "documents", "urls", "people", "days", "log", "overview"):
        assert code_of(filled.client.get(f"/api/reports/{path}?{WIDE}")) == (401, "session_required")


def test_a_device_that_fell_silent_is_told(filled: Site, computer: Computer) -> None:
    def silent() -> list[Any]:
        found = filled.told("/api/reports/overview?from=2025-10-01&to=2025-10-31")["silent"]
        assert isinstance(found, list)
        return found

    assert silent() == []
    filled.clock.ms += 4 * DAY_MS
    assert [(one["device"], one["events"]) for one in silent()] == [(computer.id, 3)]


def test_the_period_before_has_the_same_length(filled: Site) -> None:
    told = filled.told("/api/reports/overview?from=2025-10-10&to=2025-10-16")
    assert (told["previous_first"], told["previous_last"]) == ("2025-10-03", "2025-10-09")
    assert (told["totals"]["work"], told["previous"]["work"]) == (0, 3_600_000)
