"""Sealed records of a filter, moment by moment: computed from what batches list, never from what is inside."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from reteamz.server.reports import sql
from reteamz.server.reports.arithmetic import pages_of
from reteamz.server.reports.filters import Filter
from reteamz.server.store.activity import ActivityStore
from reteamz.wire.batch import SealedKind

DAY_MS: Final = 86_400_000
_MINUTE_MS: Final = 60_000
_EPOCH: Final = date(1970, 1, 1).toordinal()
_ORDER: Final = "day DESC, person, start_ms, device, kind"

Row = tuple[Any, ...]
"""Device, person, kind, time, day, offset in minutes, and the blobs as dicts."""


def listed(
    activity: ActivityStore,
    filter: Filter,
    zone: str,
    kinds: Collection[SealedKind],
    page: int | None,
    limit: int,
    at: int | None = None,
) -> tuple[dict[str, int], int, list[Row]]:
    """Return the moments of every kind, the number of the page, and its rows. Blocks; raises ``StoreFailure`` while the store is closed.

    Args:
        activity, filter: what to look at. Names are no part of it: which names a record shows is sealed.
        zone: the account's time zone; it decides which day a moment belongs to.
        kinds: those that are wanted, none for all.
        page: its number from 1; None for the page that is nearest to ``at``, the first without one.
        limit: moments on a page.
        at: a time in milliseconds.
    """
    source = sql.events(replace(filter, names=()), _blobs(filter, zone))
    wanted = f" WHERE kind IN ({', '.join(repr(str(kind)) for kind in kinds)})" if kinds else ""
    moments = f"(SELECT DISTINCT day, person, start_ms, device, kind, utc_offset FROM {source}{wanted})"
    with activity.cursor() as cursor:
        # One view of the store for all the questions; closing the cursor ends it.
        cursor.execute("BEGIN TRANSACTION")
        counts = dict(
            cursor.execute(
                f"SELECT kind, count(*) FROM (SELECT DISTINCT person, start_ms, device, kind FROM {source}) GROUP BY kind"
            ).fetchall()
        )
        if page is None:
            page = 1
            if at is not None:
                nearest = cursor.execute(
                    f"SELECT place FROM (SELECT row_number() OVER (ORDER BY {_ORDER}) AS place, start_ms FROM {moments}) "
                    f"ORDER BY abs(start_ms - {at:d}), place LIMIT 1"
                ).fetchone()
                page = 1 + ((nearest[0] - 1) // limit if nearest else 0)
        rows = cursor.execute(
            f"""
            WITH shown AS (SELECT * FROM {moments} ORDER BY {_ORDER} LIMIT {limit:d} OFFSET {(page - 1) * limit:d}),
            once AS (
                SELECT device, person, kind, start_ms, sha256, min(seq) AS seq, min(bytes) AS bytes, min(media) AS media
                FROM {source} GROUP BY device, person, kind, start_ms, sha256
            )
            SELECT device, person, kind, start_ms, day, utc_offset,
                   list({{sha256: sha256, bytes: bytes, media: media, seq: seq, received_at: coalesce(received_at, 0)}}
                        ORDER BY bytes, sha256)
            FROM shown JOIN once USING (device, person, kind, start_ms)
            LEFT JOIN (SELECT device, seq, received_at FROM batch WHERE account = {filter.number:d}) AS carrier USING (device, seq)
            GROUP BY ALL ORDER BY {_ORDER}
            """
        ).fetchall()
    return counts, page, rows


def count_of(counts: dict[str, int], kinds: Collection[str]) -> int:
    """Return how many moments of some kinds there are, none for all."""
    return sum(number for kind, number in counts.items() if not kinds or kind in kinds)


def pages(counts: dict[str, int], kinds: Collection[str], limit: int) -> int:
    """Return the number of pages, 1 at least."""
    return pages_of(count_of(counts, kinds), limit)


def _blobs(filter: Filter, zone: str) -> str:
    """Return what batches list, with the columns by which events are filtered, as a query in parentheses."""
    steps = list(offsets(zone, filter))
    cases = " ".join(f"WHEN at_ms >= {begin:d} THEN {minutes:d}" for begin, minutes in reversed(steps))
    offset = f"CASE {cases} ELSE {steps[0][1]:d} END"
    local = f"(at_ms + ({offset}) * {_MINUTE_MS:d})"
    # A day more at both ends than any clock differs: what is far away is not looked at.
    first = (filter.first.toordinal() - _EPOCH - 1) * DAY_MS
    last = (filter.last.toordinal() - _EPOCH + 2) * DAY_MS
    return f"""(
        SELECT account, device, person, seq, sha256, bytes, kind, media, at_ms AS start_ms,
               (DATE '1970-01-01' + ({local} // {DAY_MS:d})::INTEGER)::DATE AS day, ({offset})::SMALLINT AS utc_offset
        FROM blob WHERE account = {filter.number:d} AND at_ms >= {first:d} AND at_ms < {last:d}
    )"""


def offsets(zone: str, filter: Filter) -> Iterator[tuple[int, int]]:
    """Yield from when (ms) the clocks of a zone were how many minutes ahead of UTC, over the days of a filter and one around them."""
    place = ZoneInfo(zone)

    def ahead(at: datetime) -> int:
        moved = at.astimezone(place).utcoffset()
        return 0 if moved is None else int(moved.total_seconds()) // 60

    at = datetime.combine(filter.first - timedelta(days=1), datetime.min.time(), UTC)
    end = datetime.combine(filter.last + timedelta(days=2), datetime.min.time(), UTC)
    minutes = ahead(at)
    yield int(at.timestamp()) * 1000, minutes
    while at < end:
        following = at + timedelta(days=1)
        if ahead(following) != minutes:
            # Clocks change at a whole quarter of an hour.
            while ahead(at) == minutes:
                at += timedelta(minutes=15)
            minutes = ahead(at)
            yield int(at.timestamp()) * 1000, minutes
        at = following
