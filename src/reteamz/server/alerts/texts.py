"""How alerts are told in words, on the page and in mail. Names are no part of the words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from reteamz.server.pages.texts import daytime, duration, number, percent
from reteamz.wire import alerts as wire

Unit = Literal["ms", "share", "time", "none"]
RATINGS: Final = ("unproductive", "neutral", "productive", "uncategorised")
"""By their number (spec 9.2), and what has none."""


@dataclass(frozen=True, slots=True)
class Told:
    """An alert in words: what it is about, what was found, and what the rule allows."""

    what: str
    value: str
    limit: str


def unit_of(kind: wire.Kind) -> Unit:
    """Return what value and threshold of an alert are."""
    if isinstance(kind, wire.RatingTime | wire.NameTime):
        return "share" if kind.measure == "share" else "ms"
    if isinstance(kind, wire.Absent | wire.Late):
        return "time"
    return "none" if isinstance(kind, wire.FirstUse | wire.Fork | wire.Gap) else "ms"


def side_of(kind: wire.Kind) -> wire.Side:
    """Return on which side of the threshold the value lies."""
    return kind.side if isinstance(kind, wire.RatingTime | wire.NameTime) else "above"


def subject_of(kind: wire.Kind) -> str:
    """Return what a kind of rule is about."""
    match kind:
        case wire.RatingTime(rating=rating):
            return f"Time rated {RATINGS[rating]}" if rating < 3 else "Uncategorised time"
        case wire.NameTime():
            return "Time on"
        case wire.FirstUse(field=field):
            return "First use of an application" if field == "app" else "First visit of a site"
        case wire.Idle():
            return "Idle in working hours"
        case wire.Absent():
            return "No activity"
        case wire.Late():
            return "Late"
        case wire.Overtime():
            return "Overtime"
        case wire.Silent():
            return "Computer silent"
        case wire.Unconfirmed():
            return "Computer waits for confirmation"
        case wire.Fork():
            return "Chain fork"
        case wire.Gap():
            return "Chain gap"


def told(kind: wire.Kind, value: int, threshold: int) -> Told:
    """Return an alert in words."""
    what, unit = subject_of(kind), unit_of(kind)
    match kind:
        case wire.FirstUse():
            return Told(what, "", "")
        case wire.Absent():
            return Told(what, "", f"by {daytime(threshold)}")
        case wire.Late():
            return Told(what, f"first activity {daytime(value)}", f"after {daytime(threshold)}")
        case wire.Fork():
            return Told(what, f"another batch of number {number(value)}", "")
        case wire.Gap():
            return Told(what, f"batches before number {number(value)} are lost", "")
        case _:
            shown, limit = (
                (_share(value), _share(threshold)) if unit == "share" else (duration(value), duration(threshold))
            )
            return Told(what, shown, f"{'more' if side_of(kind) == 'above' else 'less'} than {limit}")


def looked_for(kind: wire.Kind) -> str:
    """Return what a rule looks for, in words; the name of ``NameTime`` comes after "Time on"."""
    match kind:
        case wire.RatingTime() | wire.NameTime():
            side = "more" if kind.side == "above" else "less"
            amount = f"{kind.amount} %" if kind.measure == "share" else duration(kind.amount * 60_000)
            return f"{side} than {amount} a day"
        case wire.FirstUse():
            return "that the account never had before"
        case wire.Idle(minutes=minutes):
            return f"for more than {duration(minutes * 60_000)} without a break"
        case wire.Absent(minutes=minutes):
            return f"{duration(minutes * 60_000)} after working hours began" if minutes else "when working hours begin"
        case wire.Late(minutes=minutes):
            return f"by more than {duration(minutes * 60_000)} beyond the grace" if minutes else "beyond the grace"
        case wire.Overtime(minutes=minutes):
            return f"more than {duration(minutes * 60_000)} beyond the schedule" if minutes else "beyond the schedule"
        case wire.Silent(hours=hours):
            return f"for more than {hours} h"
        case wire.Unconfirmed(minutes=minutes):
            return f"for more than {duration(minutes * 60_000)}"
        case wire.Fork():
            return "a computer sent two batches of one number"
        case wire.Gap():
            return "batches of a computer are lost"


def _share(tenths: int) -> str:
    return percent(tenths / 1000)
