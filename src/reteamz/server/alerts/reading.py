"""What alerts ask the activity store beside the reports. Every function blocks: call it in a thread."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from reteamz.server.alerts.moments import Seen
from reteamz.server.reports.filters import Filter
from reteamz.server.reports.sql import days, where
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.activity.schema import KIND_NAMES, LAST_USED_KIND

_IDLE: Final = KIND_NAMES.index("idle")
_MIDNIGHT: Final = "(epoch_ms(day) - utc_offset * 60000)"
"""Local midnight of an event's day, in UTC milliseconds."""
PAUSE_MS: Final = 60_000
"""Idle events with less between them are one: agents tell once a minute."""


def used(activity: ActivityStore, filter: Filter) -> dict[int, int]:
    """Return the time of names of every person, in milliseconds."""
    with activity.cursor() as cursor:
        return dict(
            cursor.execute(
                f"""
                SELECT person, sum(ms)::BIGINT FROM {days(filter)} WHERE kind <= {LAST_USED_KIND} GROUP BY person
                """
            ).fetchall()
        )


def longest_idle(activity: ActivityStore, filter: Filter, hours: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    """Return the longest idle time without a break of persons on one day, in milliseconds.

    Args:
        activity: the store.
        filter: one day.
        hours: person → begin and end of what counts, minutes from local midnight.
    """
    listed = ", ".join(f"({person:d}, {begin:d}, {end:d})" for person, (begin, end) in hours.items())
    with activity.cursor() as cursor:
        return dict(
            cursor.execute(
                f"""
                WITH seen AS (
                    SELECT event.person, kind, start_ms AS b, start_ms + duration_ms AS e,
                           {_MIDNIGHT} + first * 60000 AS opens, {_MIDNIGHT} + last * 60000 AS closes
                    FROM (SELECT * FROM event WHERE {where(filter)} AND kind <= {_IDLE} AND duration_ms > 0) AS event
                    JOIN (VALUES {listed}) AS hours(person, first, last) ON event.person = hours.person
                ), marked AS (
                    SELECT *, max(e) FILTER (kind < {_IDLE}) OVER (
                        PARTITION BY person ORDER BY b, e ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before,
                    min(b) FILTER (kind < {_IDLE}) OVER (
                        PARTITION BY person ORDER BY b, e ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS after
                    FROM seen
                ), idle AS (
                    SELECT person, before, greatest(b, before, opens) AS b, least(e, after, closes) AS e
                    FROM marked WHERE kind = {_IDLE}
                ), ordered AS (
                    SELECT *, max(e) OVER whole AS reached FROM idle WHERE b < e
                    WINDOW whole AS (PARTITION BY person, before ORDER BY b ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                ), numbered AS (
                    SELECT *, sum(CASE WHEN reached IS NULL OR b > reached + {PAUSE_MS} THEN 1 ELSE 0 END)
                        OVER (PARTITION BY person, before ORDER BY b) AS stretch
                    FROM ordered
                ), stretches AS (
                    SELECT person, max(e) - min(b) AS ms FROM numbered GROUP BY person, before, stretch
                )
                SELECT person, max(ms) FROM stretches GROUP BY person
                """
            ).fetchall()
        )


def new_names(activity: ActivityStore, account: int, field: str, since: int) -> list[int]:
    """Return the names of a field that the account has had since a time in milliseconds only."""
    with activity.cursor() as cursor:
        rows = cursor.execute(
            "SELECT id FROM dictionary WHERE account = ? AND field = ? AND first_seen >= ? ORDER BY id",
            [account, field, since],
        ).fetchall()
    return [number for (number,) in rows]


def first_users(activity: ActivityStore, filter: Filter, field: str) -> dict[int, tuple[int, date]]:
    """Return who used each name of the filter first in its days, and on which day."""
    with activity.cursor() as cursor:
        rows = cursor.execute(
            f"""
            SELECT {field}, arg_min(person, (start_ms, person)), arg_min(day, (start_ms, person)) FROM event
            WHERE {where(filter)} GROUP BY {field}
            """
        ).fetchall()
    return {name: (person, day) for name, person, day in rows}


def last_seen(activity: ActivityStore, account: int, first: date, last: date) -> dict[int, Seen]:
    """Return what each person's computer told of its clock last."""
    with activity.cursor() as cursor:
        rows = cursor.execute(
            """
            SELECT person, arg_max(utc_offset, start_ms), max(start_ms) FROM event
            WHERE account = ? AND day BETWEEN ? AND ? AND person > 0 GROUP BY person
            """,
            [account, first, last],
        ).fetchall()
    return {person: Seen(offset, at) for person, offset, at in rows}


def arrived(activity: ActivityStore, account: int, since: int) -> set[tuple[int, date]]:
    """Return persons and days of which something arrived since a time in milliseconds."""
    with activity.cursor() as cursor:
        rows = cursor.execute(
            """
            SELECT DISTINCT person, day FROM event
            JOIN (SELECT device, seq FROM batch WHERE account = $account AND received_at >= $since) AS late
              ON event.device = late.device AND event.seq = late.seq
            WHERE event.account = $account
            """,
            {"account": account, "since": since},
        ).fetchall()
    return set(rows)


def users(activity: ActivityStore, account: int, first: date, devices: Collection[int]) -> dict[int, set[int]]:
    """Return the persons that each device told of since a day; dense ids."""
    found: dict[int, set[int]] = {}
    with activity.cursor() as cursor:
        rows = cursor.execute(
            "SELECT DISTINCT device, person FROM event WHERE account = ? AND day >= ?", [account, first]
        ).fetchall()
    for device, person in rows:
        if device in devices:
            found.setdefault(device, set()).add(person)
    return found
