"""Geometry of the charts: drawn as SVG by the templates, with positions in per cent, so that they fit every width.

No style, no script: the strict Content-Security-Policy stays, and labels are text that decrypts like all other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final, Literal

from reteamz.server.pages import texts
from reteamz.server.reports.rated_types import RatedDay
from reteamz.server.reports.types import DayHours

HEIGHT: Final = 200
"""Height of the area of the bars, in pixels."""
RATINGS: Final = ("productive", "neutral", "unproductive", "uncategorised")
_LABELS_MOST: Final = 14
_LABELS_NARROW: Final = 5
_STEPS: Final = (0.5, 1, 2, 4, 8, 12, 24, 48, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000)
DAYS_MOST: Final = 100
"""Longest range that has a bar for every day; a longer one has weeks."""
WEEKS_MOST: Final = 800
"""Longest range, in days, that has a bar for every week; a longer one has months."""
Span = Literal["day", "week", "month"]
_HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a bar; ``y`` and ``height`` in pixels from the top."""

    style: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One day, or some; ``first`` and ``last`` of them. ``x`` and ``width`` in per cent. ``everywhere`` says that narrow screens have room for its label too."""

    first: str
    last: str
    x: float
    width: float
    middle: float
    label: str
    everywhere: bool
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
    legend: tuple[tuple[str, str], ...]
    """Style and word of every part."""
    span: Span = "day"
    """What a bar stands for."""


@dataclass(frozen=True, slots=True)
class Column:
    """One day, or the week or month that begins with it: its parts from the ground up, each a style's name, a word, and milliseconds."""

    day: str
    parts: tuple[tuple[str, str, int], ...]
    span: Span = "day"
    last: str = ""
    """The last day of a week or month, as far as it is in the range."""


def by_rating(days: Sequence[RatedDay]) -> StackedBars:
    """Return the chart of hours by day and rating."""
    return stacked(
        [
            Column(day.day, tuple((f"rating-{name}", name.capitalize(), getattr(day.rated, name)) for name in RATINGS))
            for day in days
        ]
    )


def of_work(days: Sequence[DayHours], ratings: Sequence[RatedDay]) -> StackedBars:
    """Return the chart of hours by day: active time and meetings by rating, and idle time on top; together that is work."""
    return stacked(
        [
            Column(
                day.day,
                (
                    *((f"rating-{name}", name.capitalize(), getattr(told.rated, name)) for name in RATINGS),
                    ("kind-idle", texts.kind("idle"), day.hours.idle),
                ),
            )
            for day, told in zip(days, ratings, strict=True)
        ]
    )


def stacked(days: Sequence[Column]) -> StackedBars:
    """Return a chart of days; of weeks or months when there are too many to see."""
    columns = spanned(days)
    most = max((sum(ms for _, _, ms in column.parts) for column in columns), default=0) / _HOUR_MS
    step = next((step for step in _STEPS if step * 4 >= most), _STEPS[-1])
    top = step * 4
    every = -(-len(columns) // _LABELS_MOST)
    narrow = -(-len(columns) // (every * _LABELS_NARROW)) if columns else 1
    slot = 100 / max(1, len(columns))
    bars = []
    for place, column in enumerate(columns):
        x, width = slot * place + slot * 0.14, slot * 0.72
        label = _label(column) if place % every == 0 else ""
        bars.append(
            Bar(
                column.day,
                column.last or column.day,
                round(x, 3),
                round(width, 3),
                round(slot * (place + 0.5), 3),
                label,
                place % (every * narrow) == 0,
                told(column),
                column.span == "day" and weekend(column.day),
                _pieces(column, top),
            )
        )
    lines = [Line(round(HEIGHT - HEIGHT * n / 4, 1), _scale(step * n)) for n in range(5)]
    legend = tuple((style, word) for style, word, _ in columns[0].parts) if columns else ()
    return StackedBars(HEIGHT, tuple(bars), tuple(lines), legend, columns[0].span if columns else "day")


def spanned(days: Sequence[Column]) -> Sequence[Column]:
    """Return days as they are, or added up by week (from Monday) or month; the first and the last may be cut by the range."""
    if len(days) <= DAYS_MOST:
        return days
    span: Span = "week" if len(days) <= WEEKS_MOST else "month"

    def begin(column: Column) -> date:
        day = date.fromisoformat(column.day)
        return day - timedelta(days=day.weekday()) if span == "week" else day.replace(day=1)

    added = []
    for _, group in groupby(days, begin):
        first, *rest = group
        sums = [sum(ms) for ms in zip(*([ms for _, _, ms in one.parts] for one in (first, *rest)), strict=True)]
        parts = tuple((style, word, ms) for (style, word, _), ms in zip(first.parts, sums, strict=True))
        added.append(Column(first.day, parts, span, (first, *rest)[-1].day))
    return added


def told(column: Column) -> str:
    """Return a day, week or month in words, for a tooltip and for those who do not see the chart."""
    parts = [f"{word.lower()} {texts.duration(ms)}" for _, word, ms in column.parts if ms]
    what = {"day": texts.day(column.day), "week": f"Week of {texts.day(column.day)}", "month": _month(column.day)}
    return f"{what[column.span]}: {', '.join(parts) or 'nothing'}"


def _scale(hours: float) -> str:
    return f"{hours:g} h" if hours < 1_000 else f"{hours / 1_000:g}k h"


def _label(column: Column) -> str:
    return _month(column.day) if column.span == "month" else texts.short_day(column.day)


def _month(day: str) -> str:
    return f"{date.fromisoformat(day):%b %Y}"


def _pieces(column: Column, top: float) -> tuple[Piece, ...]:
    pieces = []
    ground = float(HEIGHT)
    for style, _, ms in column.parts:
        height = ms / _HOUR_MS / top * HEIGHT
        if height:
            ground -= height
            pieces.append(Piece(style, round(ground, 2), round(height, 2)))
    return tuple(pieces)


def weekend(day: str) -> bool:
    """Tell whether a day is a Saturday or Sunday."""
    return texts.day(day)[:3] in ("Sat", "Sun")
