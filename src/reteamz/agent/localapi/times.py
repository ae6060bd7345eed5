"""Times and durations as ActivityWatch's clients write them: times in whole milliseconds, durations in whole microseconds."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Final

from reteamz.wire.errors import ReteamzError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_MS: Final = 253_402_300_799_000
"""End of the year 9999."""


def bad(what: str) -> ReteamzError:
    """Return the error for input that does not fit."""
    return ReteamzError("input_invalid", what)


def to_ms(value: object) -> int:
    """Return milliseconds of an ISO 8601 time; a naive one is UTC. Raises ``input_invalid``."""
    if not isinstance(value, str):
        raise bad("A time is text such as 2026-11-24T08:00:00Z.")
    try:
        # A plus sign in a query that was not escaped arrives as a space.
        at = datetime.fromisoformat(value.strip().replace(" ", "+") if "T" in value else value.strip())
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
        ms = (at - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        raise bad("A time is text such as 2026-11-24T08:00:00Z.") from None
    if not 0 <= ms <= _MOST_MS:
        raise bad("A time lies between 1970 and 9999.")
    return ms


def from_ms(ms: int) -> str:
    """Return the ISO 8601 text of a time, in UTC, as ActivityWatch writes it."""
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat()


def to_duration(value: object) -> int:
    """Return microseconds of a duration in seconds; None is 0. Raises ``input_invalid``."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise bad("A duration is a number of seconds.")
    if not 0 <= value <= _MOST_MS / 1000:
        raise bad("A duration is a number of seconds, not below zero.")
    return timedelta(seconds=value) // timedelta(microseconds=1)


def from_duration(us: int) -> float:
    """Return the seconds of a duration in microseconds."""
    return us / 1_000_000
