"""Timeline and attendance against a plain model, in several zones and over a daylight-saving night."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.server.company import Computer, Owner, Site, code_of
from tests.server.ingest.support import NOW_MS, token

TOKENS = [token("person", "0"), token("person", "1"), token("app", "0"), token("app", "1")]
KINDS = ("active", "idle", "locked", "meeting", "private")
GRAIN = 300_000
DAY = date(2025, 10, 8)
MIDNIGHT_MS = int(datetime(2025, 10, 8, tzinfo=UTC).timestamp() * 1000)

# person, kind, start in the local day, length, app, offset
rows_strategy = st.lists(
    st.tuples(
        st.integers(-1, 1), st.integers(0, 4), st.integers(0, 1_380), st.integers(1, 60 * 60_000),
        st.integers(0, 1), st.sampled_from([-480, 0, 60, 345, 840]),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


def event(row: tuple[int, ...]) -> tuple[int, ...]:
    person, kind, minute, length, app, offset = row
    start = MIDNIGHT_MS + minute * 60_000 - offset * 60_000
    end = min(minute * 60_000 + length, 86_400_000)
    return (person, kind, start, end - minute * 60_000, offset, 2 + app, -1, -1, -1, -1, 1, -1)


def account(site: Site, events: list[tuple[int, ...]], name: str, rolled: int = 0) -> None:
    """Send events; those before ``rolled`` are rolled up, the rest are not."""
    owner = Owner(name).sign_up(site)
    computer = Computer(owner)
    computer.enroll(site, owner.make_ticket(site))
    owner.confirm(site, computer)
    for part in (events[:rolled], events[rolled:]):
        site.activity.roll_up(1)
        assert site.post_batch(computer.next(TOKENS, part)).status_code == 200


def model(rows: list[tuple[int, ...]]) -> dict[tuple[int, int], dict[tuple[str, int], int]]:
    """Return milliseconds by (person, slot) and (kind, app)."""
    held: dict[tuple[int, int], dict[tuple[str, int], int]] = defaultdict(lambda: defaultdict(int))
    for person, kind, minute, length, app, _ in rows:
        begin, end = minute * 60_000, min(minute * 60_000 + length, 86_400_000)
        for slot in range(begin // GRAIN, (end - 1) // GRAIN + 1):
            ms = min(end, (slot + 1) * GRAIN) - max(begin, slot * GRAIN)
            held[person, slot][KINDS[kind], app if kind in (0, 3) else -1] += ms
    return held


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows_strategy, st.integers(0, 25))
def test_every_five_minutes_belong_to_what_held_most_of_them(
    site: Site, rows: list[tuple[int, ...]], rolled: int
) -> None:
    site.clock.ms += 300_000
    account(site, [event(row) for row in rows], f"company{site.clock.ms}", rolled)
    told = site.told(f"/api/reports/timeline?from={DAY}&to={DAY}")
    apps = {app["id"]: app["name"] for app in told["apps"]}
    held = model(rows)
    seen = set()
    for row in told["rows"]:
        person = TOKENS.index(row["name"]) if row["name"] else -1
        ends = -1
        for stretch in row["stretches"]:
            assert stretch["begin_ms"] >= ends
            ends = stretch["end_ms"]
            for slot in range(stretch["begin_ms"] // GRAIN, stretch["end_ms"] // GRAIN):
                what = (stretch["kind"], TOKENS.index(apps[stretch["app"]]) - 2 if stretch["app"] else -1)
                shares = held[person, slot]
                assert shares[what] == max(shares.values())
                seen.add((person, slot))
    assert seen == {key for key, shares in held.items() if shares}

    sheet = site.told(f"/api/reports/attendance?from={DAY}&to={DAY}")
    for line in sheet["rows"]:
        person = TOKENS.index(line["name"]) if line["name"] else -1
        theirs = [row for row in rows if row[0] == person]
        used = [row for row in theirs if row[1] in (0, 3)]
        (day,) = line["days"]
        assert day["first_ms"] == min((row[2] * 60_000 for row in used), default=None)
        assert day["last_ms"] == max((min(row[2] * 60_000 + row[3], 86_400_000) for row in used), default=None)
        work = sum(min(row[3], 86_400_000 - row[2] * 60_000) for row in theirs if row[1] in (0, 1, 3))
        assert (day["work_ms"], line["work_ms"]) == (work, work)


def test_a_week_has_a_lane_for_every_day(site: Site) -> None:
    day_ms = 86_400_000
    # Somebody on Monday and Wednesday, somebody else on Wednesday alone, and a week before.
    events = [event((person, 0, 600, 60_000, 0, 0)) for person in (0, 0, 1, 1)]
    moved = [(*row[:2], row[2] + days * day_ms, *row[3:]) for row, days in zip(events, (-2, 0, 0, -7), strict=True)]
    account(site, moved, "weekly")
    query = f"/api/reports/timeline?from={DAY - timedelta(days=6)}&to={DAY}"
    told = site.told(f"{query}&days=7")
    assert [(row["name"], row["day"]) for row in told["rows"]] == [
        (TOKENS[0], "2025-10-06"), (TOKENS[0], "2025-10-08"), (TOKENS[1], "2025-10-08"),
    ]  # fmt: skip
    assert (told["first"], told["last"], told["count"], told["pages"]) == ("2025-10-02", "2025-10-08", 2, 1)
    assert [row["day"] for row in site.told(query)["rows"]] == ["2025-10-08"] * 2
    assert code_of(site.client.get(f"{query}&days=8")) == (400, "input_invalid")


def test_many_people_have_their_lanes_page_by_page(site: Site, owner: Owner, computer: Computer) -> None:
    names = [token("person", str(number)) for number in range(51)]
    rows = [(number, 0, MIDNIGHT_MS + 36_000_000, 60_000, 0, -1, -1, -1, -1, -1, 0, -1) for number in range(51)]
    assert site.post_batch(computer.next(names, rows)).status_code == 200
    pages = [site.told(f"/api/reports/timeline?from={DAY}&to={DAY}&page={page}") for page in (1, 2, 3)]
    assert [[row["name"] for row in page["rows"]] for page in pages] == [names[:50], names[50:], []]
    assert {(page["count"], page["pages"]) for page in pages} == {(51, 2)}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows_strategy, st.integers(0, 25))
def test_hours_of_the_week_add_up(site: Site, rows: list[tuple[int, ...]], rolled: int) -> None:
    site.clock.ms += 300_000
    account(site, [event(row) for row in rows], f"company{site.clock.ms}", rolled)
    expected = [[0] * 24 for _ in range(7)]
    for _, kind, minute, length, _, _ in rows:
        begin, end = minute * 60_000, min(minute * 60_000 + length, 86_400_000)
        for hour in range(24):
            if kind in (0, 3):
                expected[DAY.weekday()][hour] += max(0, min(end, (hour + 1) * 3_600_000) - max(begin, hour * 3_600_000))
    assert site.told(f"/api/reports/week?from={DAY}&to={DAY}")["hours"] == expected


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_a_daylight_saving_day_has_the_hours_that_the_clock_showed(site: Site, zone: str) -> None:
    """Berlin's clocks go back on 26 October 2025 and New York's on 2 November: the computer says its offset with every event."""
    change = date(2025, 10, 26) if zone.startswith("Europe") else date(2025, 11, 2)
    site.clock.ms = NOW_MS + 60 * 86_400_000
    events = []
    for hour in (0, 12):
        local = datetime(change.year, change.month, change.day, hour, 30, tzinfo=ZoneInfo(zone))
        offset = local.utcoffset()
        assert offset is not None
        minutes = int(offset.total_seconds() // 60)
        events.append((0, 0, int(local.timestamp() * 1000), 600_000, minutes, 2, -1, -1, -1, -1, 1, -1))
    assert events[0][4] - events[1][4] == 60
    account(site, events, "saving")
    (row,) = site.told(f"/api/reports/timeline?from={change}&to={change}")["rows"]
    assert [(one["begin_ms"], one["end_ms"]) for one in row["stretches"]] == [
        (1_800_000, 2_400_000),
        (45_000_000, 45_600_000),
    ]
    (line,) = site.told(f"/api/reports/attendance?from={change}&to={change}")["rows"]
    (day,) = line["days"]
    assert (day["day"], day["first_ms"], day["last_ms"], day["work_ms"]) == (
        str(change),
        1_800_000,
        45_600_000,
        1_200_000,
    )
    following = change + timedelta(days=1)
    assert site.told(f"/api/reports/attendance?from={following}&to={following}")["rows"] == []


def test_questions_that_make_no_sense(site: Site, owner: Owner) -> None:
    for query in ("timeline", "timeline?from=never&to=never", "attendance?from=2025-10-10&to=2025-10-09"):
        assert code_of(site.client.get(f"/api/reports/{query}")) == (400, "input_invalid")
    nothing: dict[str, Any] = site.told(f"/api/reports/timeline?from={DAY}&to={DAY}")
    assert (nothing["rows"], nothing["apps"]) == ([], [])


def test_live_tells_what_was_seen_last_of_everybody(site: Site) -> None:
    minute = 60_000
    rows = [
        (0, 0, NOW_MS - 20 * minute, 10 * minute, 60, 2, -1, -1, -1, -1, 1, -1),
        (0, 3, NOW_MS - 10 * minute, 9 * minute, 60, 3, -1, -1, -1, -1, 1, -1),
        (1, 0, NOW_MS - 30 * minute, 20 * minute, 60, 2, -1, -1, -1, -1, 1, -1),
        (-1, 2, NOW_MS - 8 * minute, 6 * minute, 60, -1, -1, -1, -1, -1, 0, -1),
    ]
    account(site, rows, "live")
    told = site.told("/api/reports/live?from=2025-10-08&to=2025-10-10")
    assert [(row["name"], row["kind"], row["app"], NOW_MS - row["seen_ms"]) for row in told["rows"]] == [
        (TOKENS[0], "meeting", TOKENS[3], minute),
        ("", "locked", "", 2 * minute),
        (TOKENS[1], "away", TOKENS[2], 10 * minute),
    ]
    site.clock.ms += 10 * minute
    told = site.told("/api/reports/live?from=2025-10-08&to=2025-10-10")
    assert {row["kind"] for row in told["rows"]} == {"away"}
