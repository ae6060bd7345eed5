"""The reports. Grouping happens on dense ids in the store; names are joined afterwards, for the rows that are shown.

Every function blocks and takes a cursor of its own: call it in a thread. Raises ``StoreFailure`` while the store is closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import duckdb

from reteamz.server.reports import sql
from reteamz.server.reports.arithmetic import pages_of, share_of
from reteamz.server.reports.filters import Filter
from reteamz.server.reports.ranking import RankedField, longest, named
from reteamz.server.reports.sql import used
from reteamz.server.reports.types import (
    DayHours,
    Days,
    Hours,
    Overview,
    PeopleTable,
    PersonRow,
    RankedRow,
    SilentDevice,
)
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.activity.schema import KIND_NAMES, KIND_ORDER, LAST_USED_KIND

TOP: Final = 10
"""Rows of each list on the overview."""
SILENT_MS: Final = 3 * 24 * 3_600_000
"""A device fell silent when it sent nothing for this long, in milliseconds: longer than a weekend."""

_WORK: Final = {"active", "meeting", "idle"}
_BY_KIND: Final = ", ".join(f"coalesce(sum(ms) FILTER (kind = {place}), 0)::BIGINT" for place in range(len(KIND_ORDER)))
_BY_KIND_NAMED: Final = ", ".join(
    f"coalesce(sum(ms) FILTER (kind = {place}), 0)::BIGINT AS kind_{place}" for place in range(len(KIND_ORDER))
)
_SUMS: Final = ", ".join(f"sum(kind_{place})::BIGINT" for place in range(len(KIND_ORDER)))


def hours(values: Iterable[int]) -> Hours:
    """Return time by kind from sums in the store's order of kinds, in milliseconds."""
    told = dict(zip(KIND_NAMES, values, strict=True))
    work = sum(told[kind] for kind in _WORK)
    return Hours(work=work, session=work + told["locked"], **told)


def people(activity: ActivityStore, filter: Filter, page: int, limit: int) -> PeopleTable:
    """Return one page of persons, longest work first; id 0 stands for events without a person."""
    with activity.cursor() as cursor:
        rows = _people(cursor, activity, filter)
    shown = rows[(page - 1) * limit : page * limit]
    return PeopleTable(
        first=filter.first.isoformat(),
        last=filter.last.isoformat(),
        rows=shown,
        total_ms=sum(row.hours.work for row in rows),
        count=len(rows),
        page=page,
        pages=pages_of(len(rows), limit),
        limit=limit,
    )


def _people(cursor: duckdb.DuckDBPyConnection, activity: ActivityStore, filter: Filter) -> list[PersonRow]:
    return _person_rows(activity, filter, _by_day_and_person(cursor, filter)[1])


def _person_rows(activity: ActivityStore, filter: Filter, found: list[tuple[Any, ...]]) -> list[PersonRow]:
    told = [(row[0], row[1], row[2], row[3], hours(row[4:])) for row in found]
    total = sum(row[4].work for row in told)
    rows = [
        PersonRow(
            id=number,
            name=activity.name(filter.account, number),
            hours=spent,
            days=days,
            first_ms=first,
            last_ms=last,
            share=share_of(spent.work, total),
        )
        for number, days, first, last, spent in told
    ]
    return sorted(rows, key=lambda row: (-row.hours.work, row.id))


def _by_day_and_person(
    cursor: duckdb.DuckDBPyConnection, filter: Filter
) -> tuple[dict[date, tuple[int, ...]], list[tuple[Any, ...]], int]:
    """Return sums by kind of every day; person, days, first and last activity and sums of every person; the number of events.

    Events are grouped once, by person and day; what both need is added up from those cells, which are few.
    """
    found = cursor.execute(
        f"""
        WITH seen AS (
            SELECT person, day, sum(visits) AS events, min(first_ms) FILTER (kind <= {LAST_USED_KIND}) AS first,
                   max(last_ms) FILTER (kind <= {LAST_USED_KIND}) AS last, {_BY_KIND_NAMED}
            FROM {sql.days(filter)} GROUP BY person, day
        )
        SELECT day, sum(events)::BIGINT, person, count(*), min(first), max(last), {_SUMS}
        FROM seen GROUP BY GROUPING SETS ((day), (person))
        """
    ).fetchall()
    by_day = {row[0]: row[6:] for row in found if row[0] is not None}
    return by_day, [row[2:] for row in found if row[0] is None], sum(row[1] for row in found if row[0] is not None)


def days(activity: ActivityStore, filter: Filter) -> Days:
    """Return time by day and kind; days without events are there."""
    with activity.cursor() as cursor:
        by_day = _by_day(cursor, filter)
    rows, totals = _calendar(filter, by_day)
    return Days(first=filter.first.isoformat(), last=filter.last.isoformat(), days=rows, totals=totals)


def _by_day(cursor: duckdb.DuckDBPyConnection, filter: Filter) -> dict[date, tuple[int, ...]]:
    found = cursor.execute(f"SELECT day, {_BY_KIND} FROM {sql.days(filter)} GROUP BY day").fetchall()
    return {row[0]: row[1:] for row in found}


def _calendar(filter: Filter, by_day: dict[date, tuple[int, ...]]) -> tuple[list[DayHours], Hours]:
    none = (0,) * len(KIND_ORDER)
    every = [filter.first + timedelta(days=step) for step in range(filter.days)]
    rows = [DayHours(day=day.isoformat(), hours=hours(by_day.get(day, none))) for day in every]
    return rows, hours(sum(column) for column in zip(none, *by_day.values(), strict=True))


def overview(activity: ActivityStore, filter: Filter, now_ms: int) -> Overview:
    """Return the first page: totals and those of the period before, days, the top of every list, silent devices.

    Args:
        activity: the store.
        filter: what to look at.
        now_ms: the server's clock, in milliseconds; devices are silent as of now or of the end of the range.
    """
    before = filter.before()
    tops: dict[RankedField, list[RankedRow]] = {}
    with activity.cursor() as cursor:
        by_day, people, events = _by_day_and_person(cursor, filter)
        earlier = _by_day(cursor, before)
        fields: tuple[RankedField, ...] = ("app", "site", "title", "doc")
        for field in fields:
            rows, _, total = longest(cursor, used(filter, field), field, TOP, 0)
            tops[field] = named(activity, filter, rows, total)
        silent = _silent(cursor, activity, filter, now_ms)
    calendar, totals = _calendar(filter, by_day)
    return Overview(
        first=filter.first.isoformat(),
        last=filter.last.isoformat(),
        previous_first=before.first.isoformat(),
        previous_last=before.last.isoformat(),
        totals=totals,
        previous=_calendar(before, earlier)[1],
        days=calendar,
        apps=tops["app"],
        sites=tops["site"],
        titles=tops["title"],
        documents=tops["doc"],
        people=_person_rows(activity, filter, people)[:TOP],
        silent=silent,
        events=events,
    )


def _silent(
    cursor: duckdb.DuckDBPyConnection, activity: ActivityStore, filter: Filter, now_ms: int
) -> list[SilentDevice]:
    """Return devices that sent something in this period or the one before, but nothing lately."""
    end_ms = (filter.last - date(1970, 1, 1) + timedelta(days=1)) // timedelta(milliseconds=1)
    since = min(now_ms, end_ms) - SILENT_MS
    # A device is silent when it sends nothing at all, whatever is looked at.
    both = replace(filter, first=filter.before().first, names=(), hours=None)
    found = cursor.execute(
        f"""
        SELECT device, max(last_ms) AS seen, sum(visits)::BIGINT FROM {sql.days(both)}
        GROUP BY device HAVING seen < {since:d} ORDER BY seen DESC, device
        """
    ).fetchall()
    names = {number: device for device, number in activity.device_numbers(filter.account).items()}
    return [SilentDevice(device=names[device], last_ms=last, events=events) for device, last, events in found]
