"""Local times. A person's is that of their computer, as its events tell it; quiet hours are the account's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Seen:
    """The last that a person's computer told of its clock: minutes east of UTC, at a time in milliseconds."""

    offset: int
    at: int


def local(now: int, zone: str, seen: Seen | None) -> datetime:
    """Return the time of day that a person's computer shows, without a zone.

    A computer tells its offset with each event only, and changes it twice a year. It is taken to keep its distance from the account's
    zone; where that and the offset told last disagree, the earlier time counts, so that nobody is missed an hour too soon.
    """
    offset = _offset(now, zone)
    if seen is not None:
        offset = min(seen.offset, offset + seen.offset - _offset(seen.at, zone))
    return datetime.fromtimestamp(now / 1000, UTC).replace(tzinfo=None) + timedelta(minutes=offset)


def at_minute(day: date, minute: int) -> datetime:
    """Return a time of a local day by its minute, which may lie on the next one."""
    return datetime.combine(day, time()) + timedelta(minutes=minute)


def quiet_until(now: int, zone: str, quiet: list[int] | None) -> int:
    """Return when one may write or call: ``now`` outside of quiet hours, else their end. Milliseconds.

    Args:
        now: the server's clock.
        zone: the account's.
        quiet: begin and end in minutes from midnight; equal ones are none.
    """
    if quiet is None:
        return now
    begin, end = quiet
    here = datetime.fromtimestamp(now / 1000, ZoneInfo(zone))
    minute = here.hour * 60 + here.minute
    over_midnight = begin > end
    inside = (minute >= begin or minute < end) if over_midnight else begin <= minute < end
    if not inside:
        return now
    day = here.date() + timedelta(days=1 if over_midnight and minute >= begin else 0)
    ends = datetime.combine(day, time(end // 60, end % 60), ZoneInfo(zone))
    first = round(ends.timestamp() * 1000)
    # The hour that comes twice when summer time ends: the second one is meant when the first is over.
    return first if first > now else round(ends.replace(fold=1).timestamp() * 1000)


def _offset(at: int, zone: str) -> int:
    """Return a zone's minutes east of UTC at a time."""
    found = datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).utcoffset()
    return 0 if found is None else round(found.total_seconds() / 60)
