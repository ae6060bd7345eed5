"""How numbers, times and names are written on a page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from reteamz.wire.tokens import split_plain

MINUTE_MS: Final = 60_000
_LATEST_MS: Final = 253_370_764_800_000
"""Begin of the year 9999."""
_KINDS: Final = {
    "active": "Active",
    "meeting": "Meeting",
    "idle": "Idle",
    "locked": "Locked",
    "private": "Private",
    "away": "Away",
}


def duration(ms: int) -> str:
    """Return a duration for people: ``7 h 05 min``, ``12 min``, ``40 s``."""
    seconds = round(ms / 1000)
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(ms / MINUTE_MS)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02} min" if hours else f"{rest} min"


def hours(ms: int) -> str:
    """Return a duration as a timesheet writes it: ``7:05``."""
    minutes = round(ms / MINUTE_MS)
    return f"{minutes // 60}:{minutes % 60:02}"


def balance(ms: int) -> str:
    """Return a difference of durations as a timesheet writes it: ``+1:20``, ``−0:45``, ``0:00``."""
    minutes = round(ms / MINUTE_MS)
    sign = "+" if minutes > 0 else "\N{MINUS SIGN}" if minutes < 0 else ""
    return f"{sign}{abs(minutes) // 60}:{abs(minutes) % 60:02}"


def minutes(value: int) -> str:
    """Return minutes from midnight as a time of day: ``09:00``; the end of the day is ``24:00``."""
    return f"{value // 60:02}:{value % 60:02}"


def daytime(ms: int) -> str:
    """Return milliseconds from midnight as a time of day: ``07:31``."""
    minutes = ms // MINUTE_MS
    return f"{minutes // 60:02}:{minutes % 60:02}"


def percent(share: float) -> str:
    """Return a share 0…1 as per cent; small ones keep a digit."""
    value = share * 100
    # Nearly everything is not everything.
    if 99 < value < 100:
        return f"{min(value, 99.9):.1f} %"
    return f"{value:.0f} %" if value >= 10 or value == 0 else f"{value:.1f} %"


def change(now: int, before: int) -> float | None:
    """Return the change against the period before as a fraction, None when there is nothing to compare with."""
    return None if before == 0 else (now - before) / before


def moved(now: int, before: int) -> str:
    """Return the change against the period before in few characters: ``+50 %``, ``−20 %``, ``new``, ``–`` for nothing at all."""
    fraction = change(now, before)
    if fraction is None:
        return "new" if now else "–"
    return f"{fraction * 100:+.0f} %".replace("-", "\N{MINUS SIGN}")


def name(entry: str) -> str:
    """Return what a page shows of an entry: a token as it is, a plain entry without its field (spec 4.7)."""
    plain = split_plain(entry)
    return entry if plain is None else plain[1]


def kind(value: str) -> str:
    """Return the word for a kind of time."""
    return _KINDS[value]


@lru_cache(maxsize=4096)
def day(value: date | str) -> str:
    """Return a day as ``Tue 24 Nov 2026``."""
    at = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{at:%a} {at.day} {at:%b %Y}"


def month(value: date) -> str:
    """Return a month as ``November 2026``."""
    return f"{value:%B %Y}"


@lru_cache(maxsize=4096)
def short_day(value: date | str) -> str:
    """Return a day as ``24 Nov``."""
    at = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{at.day} {at:%b}"


def span(first: date | str, last: date | str) -> str:
    """Return days as ``20 Nov – 24 Nov``, one as ``20 Nov``."""
    begin, end = short_day(first), short_day(last)
    return begin if begin == end else f"{begin} – {end}"


def moment(ms: int | None, zone: str) -> str:
    """Return a time in a zone as ``24 Nov 2026, 07:31``, "–" for none and for what no calendar has."""
    if not ms or ms >= _LATEST_MS:
        return "–"
    at = datetime.fromtimestamp(ms / 1000, ZoneInfo(zone))
    return f"{at.day} {at:%b %Y, %H:%M}"


def clock(ms: int, utc_offset_min: int) -> str:
    """Return the time of day that the person's computer showed."""
    at = datetime.fromtimestamp(ms / 1000, UTC) + timedelta(minutes=utc_offset_min)
    return f"{at:%H:%M:%S}"


def number(value: int) -> str:
    """Return a number in groups of three."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
