"""The raw log, oldest first, a page at a time: page one million of a year comes as fast as the first.

The place of a page in the order is found by counting: whole days from the roll-ups, then hours of the few days around it from the events.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import accumulate
from typing import Any, Final

import duckdb

from reteamz.server.reports import sql
from reteamz.server.reports.arithmetic import pages_of
from reteamz.server.reports.filters import Filter
from reteamz.server.reports.types import LogPage, LogRow
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.activity.rollup import HOUR_MS
from reteamz.server.store.activity.schema import KIND_NAMES
from reteamz.wire.limits import UTC_OFFSET_MIN

APART: Final = 1 + -(-2 * UTC_OFFSET_MIN // 1440)
"""Events whose local days are so many days apart, or more, come in the order of their days, whatever offset each computer had."""


def log(activity: ActivityStore, filter: Filter, page: int, limit: int) -> LogPage:
    """Return one page of the raw log, oldest first. Blocks; raises ``StoreFailure`` while the store is closed."""
    # What arrives meanwhile has its place in the order as well.
    whole = replace(filter, tail=True)
    with activity.cursor() as cursor:
        # One view of the store for all the questions; closing the cursor ends it.
        cursor.execute("BEGIN TRANSACTION")
        days = cursor.execute(
            f"SELECT day, sum(visits)::BIGINT FROM {sql.days(whole)} GROUP BY day ORDER BY day"
        ).fetchall()
        count = sum(events for _, events in days)
        found = _rows(cursor, whole, days, (page - 1) * limit, limit)
    devices = {number: device for device, number in activity.device_numbers(filter.account).items()}
    pages = pages_of(count, limit)
    return LogPage(
        first=filter.first.isoformat(),
        last=filter.last.isoformat(),
        rows=[_log_row(activity, filter.account, devices, row) for row in found],
        count=count,
        page=page,
        pages=pages,
        limit=limit,
        next=page + 1 if page < pages else None,
    )


def _rows(
    cursor: duckdb.DuckDBPyConnection, filter: Filter, days: list[tuple[date, int]], offset: int, limit: int
) -> list[tuple[Any, ...]]:
    """Return the rows from ``offset`` on; ``days`` counts the events of every day."""
    totals = list(accumulate(events for _, events in days))
    begin = next((day for (day, _), total in zip(days, totals, strict=True) if total > offset), None)
    if begin is None:
        return []
    end = next((day for (day, _), total in zip(days, totals, strict=True) if total >= offset + limit), days[-1][0])
    # What is on the page lies less than APART days from the days that were counted, and so do those that mix with it.
    near = timedelta(days=2 * (APART - 1))
    around = replace(filter, first=max(filter.first, begin - near), last=min(filter.last, end + near))
    skipped = sum(events for day, events in days if day < around.first)
    chosen = sql.events(around)
    hours = cursor.execute(f"SELECT start_ms // {HOUR_MS}, count(*) FROM {chosen} GROUP BY 1 ORDER BY 1").fetchall()
    begins, ends, before = 0, 0, skipped
    for hour, events in hours:
        if skipped <= offset:
            begins, before = hour, skipped
        skipped += events
        ends = hour + 1
        if skipped >= offset + limit:
            break
    return cursor.execute(
        f"""
        SELECT device, seq, day, start_ms, duration_ms, utc_offset, kind, person, app, site, title, url, doc, input, rating
        FROM {chosen} WHERE start_ms >= {begins * HOUR_MS:d} AND start_ms < {ends * HOUR_MS:d}
        ORDER BY start_ms, device, seq, duration_ms, kind, person, app, title, site, url, doc
        LIMIT {limit:d} OFFSET {offset - before:d}
        """
    ).fetchall()


def _log_row(activity: ActivityStore, account: str, devices: dict[int, str], row: tuple[Any, ...]) -> LogRow:
    device, seq, day, start, duration, offset, kind, person, app, site, title, url, doc, typed, rating = row
    return LogRow(
        device=devices[device],
        seq=seq,
        day=day.isoformat(),
        start_ms=start,
        duration_ms=duration,
        utc_offset_min=offset,
        kind=KIND_NAMES[kind],
        person_id=person,
        person=activity.name(account, person),
        app=activity.name(account, app),
        site=activity.name(account, site),
        title=activity.name(account, title),
        url=activity.name(account, url),
        doc=activity.name(account, doc),
        input=typed,
        rating=rating,
    )
