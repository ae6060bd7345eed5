"""Which rating and which category each event has, as a query.

Of explicit ratings of an event's names the most specific name decides, a department's before the account's. Then the category of the
event's verdict speaks, the highest rank among its names, then, for names that no browser has judged yet, the rating that came with the event.

All of it is one number a name: the highest among an event's names says what the event is. The numbers are a table without holes, joined for
every field that speaks; DuckDB finds such a row by its place. Measured on the 5 M rows of a year with 180 000 names: 0.1 s of one core
for three fields, 0.6 s with a table that DuckDB knows nothing of, 1.2 s with lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from reteamz.server.rating.rate import Ratings
from reteamz.server.reports import sql
from reteamz.server.reports.filters import Filter
from reteamz.server.store.activity import ActivityStore
from reteamz.wire.tokens import field_of

SPECIFIC: Final = ("app", "site", "url", "doc", "title")
"""Fields from the least specific to the most: a rated title beats its application's rating."""
UNRATED: Final = 3
"""Stands for no rating, beside those of spec 9.2; in two bits, as all ratings here."""
SPARE: Final = 4_096
"""Ids beyond the newest that the table has at first: names go on arriving while it is made."""
_RANK: Final = 2
"""Bits of a key below the rank: the rating that the key gives."""
_EXPLICIT: Final = 18
"""Bits of a key below how specific its explicit rating is: rank and rating."""


class Resolver:
    """Ratings and verdicts of an account, made ready on a cursor, which sees the store as it is now until it is closed.

    Args:
        cursor: the report's own.
        activity: the store.
        account: its identifier.
        ratings: of the account.
    """

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, activity: ActivityStore, account: str, ratings: Ratings
    ) -> None:
        rated = {*ratings.departments, *ratings.rules.structure.departments}
        numbers = {department: number for number, department in enumerate(sorted(rated), 1)}
        placed = {person: numbers[department] for person, department in ratings.places.items() if department in numbers}
        self._judged = ratings.rules.judged
        self._ruled = bool(ratings.rules.fields)
        self._width = len(numbers) + 1 if placed else 1
        self._speaking = _speaking(activity, account, ratings)
        spare = SPARE
        while True:
            self._last = activity.last_name(account)
            end = max(self._last + spare, len(ratings.rules.ranks), *placed, 0)
            keys = _keys(activity, account, end, ratings, numbers if placed else {}, self._width)
            cursor.register("arriving", _table(keys, placed))
            cursor.execute("CREATE OR REPLACE TEMP TABLE keys AS FROM arriving ORDER BY id")
            cursor.unregister("arriving")
            # The first question is what fixes what a transaction sees. A name that it sees and the table has not would take its events away.
            cursor.execute("BEGIN TRANSACTION")
            cursor.execute("FROM rolled").fetchall()
            if activity.last_name(account) <= end:
                return
            cursor.execute("ROLLBACK")
            spare *= 2

    def used(self, filter: Filter, *more: str, persons: bool = True) -> str:
        """Return a query of used time with ``rating`` and ``verdict`` (a rank), beside day, app, site, ms and visits, ``more`` names, and person
        unless nobody asks: fewer rows then. Everything that enters the text is an integer of ours.
        """
        said, names = self._said()
        told = list(dict.fromkeys(("app", "site", *more)))
        needed = (*told, *self._speaking, *names)
        placing = self._width > 1
        source = sql.used(filter, *needed, persons=persons or placing)
        joins = "".join(f" JOIN keys AS of_{field} ON of_{field}.id = used.{field}" for field in self._speaking)
        if placing:
            joins += " JOIN keys AS of_person ON of_person.id = used.person"
        # The rank of a name is the same in all places.
        rank = (1 << _EXPLICIT) - 1 >> _RANK
        verdict = _greatest([f"of_{field}.key_0 >> {_RANK} & {rank}" for field in self._speaking if self._ruled], 0)
        who = "person, " if persons else ""
        return f"""
            SELECT day, {who}{", ".join(told)}, ms, visits, verdict,
                CASE WHEN best & 3 = {UNRATED} AND {said} THEN rating ELSE best & 3 END AS rating
            FROM (
                SELECT used.*, {self._best()} AS best, {verdict} AS verdict
                FROM {source} AS used{joins}
            )
        """

    def _best(self) -> str:
        """Return the highest key of an event, in the place of its person."""
        keys = [
            _greatest([f"of_{field}.key_{place}" for field in self._speaking], UNRATED) for place in range(self._width)
        ]
        if self._width == 1:
            return keys[0]
        cases = " ".join(f"WHEN {place} THEN {key}" for place, key in enumerate(keys))
        return f"CASE of_person.place {cases} END"

    def _said(self) -> tuple[str, tuple[str, ...]]:
        """Return the condition under which the rating that came with an event counts, one of its names being newer than what was
        judged, and the columns that it needs.
        """
        if self._judged == 0:
            return "rating >= 0", ("rating",)
        if self._judged >= self._last:
            return "false", ()
        return f"rating >= 0 AND greatest({', '.join(SPECIFIC)}) > {self._judged:d}", ("rating", *SPECIFIC)


def _greatest(terms: list[str], least: int) -> str:
    return f"greatest({', '.join(terms)})" if terms else str(least)


def _table(keys: npt.NDArray[np.int32], placed: Mapping[int, int]) -> pa.Table:
    """Return a row for every id: its key in every place, and the place of the person that it names."""
    places = np.zeros(len(keys), dtype=np.int32)
    for person, place in placed.items():
        places[person] = place
    columns = {f"key_{place}": np.ascontiguousarray(keys[:, place]) for place in range(keys.shape[1])}
    return pa.table({"id": np.arange(len(keys), dtype=np.int32), "place": places, **columns})


def _speaking(activity: ActivityStore, account: str, ratings: Ratings) -> list[str]:
    """Return the fields whose names have to be looked up."""
    given = {*ratings.everywhere, *(name for own in ratings.departments.values() for name in own)}
    rated = {field_of(activity.name(account, name)) for name in given} | ratings.rules.fields
    return [field for field in SPECIFIC if field in rated]


def _keys(
    activity: ActivityStore, account: str, end: int, ratings: Ratings, numbers: Mapping[str, int], width: int
) -> npt.NDArray[np.int32]:
    """Return a key for every name (row, up to ``end``) and place (column 0 the account, then its departments): from the highest bits down how
    specific its explicit rating is, its rank, and its rating there: the explicit one or what the rank gives.
    """
    ranks = ratings.rules.ranks
    keys = np.full((end + 1, width), UNRATED, dtype=np.int32)
    keys[: len(ranks)] = ranks.astype(np.int32)[:, np.newaxis] << _RANK | _told(ratings, numbers, width)[ranks]
    parts = [(slice(None), ratings.everywhere)]
    parts += [
        (slice(numbers[one], numbers[one] + 1), own) for one, own in ratings.departments.items() if one in numbers
    ]
    for columns, given in parts:
        for name, rating in given.items():
            field = field_of(activity.name(account, name))
            if field in SPECIFIC and name <= end:
                rank = keys[name, columns] & ((1 << _EXPLICIT) - 1 >> _RANK << _RANK)
                keys[name, columns] = SPECIFIC.index(field) + 1 << _EXPLICIT | rank | rating
    return keys


def _told(ratings: Ratings, numbers: Mapping[str, int], width: int) -> npt.NDArray[np.int32]:
    """Return the rating that each rank (row) gives in each place (column)."""
    structure = ratings.rules.structure
    told = np.full((len(structure.category_of), width), UNRATED, dtype=np.int32)
    trees = dict.fromkeys(range(width), structure.ratings)
    trees |= {numbers[one]: tree for one, tree in structure.departments.items() if one in numbers}
    for rank, category in enumerate(structure.category_of):
        for number, tree in trees.items():
            rating = tree.get(category)
            if rating is not None:
                told[rank, number] = rating
    return told
