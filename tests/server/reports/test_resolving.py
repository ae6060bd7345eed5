"""Ratings while names arrive: an event whose name is newer than the lookup is not lost."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from unittest.mock import patch

from tests.server.ingest.support import NOW_MS, SECRET, Device, token
from tests.server.store.support import stored

from reteamz.server.rating.rate import Ratings
from reteamz.server.reports import resolving
from reteamz.server.reports.filters import Filter
from reteamz.server.reports.rated import days_and_queue, productivity
from reteamz.server.store.activity import ActivityStore

MINUTE_MS = 60_000


def test_names_that_arrive_while_a_report_begins_count(tmp_path: Path) -> None:
    store = ActivityStore.open(tmp_path / "activity.duckdb", SECRET)
    device = Device()

    def work(first: int, count: int) -> None:
        apps = [token("app", str(number)) for number in range(first, first + count)]
        row = (0, NOW_MS - 3_600_000, MINUTE_MS, 60)
        events = [(-1, *row, place, -1, -1, -1, -1, 1, -1) for place in range(count)]
        store.write([stored(device.next(apps, events))])

    work(0, 3)
    last_name = store.last_name
    arriving = [2, 5, 20]

    def told(account: str) -> int:
        last = last_name(account)
        if arriving:
            work(last, arriving.pop())
        return last

    ratings = Ratings({store.id_of(device.account, token("app", "1")): 2})
    whole = Filter(device.account, 1, date(2025, 9, 1), date(2025, 10, 31))
    with patch.object(store, "last_name", told), patch.object(resolving, "SPARE", 1):
        totals = productivity(store, whole, ratings).totals
    assert (totals.productive, totals.tracked) == (MINUTE_MS, 30 * MINUTE_MS)
    assert arriving == []
    report = productivity(store, whole, ratings)
    assert days_and_queue(store, whole, ratings) == (report.days, report.unrated)
    assert len(report.unrated) == 10
    store.close()
