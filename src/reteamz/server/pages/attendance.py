"""The page of attendance: who was there when, and how that compares with working hours; a month at most fits on it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from reteamz.server.pages import charts
from reteamz.server.pages.filterbar import Choice
from reteamz.server.pages.heat import heat
from reteamz.server.pages.reports import Asked
from reteamz.server.pages.shell import filtered, page, today_in
from reteamz.server.reports import daily
from reteamz.server.reports.attendance import attendance
from reteamz.server.reports.day_types import AttendanceRow, Attended

MONTH: Final = 31
"""Days that the page shows at most."""
OFF: Final = {"holiday": "Holiday", "vacation": "Vacation", "sick": "Sick", "other": "Away"}
"""Words for reasons not to work."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month: its first day, and its address."""

    first: date
    query: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of the month grid; ``told`` is None for a day that has nothing to tell."""

    day: date
    told: Attended | None


def months(choice: Choice) -> tuple[Month, Month, Month]:
    """Return the calendar month of the last day, with the one before and the one after."""
    this = choice.last.replace(day=1)
    before, after = (this - _DAY).replace(day=1), (this + 31 * _DAY).replace(day=1)

    def month(first: date) -> Month:
        last = (first + 31 * _DAY).replace(day=1) - _DAY
        return Month(first, choice.query(**{"range": None, "from": first, "to": last}))

    return month(before), month(this), month(after)


def grid(row: AttendanceRow, first: date, last: date) -> list[list[Cell | None]]:
    """Return a person's days in weeks, Monday first; None before the first day and after the last."""
    told = {one.day: one for one in row.days}
    monday = first - first.weekday() * _DAY
    weeks = -(-((last - monday).days + 1) // 7)
    every = [monday + step * _DAY for step in range(7 * weeks)]
    cells = [Cell(day, told.get(day.isoformat())) if first <= day <= last else None for day in every]
    return [cells[start : start + 7] for start in range(0, len(cells), 7)]


@get("/attendance", name="page_attendance")
async def attendance_page(asked: NamedDependency[Asked]) -> Template:
    """Who was there when, day by day."""
    days = [asked.filter.last - step * _DAY for step in range(min(asked.filter.days, MONTH))]
    shown = replace(asked.filter, first=days[-1])
    schedules = asked.lists.schedules
    report = await asyncio.to_thread(attendance, asked.activity, shown, schedules, asked.now, asked.account.timezone)
    before, this, after = months(asked.choice)
    whole = (asked.choice.first, asked.choice.last) == (this.first, after.first - _DAY)
    today = today_in(asked.account, asked.now).isoformat()
    shown_days = [day.isoformat() for day in reversed(days)]
    return page(
        "attendance",
        asked.account,
        "Attendance",
        report=report,
        heat=heat(await asyncio.to_thread(daily.week, asked.activity, shown)),
        days=shown_days,
        shades={day: " weekend" * charts.weekend(day) + " today" * (day == today) for day in shown_days},
        cut=asked.filter.days > MONTH,
        by_day=lambda row: {one.day: one for one in row.days},
        weekend=charts.weekend,
        today=today,
        months=(before, this, after),
        whole_month=whole,
        grid=grid(report.rows[0], days[-1], days[0]) if len(report.rows) == 1 else None,
        off=OFF,
        planned=schedules.any,
        may_set=asked.may_rate or "settings" in asked.account.rights,
        **filtered(asked.choice, asked.lists, "/attendance"),
    )


handlers = [attendance_page]
