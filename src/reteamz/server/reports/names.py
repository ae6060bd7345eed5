"""Which names occur in whose rows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from reteamz.server.reports.filters import Filter
from reteamz.server.reports.sql import cells
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.activity.schema import NAMED


def names_in(activity: ActivityStore, account: str, persons: Collection[int]) -> frozenset[int]:
    """Return the ids of every name in the rows of some persons, and of those persons. Blocks."""
    number = activity.account_number(account)
    mark, tail = activity.rolled
    theirs = Filter(account, number, date.min, date.max, frozenset(persons), mark=mark, tail=tail)
    with activity.cursor() as cursor:
        found = cursor.execute(
            " UNION ".join(f"SELECT {field} FROM {cells(theirs, field)}" for field in NAMED)
        ).fetchall()
    return frozenset(number for (number,) in found if number > 0)
