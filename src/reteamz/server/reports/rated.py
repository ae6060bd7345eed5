"""Time by rating: totals, days, people, and the names that wait for a rating or a rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

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
_ID: Final = "CASE WHEN site > 0 THEN site ELSE app END"
"""The name by which time waits for a rating: the site, the application where no site is known."""


def productivity(activity: ActivityStore, filter: Filter, ratings: Ratings) -> Productivity:
    """Return time by rating over days and people. Blocks; raises ``StoreFailure`` while the store is closed."""
    with activity.cursor() as cursor:
        resolver = Resolver(cursor, activity, filter.account, ratings)
        return productivity_of(cursor, activity, resolver, filter, look(cursor, resolver, filter))


def productivity_of(
    cursor: duckdb.DuckDBPyConnection, activity: ActivityStore, resolver: Resolver, filter: Filter, looked: Looked
) -> Productivity:
    """Return time by rating, made of what was looked up."""
    before = filter.before()
    earlier = _sums(cursor, resolver, before)
    told = [
        RatedPerson(id=one, name=activity.name(filter.account, one), rated=rated(sums))
        for one, sums in looked.people.items()
    ]
    return Productivity(
        first=filter.first.isoformat(),
        last=filter.last.isoformat(),
        previous_first=before.first.isoformat(),
        previous_last=before.last.isoformat(),
        totals=rated(_sum(looked.days.values())),
        previous=rated(earlier),
        days=_calendar(filter, looked.days),
        people=sorted(told, key=lambda one: (-one.rated.tracked, one.id)),
        unrated=_unrated(cursor, activity, resolver, filter),
    )


def days_and_queue(activity: ActivityStore, filter: Filter, ratings: Ratings) -> tuple[list[RatedDay], list[RankedRow]]:
    """Return time by rating of every day, and the names that hold the longest time without rating and verdict. Blocks."""
    with activity.cursor() as cursor:
        resolver = Resolver(cursor, activity, filter.account, ratings)
        found = cursor.execute(
            f"""
            SELECT day, {_ID} AS id, rating, verdict = 0 AS free, sum(ms)::BIGINT, sum(visits)::BIGINT
            FROM ({resolver.used(filter, persons=False)})
            GROUP BY GROUPING SETS ((day, rating), (id, rating, free))
            """
        ).fetchall()
        days: dict[date, Sums] = defaultdict(dict)
        waiting: list[tuple[int, int, int]] = []
        for day, number, rating, free, ms, visits in found:
            if day is not None:
                days[day][rating] = ms
            elif rating == UNRATED and free and number > 0:
                waiting.append((number, ms, visits))
        total = sum(ms for _, ms, _ in waiting)
        longest = sorted(waiting, key=lambda one: (-one[1], one[0]))[:QUEUE]
        return _calendar(filter, days), [_row(activity, filter, *one, total) for one in longest]


def by_person(activity: ActivityStore, filter: Filter, ratings: Ratings) -> dict[int, Sums]:
    """Return every person's sums by rating (spec 9.2, 3 for none), as `productivity` tells them. Blocks."""
    with activity.cursor() as cursor:
        return look(cursor, Resolver(cursor, activity, filter.account, ratings), filter).people


def by_department(people: Iterable[RatedPerson], places: Mapping[int, str | None]) -> dict[str | None, Rated]:
    """Return the time of people by department, None for those who are in none, the longest time first.

    Args:
        people: of a report.
        places: person → department.
    """
    sums: dict[str | None, Sums] = defaultdict(dict)
    for person in people:
        theirs = sums[places.get(person.id)]
        for number, name in enumerate(NAMES):
            theirs[number] = theirs.get(number, 0) + getattr(person.rated, name)
    told = {department: rated(theirs) for department, theirs in sums.items()}
    return dict(sorted(told.items(), key=lambda one: (-one[1].tracked, one[0] or "")))


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


def _calendar(filter: Filter, days: Mapping[date, Sums]) -> list[RatedDay]:
    """Return every day of the filter, those without time included."""
    every = (filter.first + timedelta(days=step) for step in range(filter.days))
    return [RatedDay(day=day.isoformat(), rated=rated(days.get(day, {}))) for day in every]


def _sums(cursor: duckdb.DuckDBPyConnection, resolver: Resolver, filter: Filter) -> Sums:
    """Return sums by rating."""
    used = resolver.used(filter, persons=False)
    return dict(cursor.execute(f"SELECT rating, sum(ms)::BIGINT FROM ({used}) GROUP BY rating").fetchall())


@dataclass(frozen=True, slots=True)
class Looked:
    """Sums by rating of every day and of every person, and verdict, person, rating and milliseconds of the same time."""

    days: dict[date, Sums]
    people: dict[int, Sums]
    verdicts: list[tuple[int, int, int, int]]


def look(cursor: duckdb.DuckDBPyConnection, resolver: Resolver, filter: Filter) -> Looked:
    """Add up by day, person and verdict in one look at the events."""
    found = cursor.execute(
        f"""
        SELECT day, verdict, person, rating, sum(ms)::BIGINT FROM ({resolver.used(filter)})
        GROUP BY GROUPING SETS ((day, rating), (verdict, person, rating))
        """
    ).fetchall()
    looked = Looked(defaultdict(dict), defaultdict(lambda: defaultdict(int)), [])
    for day, verdict, person, rating, ms in found:
        if day is not None:
            looked.days[day][rating] = ms
        else:
            looked.people[person][rating] += ms
            looked.verdicts.append((verdict, person, rating, ms))
    return looked


def _unrated(
    cursor: duckdb.DuckDBPyConnection, activity: ActivityStore, resolver: Resolver, filter: Filter
) -> list[RankedRow]:
    """Return sites, and applications where no site is known, that hold the longest time without rating and verdict."""
    # Without name is 0, last here and left out below: as a condition on names DuckDB takes it for a rare one, looks names up the wrong way
    # round, and takes ten times as long.
    found = cursor.execute(
        f"""
        WITH used AS (
            SELECT {_ID} AS id, sum(ms)::BIGINT AS ms, sum(visits)::BIGINT AS visits
            FROM ({resolver.used(filter, persons=False)}) WHERE rating = {UNRATED} AND verdict = 0 GROUP BY id
        )
        SELECT id, ms, visits, (sum(ms) FILTER (id > 0) OVER ())::BIGINT FROM used ORDER BY id > 0 DESC, ms DESC, id LIMIT {QUEUE}
        """
    ).fetchall()
    return [_row(activity, filter, *one) for one in found if one[0] > 0]


def _row(activity: ActivityStore, filter: Filter, number: int, ms: int, visits: int, total: int) -> RankedRow:
    return RankedRow(
        id=number,
        name=activity.name(filter.account, number),
        ms=ms,
        visits=visits,
        people=None,
        share=round(ms / total, 6) if total else 0.0,
    )


def _sum(parts: Iterable[Mapping[int, int]]) -> Sums:
    total: Sums = {}
    for part in parts:
        for rating, ms in part.items():
            total[rating] = total.get(rating, 0) + ms
    return total
