"""Roll-ups: events added up by day, so that a report over a year reads some millions of rows instead of a hundred and fifty.

Every event carries the number of the commit that brought it, its ``part``. A slice of commits is added up in one transaction, and its rows carry the
number of its last commit. Then for every mark that was ever reached, the rows of roll-ups up to the mark and the events after it are everything,
once, whatever is rolled up meanwhile: a query needs no lock and no transaction, and a late event only adds a row (ADR 0017).
"""

from __future__ import annotations

from typing import Final

import duckdb

from reteamz.server.store.activity.schema import LAST_USED_KIND

SLICE: Final = 1_000_000
"""Events that wait until they are rolled up: reading them as they are takes some 10 ms."""
DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
MIDNIGHT: Final = "(epoch_ms(day) - utc_offset * 60000)"
"""Local midnight of an event's day, in UTC milliseconds."""

_DAY_KEY: Final = ("account", "day", "person", "device", "kind", "utc_offset")
_APP_KEY: Final = (*_DAY_KEY, "app", "site", "rating")
_KEY: Final = (*_APP_KEY, "title", "url", "doc")
_NAME_KEY: Final = ("account", "day", "kind", "app", "site", "rating", "title", "url", "doc")
_SITE_KEY: Final = ("account", "day", "kind", "app", "site", "rating")
ROLLUPS: Final[dict[str, tuple[str, ...]]] = {
    "rollup_site": _SITE_KEY,
    "rollup_day": _DAY_KEY,
    "rollup_app": _APP_KEY,
    "rollup_name": _NAME_KEY,
    "rollup": _KEY,
}
"""Tables from the smallest to the largest, and what each is grouped by: without persons and titles, without names, without titles,
without persons, everything."""


def hours(events: str) -> str:
    """Return a query of used time by hour of the local day, ``(account, day, person, device, hour, ms)``; ``events`` is a query in parentheses.

    Events that lie within an hour, nearly all, are not taken apart.
    """
    return f"""
        WITH seen AS (
            SELECT account, day, person, device, start_ms - {MIDNIGHT} AS begins,
                   least(start_ms + duration_ms - {MIDNIGHT}, {DAY_MS}) AS ends
            FROM {events} WHERE kind <= {LAST_USED_KIND} AND duration_ms > 0
        )
        SELECT account, day, person, device, begins // {HOUR_MS} AS hour, ends - begins AS ms
        FROM seen WHERE begins // {HOUR_MS} = (ends - 1) // {HOUR_MS}
        UNION ALL
        SELECT account, day, person, device, hour,
               least(ends, (hour + 1) * {HOUR_MS}) - greatest(begins, hour * {HOUR_MS}) AS ms
        FROM seen, unnest(range(begins // {HOUR_MS}, (ends - 1) // {HOUR_MS} + 1)) AS hours(hour)
        WHERE begins // {HOUR_MS} <> (ends - 1) // {HOUR_MS}
    """


def mark_of(cursor: duckdb.DuckDBPyConnection) -> int:
    """Return the last commit that is rolled up, −1 for none."""
    row = cursor.execute("SELECT part FROM rolled").fetchone()
    return -1 if row is None else row[0]


def waiting(cursor: duckdb.DuckDBPyConnection, mark: int) -> tuple[int, int]:
    """Return the last commit there is, and how many events are not rolled up."""
    row = cursor.execute("SELECT max(part), count(*) FROM event WHERE part > ?", [mark]).fetchone()
    return (mark, 0) if row is None or row[0] is None else row


def roll(cursor: duckdb.DuckDBPyConnection, mark: int, upto: int) -> None:
    """Add up the commits after ``mark`` up to ``upto``, in the caller's transaction. Each smaller table comes from the next larger one."""
    between = f"part > {mark:d} AND part <= {upto:d}"
    key = ", ".join(_KEY)
    cursor.execute(
        f"""
        INSERT INTO rollup
        SELECT {key}, sum(duration_ms)::BIGINT, count(*)::INTEGER, min(start_ms), max(start_ms + duration_ms), {upto:d}
        FROM event WHERE {between} GROUP BY {key} ORDER BY account, day, person
        """
    )
    for table, source in (
        ("rollup_name", "rollup"),
        ("rollup_app", "rollup"),
        ("rollup_day", "rollup_app"),
        ("rollup_site", "rollup_app"),
    ):
        key = ", ".join(ROLLUPS[table])
        cursor.execute(
            f"""
            INSERT INTO {table}
            SELECT {key}, sum(ms)::BIGINT, sum(visits)::INTEGER, min(first_ms), max(last_ms), {upto:d}
            FROM {source} WHERE part = {upto:d} GROUP BY {key} ORDER BY account, day
            """
        )
    cursor.execute(
        f"""
        INSERT INTO rollup_hour
        SELECT account, day, person, device, hour, sum(ms)::BIGINT, {upto:d}
        FROM ({hours(f"(SELECT * FROM event WHERE {between})")}) GROUP BY account, day, person, device, hour ORDER BY account, day, person
        """
    )
    cursor.execute("UPDATE rolled SET part = ?", [upto])
