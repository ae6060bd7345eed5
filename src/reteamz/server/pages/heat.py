"""The week as a heat map: a table whose cells have one of a few shades, and say their time in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reteamz.server.pages import texts
from reteamz.server.reports.day_types import Week

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHADES: Final = 6
LEAST_HOURS: Final = (8, 18)
"""Hours that are always shown."""


@dataclass(frozen=True, slots=True)
class Cell:
    """An hour of a day of the week; ``shade`` 0 for nothing to ``SHADES`` for the most there is."""

    shade: int
    told: str


@dataclass(frozen=True, slots=True)
class Heat:
    """The hours of the head, and for every day its cells."""

    hours: tuple[str, ...]
    days: tuple[tuple[str, tuple[Cell, ...]], ...]


def heat(week: Week) -> Heat:
    """Return what the page shows: every hour in which somebody worked, and those between."""
    used = [hour for day in week.hours for hour, ms in enumerate(day) if ms]
    first, last = min([LEAST_HOURS[0], *used]), max([LEAST_HOURS[1], *(hour + 1 for hour in used)])
    most = max((ms for day in week.hours for ms in day), default=0)

    def cell(name: str, hour: int, ms: int) -> Cell:
        shade = -(-ms * SHADES // most) if most else 0
        return Cell(shade, f"{name} {hour:02}:00: {texts.duration(ms) if ms else 'nothing'}")

    days = tuple(
        (name, tuple(cell(name, hour, day[hour]) for hour in range(first, last)))
        for name, day in zip(DAYS, week.hours, strict=True)
    )
    return Heat(tuple(f"{hour:02}" for hour in range(first, last)), days)
