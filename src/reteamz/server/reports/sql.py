"""What all reports read: the events of a filter."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from reteamz.server.reports.filters import Filter
from reteamz.server.schedules.spans import groups_of

MINUTE_MS: Final = 60_000
MIDNIGHT: Final = f"(epoch_ms(day) - utc_offset * {MINUTE_MS})"
"""Local midnight of an event's day, in UTC milliseconds."""


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
    """Return the condition on ``event`` for a filter but for its working hours. Everything in it is an integer or a date."""
    return (
        f"account = {filter.number:d} AND day BETWEEN DATE '{filter.first.isoformat()}' AND DATE '{filter.last.isoformat()}'"
        + among("person", filter.persons)
        + among("device", filter.devices)
        + "".join(among(column, ids) for column, ids in filter.names)
    )


def events(filter: Filter) -> str:
    """Return the events of a filter, for FROM: a query in parentheses with all columns of ``event``."""
    if filter.hours is None:
        return f"(SELECT * FROM event WHERE {where(filter)})"
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
        return f"(SELECT * FROM event WHERE {where(filter)}{' AND false' if inside else ''})"
    # A join is ten times faster than EXISTS here. Nobody's spans overlap, so an event meets one at most.
    return f"""(
        SELECT event.* FROM event {"" if inside else "LEFT "}JOIN (
            SELECT worker, weekday, since, until, begins, ends
            FROM (VALUES {", ".join(members)}) AS members(worker, number)
            JOIN (VALUES {", ".join(spans)}) AS spans(number, weekday, since, until, begins, ends) USING (number)
        ) AS working
        ON worker = person AND weekday = isodow(day) AND day BETWEEN since AND until
        AND start_ms - {MIDNIGHT} >= begins AND start_ms - {MIDNIGHT} < ends
        WHERE {where(filter)}{"" if inside else " AND worker IS NULL"}
    )"""
