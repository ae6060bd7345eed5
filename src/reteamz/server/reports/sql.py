"""What all reports read: the events of a filter, or their sums.

Roll-ups and the events after them are one: see ``store/activity/rollup.py``. Nothing but integers of ours and dates enters the text.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from reteamz.server.reports.filters import Filter
from reteamz.server.schedules.spans import groups_of
from reteamz.server.store.activity import rollup
from reteamz.server.store.activity.rollup import MIDNIGHT
from reteamz.server.store.activity.schema import LAST_USED_KIND, NAMED

MINUTE_MS: Final = 60_000
_NAMES: Final = frozenset({*NAMED, "rating"}) - {"person"}
_WHO: Final = frozenset({"person", "device", "utc_offset"})


def among(column: str, ids: Collection[int] | None) -> str:
    """Return a condition on a column of dense ids; the ids are integers of ours, so they may stand in the text."""
    if ids is None:
        return ""
    if not ids:
        return " AND false"
    if len(ids) == 1:
        return f" AND {column} = {next(iter(ids)):d}"
    listed = ", ".join(f"({number:d})" for number in sorted(ids))
    # A join against a list is several times faster than IN on large tables.
    return f" AND {column} IN (SELECT id FROM (VALUES {listed}) AS chosen(id))"


def where(filter: Filter) -> str:
    """Return the condition on ``event``, or on a roll-up that has the columns, for a filter but for its working hours. Everything in it is an integer or a date."""
    return (
        f"account = {filter.number:d} AND day BETWEEN DATE '{filter.first.isoformat()}' AND DATE '{filter.last.isoformat()}'"
        + among("person", filter.persons)
        + among("device", filter.devices)
        + "".join(among(column, ids) for column, ids in filter.names)
    )


def events(filter: Filter, source: str = "event") -> str:
    """Return the events of a filter, for FROM: a query in parentheses with all columns of ``event``, or of another source that has days and times."""
    if filter.hours is None:
        return f"(SELECT * FROM {source} AS event WHERE {where(filter)})"
    members: list[str] = []
    spans: list[str] = []
    found = groups_of(filter.hours.schedules, filter.hours.persons, filter.first, filter.last)
    for group, (theirs, persons) in enumerate(found.items()):
        members += [f"({person:d}, {group:d})" for person in persons]
        spans += [
            f"({group:d}, {span.weekday:d}, DATE '{span.first.isoformat()}', DATE '{span.last.isoformat()}', "
            f"{span.begin_min * MINUTE_MS:d}, {span.end_min * MINUTE_MS:d})"
            for span in theirs
        ]
    inside = filter.hours.choice == "inside"
    if not spans:
        return f"(SELECT * FROM {source} AS event WHERE {where(filter)}{' AND false' if inside else ''})"
    # A join is ten times faster than EXISTS here. Nobody's spans overlap, so an event meets one at most.
    return f"""(
        SELECT event.* FROM {source} AS event {"" if inside else "LEFT "}JOIN (
            SELECT worker, weekday, since, until, begins, ends
            FROM (VALUES {", ".join(members)}) AS members(worker, number)
            JOIN (VALUES {", ".join(spans)}) AS spans(number, weekday, since, until, begins, ends) USING (number)
        ) AS working
        ON worker = person AND weekday = isodow(day) AND day BETWEEN since AND until
        AND start_ms - {MIDNIGHT} >= begins AND start_ms - {MIDNIGHT} < ends
        WHERE {where(filter)}{"" if inside else " AND worker IS NULL"}
    )"""


def cells(filter: Filter, *names: str) -> str:
    """Return what a filter looks at, added up as far as it is rolled up, as a query in parentheses.

    Its columns: ``account, device, person, day, kind, utc_offset``, the names, ``rating``, and ``ms``, ``visits`` (events), ``first_ms``, ``last_ms``
    (start of the first and end of the last of them). Reports that need nothing but sums read this in place of events.

    Args:
        filter: what to look at.
        names: of ``app, site, title, url, doc, rating`` those that the report needs: the fewer, the smaller the table. None for all of them.
    """
    return _smallest(filter, _WHO | (frozenset(names) or _NAMES))


def days(filter: Filter) -> str:
    """Return the same as ``cells``, without names and ratings."""
    return _smallest(filter, _WHO)


def totals(filter: Filter, *names: str) -> str:
    """Return the same as ``cells``, without persons, devices and offsets: several times fewer rows when everybody is looked at."""
    return _smallest(filter, frozenset(names))


def used(filter: Filter, *names: str, persons: bool = False) -> str:
    """Return active and meeting time of a filter, added up as far as it is rolled up, as a query in parentheses: the names, ``ms``, ``visits``, and
    ``person`` if asked; without it there are several times fewer rows.
    """
    source = cells(filter, *names) if persons else totals(filter, *names)
    return f"(FROM {source} WHERE kind <= {LAST_USED_KIND})"


def _smallest(filter: Filter, columns: frozenset[str]) -> str:
    """Return what a filter looks at from the smallest roll-up that has some columns, and those that the filter asks about."""
    asked = {column for column, _ in filter.names}
    asked |= {column for column, ids in (("person", filter.persons), ("device", filter.devices)) if ids is not None}
    needed = columns | asked
    table, key = next((table, key) for table, key in rollup.ROLLUPS.items() if needed <= set(key))
    listed = ", ".join(key)
    told = f"SELECT {listed}, duration_ms AS ms, 1 AS visits, start_ms AS first_ms, start_ms + duration_ms AS last_ms"
    if filter.hours is not None:
        # Sums of a day do not tell when in the day it was.
        return f"({told} FROM {events(filter)})"
    rolled = (
        f"SELECT {listed}, ms, visits, first_ms, last_ms FROM {table} WHERE {where(filter)} AND part <= {filter.mark:d}"
    )
    if not filter.tail:
        return f"({rolled})"
    return f"""(
        {rolled}
        UNION ALL
        {told} FROM event WHERE {where(filter)} AND part > {filter.mark:d}
    )"""


def hours(filter: Filter) -> str:
    """Return used time by hour of the local day, ``(account, day, person, device, hour, ms)``, as a query in parentheses."""
    if filter.names or filter.hours is not None:
        return f"({rollup.hours(events(filter))})"
    return f"""(
        SELECT account, day, person, device, hour, ms FROM rollup_hour WHERE {where(filter)} AND part <= {filter.mark:d}
        UNION ALL
        ({rollup.hours(f"(SELECT * FROM event WHERE {where(filter)} AND part > {filter.mark:d})")})
    )"""
