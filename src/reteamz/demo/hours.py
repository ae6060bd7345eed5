"""When the simulated company is expected at work: schedules, a holiday and an absence in its last week."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from reteamz.demo.company import DEPARTMENTS, Company
from reteamz.owner.client import Owner
from reteamz.wire.schedules import AbsencePost, AbsenceView, HolidayPost, HolidayView, SchedulePut, WorkDay

HOLIDAY: Final = "Lantern Festival"
NOTE: Final = "Wedding of a cousin"
OFFICE: Final = WorkDay(8 * 60 + 30, 16 * 60 + 30, 45)
LATE: Final = WorkDay(9 * 60, 17 * 60, 45)
"""Hours of the second department."""
GRACE: Final = 15
_THURSDAY: Final = 3
_TUESDAY: Final = 1


def last_weekday(today: date, weekday: int) -> date:
    """Return the last such day before today, Monday 0."""
    return today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)


def holiday(today: date) -> date:
    """Return the day on which the company was closed."""
    return last_weekday(today, _THURSDAY)


def vacation(today: date) -> date:
    """Return the day on which the first person was on vacation."""
    return last_weekday(today, _TUESDAY)


def works(index: int, day: date, today: date) -> bool:
    """Tell whether somebody comes on a day, as far as holiday and vacation say."""
    return day != holiday(today) and not (index == 0 and day == vacation(today))


def expected(index: int, day: date, today: date) -> WorkDay | None:
    """Return the working hours of a person of the company on a day."""
    if day.weekday() > 4 or not works(index, day, today):
        return None
    return LATE if index % len(DEPARTMENTS) == 1 else OFFICE


def enter(
    owner: Owner, company: Company, persons: Mapping[str, int], departments: Mapping[str, str], today: date
) -> None:
    """Enter all that as the owner does; the server sees the names as tokens."""
    since = today - timedelta(days=365)
    for where, hours in (("", OFFICE), (f"?department={departments[DEPARTMENTS[1].name]}", LATE)):
        week = SchedulePut([hours] * 5 + [None] * 2, GRACE)
        owner.connection.send("PUT", f"/api/schedules/{since}{where}", week)
    owner.connection.post("/api/holidays", HolidayPost(holiday(today), owner.entry("label", HOLIDAY)), HolidayView)
    first = persons.get(company.people[0].name)
    if first is not None:
        day = vacation(today)
        note = owner.entry("label", NOTE)
        owner.connection.post("/api/absences", AbsencePost(first, day, day, "vacation", None, note), AbsenceView)
