"""Due days against a clock that is read minute by minute, over zones and days on which clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reteamz.server.mailings.periods import Plan, due_after, due_until, moment, newest, period
from reteamz.wire.mailings import Rhythm

ZONES = (
    "Europe/Berlin", "America/New_York", "America/St_Johns", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Tehran", "Asia/Kolkata",
    "Pacific/Apia", "Africa/Cairo", "Asia/Beirut", "Africa/Casablanca", "Pacific/Kwajalein", "UTC",
)  # fmt: skip
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
CHANGES = [
    # A day on which the clock of the zone was set, and one that never came.
    ("Europe/Berlin", date(2026, 3, 29)), ("Europe/Berlin", date(2026, 10, 25)), ("America/New_York", date(2026, 3, 8)),
    ("Australia/Lord_Howe", date(2025, 10, 5)), ("America/Sao_Paulo", date(2018, 11, 4)), ("Asia/Beirut", date(2025, 3, 30)),
    ("Pacific/Apia", date(2011, 12, 30)), ("Pacific/Kwajalein", date(1993, 8, 21)), ("Africa/Casablanca", date(2026, 2, 15)),
]  # fmt: skip

plans = st.builds(
    Plan,
    st.sampled_from(["daily", "weekly", "monthly"]),
    st.integers(0, 6),
    st.integers(1, 28),
    st.integers(0, 23),
    st.sampled_from(ZONES),
)
days = st.dates(date(1990, 1, 1), date(2036, 12, 31))


def watched(plan: Plan, day: date) -> int:
    """Return the first moment at which a clock that is read every five minutes shows the hour of a day or later."""
    zone, target = ZoneInfo(plan.zone), datetime.combine(day, time(plan.hour))
    at = datetime.combine(day, time(), UTC) - timedelta(hours=40)
    while at.astimezone(zone).replace(tzinfo=None) < target:
        at += timedelta(minutes=5)
    return round(at.timestamp() * 1000)


@settings(deadline=None)
@given(plans, days)
def test_the_hour_is_that_of_the_zone_s_clock(plan: Plan, day: date) -> None:
    assert moment(plan, day) == watched(plan, day)


@pytest.mark.parametrize(("zone", "day"), CHANGES)
@pytest.mark.parametrize("hour", range(24))
def test_days_on_which_the_clock_is_set(zone: str, day: date, hour: int) -> None:
    plan = Plan("daily", 0, 1, hour, zone)
    told = [moment(plan, day + timedelta(days=step)) for step in (-1, 0, 1)]
    assert told == [watched(plan, day + timedelta(days=step)) for step in (-1, 0, 1)]
    assert told == sorted(told)


def test_an_hour_that_does_not_come_and_one_that_comes_twice() -> None:
    plan = Plan("daily", 0, 1, 2, "Europe/Berlin")
    spring, autumn = moment(plan, date(2026, 3, 29)), moment(plan, date(2026, 10, 25))
    assert datetime.fromtimestamp(spring / 1000, UTC) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert datetime.fromtimestamp(autumn / 1000, UTC) == datetime(2026, 10, 25, 0, tzinfo=UTC)
    assert newest(plan, autumn - 1) == date(2026, 10, 24)
    for later in (autumn, autumn + 60 * MINUTE_MS, autumn + 90 * MINUTE_MS):
        assert newest(plan, later) == date(2026, 10, 25)


@settings(max_examples=60, deadline=None)
@given(plans, days, st.lists(st.integers(1, 50 * 60), min_size=20, max_size=60))
def test_each_period_comes_once_and_in_order(plan: Plan, begin: date, steps: list[int]) -> None:
    """A server that looks now and then, up to two days apart, sends what is over: nothing twice, nothing before its time."""
    now = round(datetime.combine(begin, time(), UTC).timestamp() * 1000)
    done = newest(plan, now)
    sent: list[date] = []
    for minutes in steps:
        before, now = now, now + minutes * MINUTE_MS
        found = newest(plan, now)
        assert found >= done
        if found == done:
            assert moment(plan, due_after(plan, done)) > now
            continue
        missed, passed = due_after(plan, done), 1
        while missed != found:
            missed, passed = due_after(plan, missed), passed + 1
        assert before < moment(plan, found) <= now
        assert passed == 1 or plan.rhythm == "daily"
        done = found
        sent.append(found)
    assert sent == sorted(set(sent))
    periods = [period(plan.rhythm, due) for due in sent]
    assert len(set(periods)) == len(periods)
    assert all(last < due for (_, last), due in zip(periods, sent, strict=True))


@given(plans, days)
def test_periods_follow_each_other_without_a_gap(plan: Plan, begin: date) -> None:
    due = due_until(plan, begin)
    assert due <= begin < due_after(plan, begin)
    for _ in range(15):
        after = due_after(plan, due)
        assert due_until(plan, after) == after
        assert due_until(plan, after - timedelta(days=1)) == due
        assert period(plan.rhythm, after)[0] == period(plan.rhythm, due)[1] + timedelta(days=1)
        due = after


@pytest.mark.parametrize(
    ("rhythm", "due", "first", "last"),
    [
        ("daily", date(2026, 3, 1), date(2026, 2, 28), date(2026, 2, 28)),
        ("weekly", date(2026, 11, 23), date(2026, 11, 16), date(2026, 11, 22)),
        ("weekly", date(2026, 11, 29), date(2026, 11, 16), date(2026, 11, 22)),
        ("monthly", date(2026, 1, 28), date(2025, 12, 1), date(2025, 12, 31)),
        ("monthly", date(2028, 3, 1), date(2028, 2, 1), date(2028, 2, 29)),
    ],
)
def test_what_ended_before(rhythm: Rhythm, due: date, first: date, last: date) -> None:
    assert period(rhythm, due) == (first, last)
