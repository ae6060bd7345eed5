"""When somebody was there: parts of a day with a quarter of an hour between them."""

from __future__ import annotations

from datetime import date

from tests.server.company import Computer, Owner, Site
from tests.server.ingest.support import token

from reteamz.server.reports.filters import Filter
from reteamz.server.reports.presence import Presence, presences

MINUTE_MS = 60_000
MIDNIGHT_MS = 1_759_960_800_000
"""2025-10-09 in Berlin, two hours east of UTC."""


def test_parts_of_a_day(site: Site, owner: Owner, computer: Computer) -> None:
    person = [token("person", "ann")]
    minutes = [
        (8 * 60, 30, 0),
        (8 * 60 + 30, 10, 1),
        (8 * 60 + 55, 5, 2),  # a quarter of an hour later: the same part; locked time is no work
        (9 * 60 + 16, 20, 3),  # sixteen minutes later: another one
        (9 * 60 + 20, 5, 0),  # within the one before
    ]
    rows = [
        (0, kind, MIDNIGHT_MS + begin * MINUTE_MS, length * MINUTE_MS, 120, -1, -1, -1, -1, -1, 0, -1)
        for begin, length, kind in minutes
    ]
    assert site.post_batch(computer.next(person, rows)).status_code == 200
    activity = site.client.app.dependencies["activity"].dependency()
    day = date(2025, 10, 9)
    found = presences(activity, Filter(owner.account, activity.account_number(owner.account), day, day))
    assert found == [
        Presence(8 * 60 * MINUTE_MS, 9 * 60 * MINUTE_MS, 40 * MINUTE_MS),
        Presence((9 * 60 + 16) * MINUTE_MS, (9 * 60 + 36) * MINUTE_MS, 25 * MINUTE_MS),
    ]
    empty = Filter(owner.account, activity.account_number(owner.account), date(2025, 10, 10), date(2025, 10, 10))
    assert presences(activity, empty) == []
