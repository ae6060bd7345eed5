"""Timeline of a day, the last of everybody, hours of the week. All speak the local time of the person's computer, as its events say it.

Every function blocks and takes a cursor of its own: call it in a thread. Raises ``StoreFailure`` while the store is closed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from reteamz.server.reports import sql
from reteamz.server.reports.day_types import (
    Live,
    LiveRow,
    Stretch,
    Timeline,
    TimelineName,
    TimelineRow,
    Week,
)
from reteamz.server.reports.filters import Filter
from reteamz.server.reports.sql import events
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.activity.rollup import DAY_MS, MIDNIGHT
from reteamz.server.store.activity.schema import KIND_NAMES, LAST_USED_KIND

GRAIN_MS: Final = 5 * 60_000
LANES: Final = 50
"""People on a page of a timeline."""
AWAY_MS: Final = 5 * 60_000
"""After so long without an event somebody is away: agents send once a minute, and idle time is held back for three."""


def timeline(activity: ActivityStore, filter: Filter, days: int = 1, page: int = 1, limit: int = LANES) -> Timeline:
    """Return the last days of the filter: in every five minutes the kind and the application that held most of them.

    Only events that reach from one five minutes into the next are taken apart: a tenth of the time on a busy day.

    Args:
        activity: the store.
        filter: what to look at.
        days: how many of its last days.
        page: from 1.
        limit: people on a page.
    """
    only = replace(filter, first=max(filter.first, filter.last - timedelta(days=days - 1)))
    with activity.cursor() as cursor:
        people = cursor.execute(f"SELECT DISTINCT person FROM {sql.days(only)} ORDER BY person").fetchall()
        shown = frozenset(person for (person,) in people[(page - 1) * limit : page * limit])
        found = cursor.execute(
            f"""
            WITH seen AS (
                SELECT person, day, kind, CASE WHEN kind <= {LAST_USED_KIND} THEN app ELSE 0 END AS app,
                       start_ms - {MIDNIGHT} AS begins, least(start_ms + duration_ms - {MIDNIGHT}, {DAY_MS}) AS ends
                FROM {events(replace(only, persons=shown))} WHERE duration_ms > 0
            ), pieces AS (
                SELECT person, day, kind, app, begins // {GRAIN_MS} AS slot, ends - begins AS ms
                FROM seen WHERE begins // {GRAIN_MS} = (ends - 1) // {GRAIN_MS}
                UNION ALL
                SELECT person, day, kind, app, slot,
                       least(ends, (slot + 1) * {GRAIN_MS}) - greatest(begins, slot * {GRAIN_MS}) AS ms
                FROM seen, unnest(range(begins // {GRAIN_MS}, (ends - 1) // {GRAIN_MS} + 1)) AS slots(slot)
                WHERE begins // {GRAIN_MS} <> (ends - 1) // {GRAIN_MS}
            ), held AS (
                SELECT person, day, slot, kind, app, sum(ms) AS ms FROM pieces GROUP BY person, day, slot, kind, app
            )
            SELECT person, day, slot, arg_max((kind, app), (ms, -kind, -app)) FROM held GROUP BY person, day, slot
            ORDER BY person, day, slot
            """
        ).fetchall()
    rows: dict[tuple[int, date], list[Stretch]] = {}
    for person, day, slot, (kind, app) in found:
        _extend(rows.setdefault((person, day), []), slot * GRAIN_MS, KIND_NAMES[kind], app)
    apps = sorted({stretch.app for stretches in rows.values() for stretch in stretches if stretch.app})
    return Timeline(
        first=only.first.isoformat(),
        last=only.last.isoformat(),
        grain_ms=GRAIN_MS,
        rows=[
            TimelineRow(id=person, name=activity.name(filter.account, person), day=day.isoformat(), stretches=stretches)
            for (person, day), stretches in rows.items()
        ],
        apps=[TimelineName(id=app, name=activity.name(filter.account, app)) for app in apps],
        count=len(people),
        page=page,
        pages=max(1, -(-len(people) // limit)),
    )


def _extend(stretches: list[Stretch], begin: int, kind: str, app: int) -> None:
    last = stretches[-1] if stretches else None
    if last is not None and (last.end_ms, last.kind, last.app) == (begin, kind, app):
        last.end_ms = begin + GRAIN_MS
    else:
        stretches.append(Stretch(begin_ms=begin, end_ms=begin + GRAIN_MS, kind=kind, app=app))


def live(activity: ActivityStore, filter: Filter, now_ms: int) -> Live:
    """Return what was seen last of every person in the range; ``now_ms`` is the server's clock."""
    with activity.cursor() as cursor:
        found = cursor.execute(
            f"""
            WITH latest AS (SELECT person AS who, max(last_ms) AS seen FROM {sql.days(filter)} GROUP BY person)
            SELECT person, seen, arg_max((kind, app, title, start_ms), (start_ms, seq, kind, app, title))
            FROM {events(filter)} JOIN latest ON who = person AND start_ms + duration_ms = seen
            GROUP BY person, seen ORDER BY seen DESC, person
            """
        ).fetchall()
    return Live(
        at_ms=now_ms,
        rows=[
            LiveRow(
                id=person,
                name=activity.name(filter.account, person),
                kind=KIND_NAMES[kind] if now_ms - seen <= AWAY_MS else "away",
                app=activity.name(filter.account, app) if kind <= LAST_USED_KIND else "",
                title=activity.name(filter.account, title) if kind <= LAST_USED_KIND else "",
                since_ms=since,
                seen_ms=seen,
            )
            for person, seen, (kind, app, title, since) in found
        ],
    )


def week(activity: ActivityStore, filter: Filter) -> Week:
    """Return used time by hour of the week."""
    with activity.cursor() as cursor:
        found = cursor.execute(
            f"""
            SELECT isodow(day) - 1 AS weekday, hour, sum(ms)::BIGINT FROM {sql.hours(filter)} GROUP BY weekday, hour
            """
        ).fetchall()
    hours = [[0] * 24 for _ in range(7)]
    for weekday, hour, ms in found:
        hours[weekday][hour] = ms
    return Week(first=filter.first.isoformat(), last=filter.last.isoformat(), hours=hours)
