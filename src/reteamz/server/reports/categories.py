"""Time by category: the tree of the rules with the time of the events that their verdicts put there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import duckdb

from reteamz.server.rating.rate import Ratings
from reteamz.server.reports.category_types import Categories, CategoryRow
from reteamz.server.reports.filters import Filter
from reteamz.server.reports.rated import Looked, look, productivity_of, rated
from reteamz.server.reports.rated_types import Productivity
from reteamz.server.reports.resolving import Resolver
from reteamz.server.store.activity import ActivityStore
from reteamz.wire.rules import Category

NOWHERE: Final = 0
"""Stands for no category."""


@dataclass(slots=True)
class _Sums:
    """What falls into a category: milliseconds by rating, and whose they are."""

    ratings: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    persons: set[int] = field(default_factory=set)

    def add(self, other: _Sums) -> None:
        for rating, ms in other.ratings.items():
            self.ratings[rating] += ms
        self.persons |= other.persons

    @property
    def ms(self) -> int:
        return sum(self.ratings.values())


def categories(activity: ActivityStore, filter: Filter, ratings: Ratings) -> Categories:
    """Return time by category with the period before. Blocks; raises ``StoreFailure`` while the store is closed."""
    with activity.cursor() as cursor:
        resolver = Resolver(cursor, activity, filter.account, ratings)
        return categories_of(cursor, resolver, filter, ratings, look(cursor, resolver, filter))


def with_categories(activity: ActivityStore, filter: Filter, ratings: Ratings) -> tuple[Productivity, Categories]:
    """Return time by rating and time by category in one look at the events. Blocks."""
    with activity.cursor() as cursor:
        resolver = Resolver(cursor, activity, filter.account, ratings)
        looked = look(cursor, resolver, filter)
        told = productivity_of(cursor, activity, resolver, filter, looked)
        return told, categories_of(cursor, resolver, filter, ratings, looked)


def categories_of(
    cursor: duckdb.DuckDBPyConnection, resolver: Resolver, filter: Filter, ratings: Ratings, looked: Looked
) -> Categories:
    """Return time by category, made of what was looked up."""
    before = filter.before()
    now = _sums(ratings, looked.verdicts)
    used = resolver.used(before, persons=False)
    found = cursor.execute(
        f"SELECT verdict, 0, rating, sum(ms)::BIGINT FROM ({used}) GROUP BY verdict, rating"
    ).fetchall()
    earlier = _sums(ratings, found)
    tree = ratings.rules.structure.categories
    whole, whole_before = _with_below(tree, now), _with_below(tree, earlier)
    total = sum(sums.ms for sums in now.values())

    def row(id: int, parent: int | None, name: str, depth: int) -> CategoryRow:
        sums = whole.get(id, _Sums())
        return CategoryRow(
            id=id,
            parent=parent,
            depth=depth,
            name=name,
            rating=ratings.rules.structure.ratings.get(id),
            rated=rated(sums.ratings),
            own_ms=now[id].ms if id in now else 0,
            previous_ms=whole_before[id].ms if id in whole_before else 0,
            people=len(sums.persons - {0}),
            share=round(sums.ms / total, 6) if total else 0.0,
        )

    return Categories(
        first=filter.first.isoformat(),
        last=filter.last.isoformat(),
        previous_first=before.first.isoformat(),
        previous_last=before.last.isoformat(),
        newest=ratings.rules.newest,
        applied=ratings.rules.applied,
        total_ms=total,
        rows=[
            *(row(one.id, one.parent, one.name, depth) for one, depth in _ordered(tree, whole)),
            row(NOWHERE, None, "", 1),
        ],
    )


def _sums(ratings: Ratings, rows: Iterable[tuple[int, int, int, int]]) -> dict[int, _Sums]:
    """Return what each category holds without those below it; rows are verdict, person, rating and milliseconds."""
    category_of = ratings.rules.structure.category_of
    sums: dict[int, _Sums] = defaultdict(_Sums)
    for verdict, person, rating, ms in rows:
        one = sums[category_of[verdict]]
        one.ratings[rating] += ms
        one.persons.add(person)
    return dict(sums)


def _with_below(tree: Iterable[Category], own: Mapping[int, _Sums]) -> dict[int, _Sums]:
    """Return what each category holds, those below it included."""
    whole: dict[int, _Sums] = defaultdict(_Sums)
    for one, sums in own.items():
        whole[one].add(sums)
    for category in reversed(list(tree)):
        if category.parent is not None:
            whole[category.parent].add(whole[category.id])
    return whole


def ranks_below(ratings: Ratings, category: int) -> list[int]:
    """Return the ranks of verdicts that put a name into a category or one below it; ``NOWHERE``: into none."""
    structure = ratings.rules.structure
    inside = {category}
    for one in structure.categories:
        # Parents come before their children (spec 12.2).
        if one.parent in inside:
            inside.add(one.id)
    return [rank for rank, one in enumerate(structure.category_of) if one in inside]


def _ordered(tree: Iterable[Category], whole: Mapping[int, _Sums]) -> list[tuple[Category, int]]:
    """Return the tree with depths, every category after its parent, the longest of a level first."""
    below: dict[int | None, list[Category]] = defaultdict(list)
    for category in tree:
        below[category.parent].append(category)
    found: list[tuple[Category, int]] = []
    waiting = [(category, 1) for category in _longest(below[None], whole)]
    while waiting:
        category, depth = waiting.pop(0)
        found.append((category, depth))
        waiting[:0] = [(child, depth + 1) for child in _longest(below[category.id], whole)]
    return found


def _longest(level: Iterable[Category], whole: Mapping[int, _Sums]) -> list[Category]:
    return sorted(level, key=lambda one: (-whole[one.id].ms if one.id in whole else 0, one.id))
