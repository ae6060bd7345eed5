"""When somebody was there on a day: the parts of it that have records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reteamz.server.reports.filters import Filter
from reteamz.server.reports.sql import events
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.activity.rollup import MIDNIGHT
from reteamz.server.store.activity.schema import KIND_NAMES

APART_MS: Final = 15 * 60_000
"""After so long without a record somebody came again."""
_WORKING: Final = tuple(place for place, name in enumerate(KIND_NAMES) if name in ("active", "meeting", "idle"))


@dataclass(slots=True)
class Presence:
    """A part of a day with records: from and to in milliseconds from local midnight, and the work in it."""

    begin_ms: int
    end_ms: int
    work_ms: int


def presences(activity: ActivityStore, filter: Filter) -> list[Presence]:
    """Return the parts of one person's day, where nothing longer than a quarter of an hour lies between. Blocks."""
    with activity.cursor() as cursor:
        found = cursor.execute(
            f"SELECT start_ms - {MIDNIGHT}, duration_ms, kind FROM {events(filter)} ORDER BY start_ms, duration_ms"
        ).fetchall()
    parts: list[Presence] = []
    for begin, duration, kind in found:
        if not parts or begin - parts[-1].end_ms > APART_MS:
            parts.append(Presence(begin, begin, 0))
        parts[-1].end_ms = max(parts[-1].end_ms, begin + duration)
        if kind in _WORKING:
            parts[-1].work_ms += duration
    return parts
