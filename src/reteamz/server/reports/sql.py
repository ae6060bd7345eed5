"""The WHERE clause that all reports share."""

from __future__ import annotations

from collections.abc import Collection

from reteamz.server.reports.filters import Filter


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
    """Return the condition on ``event`` for a filter. Everything in it is an integer or a date."""
    return (
        f"account = {filter.number:d} AND day BETWEEN DATE '{filter.first.isoformat()}' AND DATE '{filter.last.isoformat()}'"
        + among("person", filter.persons)
        + among("device", filter.devices)
        + "".join(among(column, ids) for column, ids in filter.names)
    )
