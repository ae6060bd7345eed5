"""Attendance: who was there when, and how that compares with what was expected.

Days are those of the person's computer. A day is over at the midnight of the person's last known place; before, nobody is absent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import duckdb

from reteamz.server.people.placing import PERSONS_MOST
from reteamz.server.reports import sql
from reteamz.server.reports.day_types import Attendance, AttendanceRow, Attended
from reteamz.server.reports.filters import Filter
from reteamz.server.reports.sql import MINUTE_MS
from reteamz.server.schedules import Expected, Schedules
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.activity.rollup import MIDNIGHT
from reteamz.server.store.activity.schema import KIND_NAMES, LAST_USED_KIND

_DAY: Final = timedelta(days=1)
_WORKING: Final = tuple(place for place, name in enumerate(KIND_NAMES) if name in ("active", "meeting", "idle"))
_BEGINNING: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded of a person's day: first and last activity in milliseconds from local midnight, None without any, and work."""

    first_ms: int | None
    last_ms: int | None
    work_ms: int


_NOTHING: Final = Recorded(None, None, 0)


def attendance(activity: ActivityStore, filter: Filter, schedules: Schedules, now_ms: int, zone: str) -> Attendance:
    """Return first and last activity and work time of every person and day, against schedules where there are some.

    Blocks; raises ``StoreFailure`` while the store is closed.

    Args:
        activity: the store.
        filter: what to look at.
        schedules: those of the account.
        now_ms: the server's clock, in milliseconds.
        zone: the account's time zone, for people of whom nothing was seen in the range.
    """
    whole = not filter.names and filter.devices is None and filter.hours is None
    judged = whole and schedules.any
    with activity.cursor() as cursor:
        seen, offsets = _seen(cursor, filter)
        people: Collection[int] = sorted(seen)
        known: Collection[int] = ()
        if judged:
            listed = filter.persons
            if listed is None:
                listed = frozenset(entry.id for entry in activity.entries(filter.account, "person", 0, PERSONS_MOST))
            # The first working day of somebody new is the first that was recorded of them.
            known = _known(cursor, replace(filter, persons=frozenset(listed)))
            people = sorted({*seen, *known})
    away = round(datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone)).utcoffset() / timedelta(minutes=1))  # type: ignore[operator]  # aware
    rows = []
    for person in people:
        days = seen.get(person, {})
        today = (datetime.fromtimestamp(now_ms / 1000, UTC) + timedelta(minutes=offsets.get(person, away))).date()
        since = filter.first if person in known else min(days)
        plan = schedules if whole and person else Schedules()
        told = [
            one
            for step in range(filter.days)
            if (one := _judged(plan, person, filter.first + step * _DAY, days, since, today)) is not None
        ]
        if told:
            rows.append(_row(person, activity.name(filter.account, person), told))
    return Attendance(first=filter.first.isoformat(), last=filter.last.isoformat(), judged=judged, rows=rows)


def recorded(activity: ActivityStore, filter: Filter) -> dict[int, dict[date, Recorded]]:
    """Return what was recorded, by person and day, without a judgement. Blocks."""
    with activity.cursor() as cursor:
        return _seen(cursor, filter)[0]


def _seen(cursor: duckdb.DuckDBPyConnection, filter: Filter) -> tuple[dict[int, dict[date, Recorded]], dict[int, int]]:
    """Return what was recorded, by person and day, and each person's last offset from UTC in minutes."""
    used, working = f"kind <= {LAST_USED_KIND}", f"kind IN {_WORKING}"
    found = cursor.execute(
        f"""
        SELECT person, day, min(first_ms - {MIDNIGHT}) FILTER ({used}), max(last_ms - {MIDNIGHT}) FILTER ({used}),
               coalesce(sum(ms) FILTER ({working}), 0)::BIGINT, arg_max(utc_offset, last_ms)
        FROM {sql.days(filter)} GROUP BY person, day ORDER BY person, day
        """
    ).fetchall()
    seen: dict[int, dict[date, Recorded]] = defaultdict(dict)
    offsets: dict[int, int] = {}
    for person, day, first, last, work, offset in found:
        seen[person][day] = Recorded(first, last, work)
        offsets[person] = offset
    return seen, offsets


def _known(cursor: duckdb.DuckDBPyConnection, filter: Filter) -> frozenset[int]:
    """Return the persons of whom something was recorded before the range."""
    before = replace(filter, first=_BEGINNING, last=filter.first - _DAY)
    found = cursor.execute(f"SELECT DISTINCT person FROM {sql.days(before)} WHERE person > 0").fetchall()
    return frozenset(person for (person,) in found)


def _judged(
    schedules: Schedules, person: int, day: date, days: Mapping[date, Recorded], since: date, today: date
) -> Attended | None:
    """Return a day compared with what was expected, None for one that has nothing to tell."""
    seen = days.get(day, _NOTHING)
    asked = day >= since and schedules.usual(person, day)[1] is not None
    expected = schedules.day(person, day) if asked else None
    holiday = schedules.holiday(person, day)
    leave = schedules.leave(person, day) if holiday is None else None
    here = seen.first_ms is not None or seen.work_ms > 0
    if day not in days and expected is None and holiday is None and leave is None:
        return None
    over = day < today
    work = 0 if expected is None else expected.work_ms
    return Attended(
        day=day.isoformat(),
        first_ms=seen.first_ms,
        last_ms=seen.last_ms,
        work_ms=seen.work_ms,
        state="present" if here else "free" if expected is None else "absent" if over else "open",
        over=over,
        begin_min=None if expected is None else expected.begin_min,
        end_min=None if expected is None else expected.end_min,
        expected_ms=work,
        late_ms=_late(expected, seen.first_ms),
        early_ms=_early(expected, seen.last_ms) if over else 0,
        balance_ms=seen.work_ms - work if over and asked else 0,
        off="holiday" if holiday is not None else "" if leave is None else leave.kind,
        half="" if leave is None or expected is None else leave.half,
        label=holiday or ("" if leave is None else leave.note),
    )


def _late(expected: Expected | None, first: int | None) -> int:
    if expected is None or first is None or first <= (expected.begin_min + expected.grace_min) * MINUTE_MS:
        return 0
    return first - expected.begin_min * MINUTE_MS


def _early(expected: Expected | None, last: int | None) -> int:
    if expected is None or last is None or last >= (expected.end_min - expected.grace_min) * MINUTE_MS:
        return 0
    return expected.end_min * MINUTE_MS - last


def _row(person: int, name: str, days: list[Attended]) -> AttendanceRow:
    return AttendanceRow(
        id=person,
        name=name,
        days=days,
        work_ms=sum(day.work_ms for day in days),
        open_ms=sum(day.work_ms for day in days if not day.over),
        expected_ms=sum(day.expected_ms for day in days if day.over),
        balance_ms=sum(day.balance_ms for day in days),
        late=sum(day.late_ms > 0 for day in days),
        early=sum(day.early_ms > 0 for day in days),
        absent=sum(day.state == "absent" for day in days),
    )
