"""Geometry of the charts: drawn as SVG by the templates, with positions in per cent, so that they fit every width.

No style, no script: the strict Content-Security-Policy stays, and labels are text that decrypts like all other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reteamz.server.pages import texts
from reteamz.server.reports.types import DayHours, Hours

HEIGHT: Final = 200
"""Height of the area of the bars, in pixels."""
STACK: Final = ("active", "meeting", "idle")
"""Kinds that a working day is made of, from the ground up."""
_LABELS_MOST: Final = 14
_STEPS: Final = (0.5, 1, 2, 4, 8, 12, 24, 48, 100, 250, 500, 1000)
_HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Piece:
    """One kind of a bar; ``y`` and ``height`` in pixels from the top."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One day; ``x`` and ``width`` in per cent."""

    x: float
    width: float
    middle: float
    label: str
    told: str
    weekend: bool
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the grid."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class StackedBars:
    """A chart of days."""

    height: int
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]


def stacked(days: Sequence[DayHours]) -> StackedBars:
    """Return the chart of hours by day and kind."""
    most = max((day.hours.work for day in days), default=0) / _HOUR_MS
    step = next((step for step in _STEPS if step * 4 >= most), _STEPS[-1])
    top = step * 4
    every = -(-len(days) // _LABELS_MOST)
    slot = 100 / max(1, len(days))
    bars = []
    for place, day in enumerate(days):
        x, width = slot * place + slot * 0.14, slot * 0.72
        label = texts.short_day(day.day) if place % every == 0 else ""
        bars.append(
            Bar(
                round(x, 3),
                round(width, 3),
                round(slot * (place + 0.5), 3),
                label,
                told(day),
                _weekend(day.day),
                _pieces(day.hours, top),
            )
        )
    lines = [Line(round(HEIGHT - HEIGHT * n / 4, 1), f"{step * n:g} h") for n in range(5)]
    return StackedBars(HEIGHT, tuple(bars), tuple(lines))


def told(day: DayHours) -> str:
    """Return a day in words, for a tooltip and for those who do not see the chart."""
    parts = [
        f"{texts.kind(kind).lower()} {texts.duration(getattr(day.hours, kind))}"
        for kind in STACK
        if getattr(day.hours, kind)
    ]
    return f"{texts.day(day.day)}: {', '.join(parts) or 'nothing'}"


def _pieces(hours: Hours, top: float) -> tuple[Piece, ...]:
    pieces = []
    ground = float(HEIGHT)
    for kind in STACK:
        height = getattr(hours, kind) / _HOUR_MS / top * HEIGHT
        if height:
            ground -= height
            pieces.append(Piece(kind, round(ground, 2), round(height, 2)))
    return tuple(pieces)


def _weekend(day: str) -> bool:
    return texts.day(day)[:3] in ("Sat", "Sun")
