"""Time by rating. An explicit rating of a name beats the rating that came with an event; among names the most specific one decides.

Ratings are joined as small tables of ids while events are grouped: most accounts rate some hundred names, of a few fields.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

import duckdb

from reteamz.server.rating.rate import Ratings
from reteamz.server.reports.filters import Filter
from reteamz.server.reports.rated_types import Productivity, Rated, RatedDay, RatedPerson
from reteamz.server.reports.sql import cells
from reteamz.server.reports.types import RankedRow
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.activity.schema import LAST_USED_KIND
from reteamz.wire.tokens import split_plain, split_token

SPECIFIC: Final = ("title", "doc", "url", "site", "app")
"""Fields from the most specific to the least: a rated title beats its application's rating."""
NAMES: Final = ("unproductive", "neutral", "productive", "uncategorised")
"""Ratings as spec 9.2 counts them, and what has none."""
_NONE: Final = 3
UNRATED: Final = 10
"""Rows of the queue of names without a rating."""


def productivity(activity: ActivityStore, filter: Filter, ratings: Ratings) -> Productivity:
    """Return time by rating over days and people. Blocks; raises ``StoreFailure`` while the store is closed."""
    before = filter.before()
    with activity.cursor() as cursor:
        days, people = _grouped(cursor, activity, filter, ratings)
        earlier, _ = _grouped(cursor, activity, before, ratings)
        unrated = _unrated(cursor, activity, filter, ratings)
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
        previous=rated(_sum(earlier.values())),
        days=[RatedDay(day=day.isoformat(), rated=rated(days.get(day, {}))) for day in every],
        people=sorted(told, key=lambda one: (-one.rated.tracked, one.id)),
        unrated=unrated,
    )


def unrated(activity: ActivityStore, filter: Filter, ratings: Ratings) -> list[RankedRow]:
    """Return the names that hold the longest time without a rating. Blocks."""
    with activity.cursor() as cursor:
        return _unrated(cursor, activity, filter, ratings)


def by_person(activity: ActivityStore, filter: Filter, ratings: Ratings) -> dict[int, Sums]:
    """Return every person's sums by rating (spec 9.2, 3 for none), as `productivity` tells them. Blocks."""
    with activity.cursor() as cursor:
        return _grouped(cursor, activity, filter, ratings)[1]


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


def _grouped(
    cursor: duckdb.DuckDBPyConnection, activity: ActivityStore, filter: Filter, ratings: Ratings
) -> tuple[dict[Any, Sums], dict[int, Sums]]:
    """Return sums by rating of every day and of every person, in one look at the events."""
    found = cursor.execute(
        f"""
        SELECT day, person, rating, sum(ms)::BIGINT FROM ({_rated_events(activity, filter, ratings)})
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
    cursor: duckdb.DuckDBPyConnection, activity: ActivityStore, filter: Filter, ratings: Ratings
) -> list[RankedRow]:
    """Return sites, and applications where no site is known, that hold the longest time without a rating."""
    found = cursor.execute(
        f"""
        WITH used AS (
            SELECT CASE WHEN site > 0 THEN site ELSE app END AS id, sum(ms)::BIGINT AS ms, sum(visits)::BIGINT AS visits
            FROM ({_rated_events(activity, filter, ratings)}) WHERE rating = {_NONE} GROUP BY id
        )
        SELECT id, ms, visits, sum(ms) OVER ()::BIGINT FROM used WHERE id > 0 ORDER BY ms DESC, id LIMIT {UNRATED}
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


def _rated_events(activity: ActivityStore, filter: Filter, ratings: Ratings) -> str:
    """Return a query of the used events with their rating. Everything that enters the text is an integer of ours."""
    joins: list[str] = []
    chosen: list[str] = []
    needed = {"app", "site", "rating"}
    everywhere = _by_column(activity, filter.account, ratings.everywhere)
    numbers = {department: number for number, department in enumerate(sorted(ratings.departments), 1)}
    overrides = {
        number: _by_column(activity, filter.account, ratings.departments[department])
        for department, number in numbers.items()
    }
    placed = [(person, numbers[department]) for person, department in ratings.places.items() if department in numbers]
    if placed:
        joins.append(f"LEFT JOIN {_values(placed)} AS placed(person, department) ON event.person = placed.person")
    for column in SPECIFIC:
        rows = [(number, *row) for number, columns in overrides.items() for row in columns[column]]
        if placed and rows:
            joins.append(
                f"LEFT JOIN {_values(rows)} AS own_{column}(department, id, rating)"
                f" ON placed.department = own_{column}.department AND event.{column} = own_{column}.id"
            )
            chosen.append(f"own_{column}.rating")
            needed.add(column)
        if everywhere[column]:
            joins.append(
                f"LEFT JOIN {_values(everywhere[column])} AS every_{column}(id, rating) ON event.{column} = every_{column}.id"
            )
            chosen.append(f"every_{column}.rating")
            needed.add(column)
    best = ", ".join([*chosen, "CASE WHEN event.rating >= 0 THEN event.rating END", str(_NONE)])
    return f"""
        SELECT event.day, event.person, event.app, event.site, event.ms, event.visits, coalesce({best}) AS rating
        FROM (FROM {cells(filter, *needed)} WHERE kind <= {LAST_USED_KIND}) AS event {" ".join(joins)}
    """


def _by_column(activity: ActivityStore, account: str, ratings: Mapping[int, int]) -> dict[str, list[tuple[int, int]]]:
    """Return the ratings of each field's names."""
    found: dict[str, list[tuple[int, int]]] = {column: [] for column in SPECIFIC}
    for name, rating in sorted(ratings.items()):
        entry = activity.name(account, name)
        parts = split_token(entry) or split_plain(entry)
        if parts is not None and parts[0] in found:
            found[parts[0]].append((name, rating))
    return found


def _values(rows: Iterable[tuple[int, ...]]) -> str:
    listed = ", ".join("(" + ", ".join(f"{value:d}" for value in row) + ")" for row in rows)
    return f"(VALUES {listed})"


def _sum(parts: Iterable[Mapping[int, int]]) -> Sums:
    total: Sums = {}
    for part in parts:
        for rating, ms in part.items():
            total[rating] = total.get(rating, 0) + ms
    return total
