"""Time by rating: totals, days, people, and the names that wait for a rating or a rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

import duckdb

from reteamz.server.rating.rate import Ratings
from reteamz.server.reports.filters import Filter
from reteamz.server.reports.rated_types import Productivity, Rated, RatedDay, RatedPerson
from reteamz.server.reports.resolving import UNRATED, Resolver
from reteamz.server.reports.types import RankedRow
from reteamz.server.store.activity import ActivityStore

NAMES: Final = ("unproductive", "neutral", "productive", "uncategorised")
"""Ratings as spec 9.2 counts them, and what has none."""
QUEUE: Final = 10
"""Rows of the queue of names without a rating."""


def productivity(activity: ActivityStore, filter: Filter, ratings: Ratings) -> Productivity:
    """Return time by rating over days and people. Blocks; raises ``StoreFailure`` while the store is closed."""
    before = filter.before()
    with activity.cursor() as cursor:
        resolver = Resolver(cursor, activity, filter.account, ratings)
        days, people = _grouped(cursor, resolver, filter)
        earlier = _sums(cursor, resolver, before)
        unrated = _unrated(cursor, activity, resolver, filter)
    every = [filter.first + timedelta(days=step) for step in range(filter.days)]
    told = [
        RatedPerson(id=one, name=activity.name(filter.account, one), rated=rated(sums)) for one, sums in people.items()
    ]
    return Productivity(
        first=filter.first.isoformat(),
        last=filter.last.isoformat(),
        previous_first=before.first.isoformat(),
        previous_last=before.last.isoformat(),
        totals=rated(_sum(days.values())),
        previous=rated(earlier),
        days=[RatedDay(day=day.isoformat(), rated=rated(days.get(day, {}))) for day in every],
        people=sorted(told, key=lambda one: (-one.rated.tracked, one.id)),
        unrated=unrated,
    )


def unrated(activity: ActivityStore, filter: Filter, ratings: Ratings) -> list[RankedRow]:
    """Return the names that hold the longest time without rating and verdict. Blocks."""
    with activity.cursor() as cursor:
        return _unrated(cursor, activity, Resolver(cursor, activity, filter.account, ratings), filter)


def by_person(activity: ActivityStore, filter: Filter, ratings: Ratings) -> dict[int, Sums]:
    """Return every person's sums by rating (spec 9.2, 3 for none), as `productivity` tells them. Blocks."""
    with activity.cursor() as cursor:
        return _grouped(cursor, Resolver(cursor, activity, filter.account, ratings), filter)[1]


def rated(sums: Mapping[int, int]) -> Rated:
    """Return sums by rating (spec 9.2, 3 for none) with what follows from them."""
    by_name = {name: sums.get(number, 0) for number, name in enumerate(NAMES)}
    tracked = sum(by_name.values())
    return Rated(
        **by_name,
        tracked=tracked,
        productivity=round(by_name["productive"] / tracked, 6) if tracked else 0.0,
        coverage=round(1 - by_name["uncategorised"] / tracked, 6) if tracked else 0.0,
    )


Sums = dict[int, int]


def _sums(cursor: duckdb.DuckDBPyConnection, resolver: Resolver, filter: Filter) -> Sums:
    """Return sums by rating."""
    used = resolver.used(filter, persons=False)
    return dict(cursor.execute(f"SELECT rating, sum(ms)::BIGINT FROM ({used}) GROUP BY rating").fetchall())


def _grouped(
    cursor: duckdb.DuckDBPyConnection, resolver: Resolver, filter: Filter
) -> tuple[dict[Any, Sums], dict[int, Sums]]:
    """Return sums by rating of every day and of every person, in one look at the events."""
    found = cursor.execute(
        f"""
        SELECT day, person, rating, sum(ms)::BIGINT FROM ({resolver.used(filter)})
        GROUP BY GROUPING SETS ((day, rating), (person, rating))
        """
    ).fetchall()
    days: dict[Any, Sums] = defaultdict(dict)
    people: dict[int, Sums] = defaultdict(dict)
    for day, person, rating, ms in found:
        if day is not None:
            days[day][rating] = ms
        else:
            people[person][rating] = ms
    return days, people


def _unrated(
    cursor: duckdb.DuckDBPyConnection, activity: ActivityStore, resolver: Resolver, filter: Filter
) -> list[RankedRow]:
    """Return sites, and applications where no site is known, that hold the longest time without rating and verdict."""
    found = cursor.execute(
        f"""
        WITH used AS (
            SELECT CASE WHEN site > 0 THEN site ELSE app END AS id, sum(ms)::BIGINT AS ms, sum(visits)::BIGINT AS visits
            FROM ({resolver.used(filter, persons=False)}) WHERE rating = {UNRATED} AND verdict = 0 GROUP BY id
        )
        SELECT id, ms, visits, sum(ms) OVER ()::BIGINT FROM used WHERE id > 0 ORDER BY ms DESC, id LIMIT {QUEUE}
        """
    ).fetchall()
    return [
        RankedRow(
            id=number,
            name=activity.name(filter.account, number),
            ms=ms,
            visits=visits,
            people=None,
            share=round(ms / total, 6) if total else 0.0,
        )
        for number, ms, visits, total in found
    ]


def _sum(parts: Iterable[Mapping[int, int]]) -> Sums:
    total: Sums = {}
    for part in parts:
        for rating, ms in part.items():
            total[rating] = total.get(rating, 0) + ms
    return total
