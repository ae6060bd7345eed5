"""The filter bar: a range of days and whose; kept in the address, so that every view can be linked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode

from reteamz.server.reports.filters import HoursChoice
from reteamz.server.reports.ranking import RatingWord
from reteamz.wire.errors import ReteamzError

PRESETS: Final = (
    ("today", "Today"),
    ("yesterday", "Yesterday"),
    ("last7", "Last 7 days"),
    ("week", "This week"),
    ("lastweek", "Last week"),
    ("month", "This month"),
    ("lastmonth", "Last month"),
)
DEFAULT: Final = "last7"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address of a page chooses; ``preset`` is "" for days that were typed."""

    preset: str
    first: date
    last: date
    persons: tuple[int, ...]
    departments: tuple[str, ...]
    devices: tuple[str, ...]
    names: tuple[int, ...] = ()
    hours: HoursChoice | None = None
    rating: RatingWord | None = None
    category: int | None = None
    """Of a rating or in a category, 0 for none: on pages that rank names only."""

    @property
    def narrowed(self) -> bool:
        """Whether anything but the days is chosen."""
        return bool(self.persons or self.departments or self.devices or self.names or self.hours or self.parted)

    @property
    def parted(self) -> bool:
        """Whether time counts by its rating or category."""
        return self.rating is not None or self.category is not None

    def query(self, **changes: object) -> str:
        """Return the query of an address with this choice, and with further parameters; None leaves one out."""
        kept = _kept(self, frozenset(changes))
        more = urlencode([pair for pair in changes.items() if pair[1] is not None])
        return f"{kept}&{more}" if kept and more else kept or more

    def _pairs(self) -> list[tuple[str, object]]:
        pairs: list[tuple[str, object]] = (
            [("range", self.preset)] if self.preset else [("from", self.first), ("to", self.last)]
        )
        pairs += [("person", number) for number in self.persons]
        pairs += [("department", one) for one in self.departments]
        pairs += [("device", one) for one in self.devices]
        pairs += [("name", number) for number in self.names]
        pairs += [("hours", self.hours)] if self.hours else []
        pairs += [("rating", self.rating)] if self.rating else []
        pairs += [("category", self.category)] if self.category is not None else []
        return pairs


@lru_cache(maxsize=256)
def _kept(choice: Choice, changed: frozenset[str]) -> str:
    """Return what a query says of a choice besides what changes: a page of 5 000 rows has 5 000 links that differ in one number."""
    without = changed | {"from", "to"} if "range" in changed else changed
    return urlencode([pair for pair in choice._pairs() if pair[0] not in without])


def choose(
    today: date,
    preset: str | None,
    first: date | None,
    last: date | None,
    persons: Sequence[int],
    departments: Sequence[str],
    devices: Sequence[str],
    names: Sequence[int] = (),
    hours: HoursChoice | None = None,
) -> Choice:
    """Return the choice of an address; typed days beat a preset. Raises ``input_invalid``."""
    if first is not None or last is not None:
        # Whoever types the last day first means the same days.
        start, end = sorted((first or last or today, last or first or today))
        named = ""
    else:
        named = preset or DEFAULT
        start, end = days_of(named, today)
    return Choice(named, start, end, tuple(persons), tuple(departments), tuple(devices), tuple(names), hours)


def days_of(preset: str, today: date) -> tuple[date, date]:
    """Return first and last day of a preset, weeks beginning on Monday. Raises ``input_invalid``."""
    monday = today - timedelta(days=today.weekday())
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    ranges = {
        "today": (today, today),
        "yesterday": (today - timedelta(days=1), today - timedelta(days=1)),
        "last7": (today - timedelta(days=6), today),
        "week": (monday, today),
        "lastweek": (monday - timedelta(days=7), monday - timedelta(days=1)),
        "month": (month, today),
        "lastmonth": (before, month - timedelta(days=1)),
    }
    if preset not in ranges:
        raise ReteamzError("input_invalid", "There is no such range of days; choose one of the filter bar.")
    return ranges[preset]
