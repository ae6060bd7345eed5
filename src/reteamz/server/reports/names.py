"""Which names occur in whose rows."""

from __future__ import annotations

from collections.abc import Collection

from reteamz.server.reports.sql import among
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.activity.schema import NAMED


def names_in(activity: ActivityStore, account: str, persons: Collection[int]) -> frozenset[int]:
    """Return the ids of every name in the rows of some persons, and of those persons. Blocks."""
    with activity.cursor() as cursor:
        found = cursor.execute(
            f"""
            SELECT DISTINCT unnest([{", ".join(NAMED)}]) FROM event
            WHERE account = {activity.account_number(account):d}{among("person", persons)}
            """
        ).fetchall()
    return frozenset(number for (number,) in found if number > 0)
