"""Geometry of the timeline: one lane a person and day, positions in per cent of the hours that are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reteamz.server.pages import texts
from reteamz.server.reports.day_types import Stretch, Timeline

HOUR_MS: Final = 3_600_000
LEAST_HOURS: Final = (8, 18)
"""Hours that are always shown: a short day is not stretched over the page."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch; ``x`` and ``width`` in per cent, ``app`` a dictionary id."""

    x: float
    width: float
    kind: str
    app: int
    told: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One person's day."""

    id: int
    name: str
    day: str
    told: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """The hours of the axis (``x`` in per cent, word), and the lanes below it."""

    hours: tuple[tuple[float, str], ...]
    lanes: tuple[Lane, ...]

    @property
    def people(self) -> int:
        """Number of people who have lanes."""
        return len({lane.id for lane in self.lanes})


def board(timeline: Timeline) -> Board:
    """Return what the page draws."""
    stretches = [stretch for row in timeline.rows for stretch in row.stretches]
    first = min([LEAST_HOURS[0], *(stretch.begin_ms // HOUR_MS for stretch in stretches)])
    last = max([LEAST_HOURS[1], *(-(-stretch.end_ms // HOUR_MS) for stretch in stretches)])
    span = (last - first) * HOUR_MS

    def segment(stretch: Stretch) -> Segment:
        x = (stretch.begin_ms - first * HOUR_MS) / span * 100
        width = (stretch.end_ms - stretch.begin_ms) / span * 100
        told = f"{texts.daytime(stretch.begin_ms)} – {texts.daytime(stretch.end_ms)} · {texts.kind(stretch.kind)}"
        return Segment(round(x, 3), round(width, 3), stretch.kind, stretch.app, told)

    lanes = tuple(
        Lane(
            row.id,
            row.name,
            row.day,
            f"{texts.day(row.day)}, from {texts.daytime(row.stretches[0].begin_ms)} to {texts.daytime(row.stretches[-1].end_ms)}",
            tuple(segment(stretch) for stretch in row.stretches),
        )
        for row in timeline.rows
    )
    every = 1 if last - first <= 12 else 2
    hours = tuple(
        (round((hour - first) * HOUR_MS / span * 100, 3), f"{hour:02}:00") for hour in range(first, last, every)
    )
    return Board(hours, lanes)
