"""When a report is due, and of which days it speaks. A due day is named by its date: an hour may be missing or come twice on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reteamz.wire.mailings import Rhythm

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """When a report goes out: every day, on a weekday (Monday is 0), or on a day of the month; ``hour`` is of the zone's clock."""

    rhythm: Rhythm
    weekday: int
    day: int
    hour: int
    zone: str


def due_until(plan: Plan, day: date) -> date:
    """Return the last day on which a report is due, ``day`` included."""
    if plan.rhythm == "daily":
        return day
    if plan.rhythm == "weekly":
        return day - timedelta(days=(day.weekday() - plan.weekday) % 7)
    month = day.replace(day=1) if day.day >= plan.day else (day.replace(day=1) - _DAY).replace(day=1)
    return month.replace(day=plan.day)


def due_after(plan: Plan, day: date) -> date:
    """Return the first day after ``day`` on which a report is due."""
    if plan.rhythm == "daily":
        return day + _DAY
    if plan.rhythm == "weekly":
        return day + timedelta(days=(plan.weekday - day.weekday() - 1) % 7 + 1)
    month = day.replace(day=1) if day.day < plan.day else (day.replace(day=1) + 31 * _DAY).replace(day=1)
    return month.replace(day=plan.day)


def moment(plan: Plan, day: date) -> int:
    """Return when the hour of a due day begins, in milliseconds.

    An hour that comes twice counts when it comes first; in the place of one that does not come stands the next moment that does.
    """
    zone = ZoneInfo(plan.zone)
    at = datetime.combine(day, time(plan.hour), zone)
    first, second = (round(at.replace(fold=fold).timestamp()) for fold in (0, 1))
    if first <= second:
        return first * 1000
    # The clock is set forward between the two, past this hour (PEP 495): the moment is looked for.
    before = datetime.fromtimestamp(second, zone).utcoffset()
    while first - second > 1:
        middle = (first + second) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == before:
            second = middle
        else:
            first = middle
    return first * 1000


def newest(plan: Plan, now: int) -> date:
    """Return the last due day whose hour has come; ``now`` in milliseconds."""
    day = due_until(plan, datetime.fromtimestamp(now / 1000, UTC).date() + 2 * _DAY)
    while moment(plan, day) > now:
        day = due_until(plan, day - _DAY)
    return day


def period(rhythm: Rhythm, due: date) -> tuple[date, date]:
    """Return the day, the week from Monday to Sunday, or the month that ended before a due day: its first and last day."""
    if rhythm == "daily":
        return due - _DAY, due - _DAY
    if rhythm == "weekly":
        monday = due - timedelta(days=due.weekday())
        return monday - 7 * _DAY, monday - _DAY
    last = due.replace(day=1) - _DAY
    return last.replace(day=1), last
