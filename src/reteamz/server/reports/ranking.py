"""Names of a field by the time spent in them: of all used time, or of the part of it that has a rating or a category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import duckdb

from reteamz.server.accounts.access import Viewer
from reteamz.server.rating.rate import Ratings
from reteamz.server.reports import sql
from reteamz.server.reports.arithmetic import pages_of, share_of
from reteamz.server.reports.categories import ranks_below
from reteamz.server.reports.filters import Filter
from reteamz.server.reports.rated import NAMES
from reteamz.server.reports.resolving import Resolver
from reteamz.server.reports.types import RankedRow, RankedTable
from reteamz.server.store.activity import ActivityStore
from reteamz.wire.errors import ReteamzError

RankedField = Literal["app", "site", "title", "url", "doc"]
RatingWord = Literal["unproductive", "neutral", "productive", "uncategorised"]
"""A rating as addresses name it."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of the used time counts, as the account's ratings and rules have it.

    Attributes:
        ratings: of the account.
        rating: time with that rating, None for any.
        category: time in that category or one below it, 0 for time in none, None for any.
    """

    ratings: Ratings
    rating: RatingWord | None = None
    category: int | None = None

    def condition(self) -> str:
        """Return the condition on ``rating`` and ``verdict``; everything in it is an integer of ours."""
        said = [f"rating = {NAMES.index(self.rating):d}"] if self.rating is not None else []
        if self.category is not None:
            ranks = ranks_below(self.ratings, self.category)
            said.append(f"verdict IN ({', '.join(f'{rank:d}' for rank in ranks)})" if ranks else "false")
        return " AND ".join(said) or "true"


def require_categories(viewer: Viewer, category: int | None) -> None:
    """Require that a viewer may ask by a category: what the account's rules think of names is not for employees. Raises ``forbidden``."""
    if category is not None and viewer.role == "employee":
        raise ReteamzError("forbidden", "Categories are for owners and managers; look at the time without one.")


class _Source(Protocol):
    def __call__(self, filter: Filter, field: RankedField, *, persons: bool = False) -> str:
        """Return a query in parentheses of used time: a field, ``ms``, ``visits``, and ``person`` if asked."""
        ...


def ranked(
    activity: ActivityStore,
    filter: Filter,
    field: RankedField,
    page: int,
    limit: int,
    *,
    people: bool = False,
    compare: bool = False,
    part: Part | None = None,
) -> RankedTable:
    """Return one page of names of a field, longest time first. Active and meeting time counts. Blocks.

    Args:
        activity: the store.
        filter: what to look at.
        field: which names.
        page: from 1.
        limit: rows on a page.
        people: whether to count the persons of each row; costs as much again as the rest.
        compare: whether to tell each row's time in the period before.
        part: which part of the time counts, None for all of it.
    """
    with activity.cursor() as cursor:
        source = sql.used if part is None else _within(cursor, activity, filter.account, part)
        rows, count, total = longest(cursor, source(filter, field), field, limit, (page - 1) * limit)
        ids = [row[0] for row in rows]
        persons = _persons(cursor, source(filter, field, persons=True), field, ids) if people else {}
        earlier = _times(cursor, source(filter.before(), field), field, ids) if compare else None
    found = named(activity, filter, rows, total, persons)
    if earlier is not None:
        for row in found:
            row.previous_ms = earlier.get(row.id, 0)
    return RankedTable(
        field=field,
        first=filter.first.isoformat(),
        last=filter.last.isoformat(),
        rows=found,
        total_ms=total,
        count=count,
        page=page,
        pages=pages_of(count, limit),
        limit=limit,
    )


def _within(cursor: duckdb.DuckDBPyConnection, activity: ActivityStore, account: str, part: Part) -> _Source:
    """Return the source that holds a part of the time alone."""
    resolver = Resolver(cursor, activity, account, part.ratings)

    def source(filter: Filter, field: RankedField, *, persons: bool = False) -> str:
        return f"(FROM ({resolver.used(filter, field, persons=persons)}) WHERE {part.condition()})"

    return source


def longest(
    cursor: duckdb.DuckDBPyConnection, source: str, field: RankedField, limit: int, offset: int
) -> tuple[list[tuple[int, int, int]], int, int]:
    """Return rows (id, ms, visits), the number of names, and the time of all of them, of a source as ``sql.used`` returns it."""
    found = cursor.execute(
        f"""
        WITH used AS (
            SELECT {field} AS id, sum(ms)::BIGINT AS ms, sum(visits)::BIGINT AS visits
            FROM {source} WHERE {field} > 0 GROUP BY {field}
        )
        SELECT id, ms, visits, (SELECT count(*) FROM used), (SELECT sum(ms)::BIGINT FROM used)
        FROM used ORDER BY ms DESC, id LIMIT {limit:d} OFFSET {offset:d}
        """
    ).fetchall()
    if found:
        return [row[:3] for row in found], found[0][3], found[0][4]
    if offset:
        _, count, total = longest(cursor, source, field, 1, 0)
        return [], count, total
    return [], 0, 0


def _persons(cursor: duckdb.DuckDBPyConnection, source: str, field: RankedField, ids: Sequence[int]) -> dict[int, int]:
    """Return how many persons used each of a few names."""
    chosen = sql.among(field, ids)
    return dict(
        cursor.execute(
            f"SELECT {field}, count(DISTINCT person) FILTER (person > 0) FROM {source} WHERE true{chosen} GROUP BY {field}"
        ).fetchall()
    )


def _times(cursor: duckdb.DuckDBPyConnection, source: str, field: RankedField, ids: Sequence[int]) -> dict[int, int]:
    """Return the time of each of a few names."""
    chosen = sql.among(field, ids)
    return dict(
        cursor.execute(f"SELECT {field}, sum(ms)::BIGINT FROM {source} WHERE true{chosen} GROUP BY {field}").fetchall()
    )


def named(
    activity: ActivityStore,
    filter: Filter,
    rows: Sequence[tuple[int, int, int]],
    total: int,
    persons: Mapping[int, int] | None = None,
) -> list[RankedRow]:
    """Return rows (id, ms, visits) with their names; ``total`` in milliseconds."""
    return [
        RankedRow(
            id=number,
            name=activity.name(filter.account, number),
            ms=ms,
            visits=visits,
            people=persons.get(number) if persons else None,
            share=share_of(ms, total),
        )
        for number, ms, visits in rows
    ]
