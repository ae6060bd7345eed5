"""The page of working hours: schedules with what they inherit, holidays, absences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from reteamz.server.accounts.access import Viewer
from reteamz.server.pages import texts
from reteamz.server.pages.attendance import OFF
from reteamz.server.pages.shell import account_of, lists_of, page, today_in
from reteamz.server.schedules import Schedules, keep
from reteamz.server.schedules.expected import Source
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire.schedules import ScheduleView, WorkDay

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PAST: Final = timedelta(days=90)
"""Holidays and absences that ended longer ago are folded away."""


@dataclass(frozen=True, slots=True)
class Line:
    """The working hours of a scope today: ``source`` says whose they are, None when nobody set any; ``name`` is an entry."""

    kind: Source
    id: str
    name: str
    source: Source | None
    place: str
    week: str
    grace: int
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A schedule of a scope from a day on."""

    view: ScheduleView
    name: str
    told: tuple[str, ...]


def spoken(week: Sequence[WorkDay | None] | None) -> tuple[str, ...]:
    """Return a week in few lines: equal days that follow each other are one."""
    if week is None:
        return ()
    lines: list[str] = []
    start = 0
    for place in range(1, 8):
        if place < 7 and week[place] == week[start]:
            continue
        one = week[start]
        if one is not None:
            names = WEEKDAYS[start][:3] if place - start == 1 else f"{WEEKDAYS[start][:3]}–{WEEKDAYS[place - 1][:3]}"
            pause = f", {one.break_min} min break" if one.break_min else ""
            lines.append(f"{names} {texts.minutes(one.begin_min)}–{texts.minutes(one.end_min)}{pause}")
        start = place
    return tuple(lines) or ("no working day",)


def in_force(views: Sequence[ScheduleView], today: date) -> ScheduleView | None:
    """Return the schedule of a scope that holds on a day; views are in the order of their days."""
    found = [view for view in views if view.since <= today]
    return found[-1] if found and found[-1].week is not None else None


def lines_of(
    views: Sequence[ScheduleView],
    departments: Sequence[tuple[str, str]],
    persons: Sequence[tuple[int, str, str | None]],
    today: date,
) -> list[Line]:
    """Return everybody, departments (id, name) and persons (id, name, department) with what holds for them today."""

    scopes: dict[tuple[str | None, int | None], list[ScheduleView]] = defaultdict(list)
    for view in views:
        scopes[view.department, view.person].append(view)

    def own(department: str | None, person: int | None) -> ScheduleView | None:
        return in_force(scopes.get((department, person), ()), today)

    account = own(None, None)
    by_department = {one: own(one, None) for one, _ in departments}

    def line(kind: Source, id: str, name: str, place: str, *levels: tuple[Source, ScheduleView | None]) -> Line:
        source, view = next((level for level in levels if level[1] is not None), (None, None))
        week = view.week if view is not None else None
        return Line(
            kind,
            id,
            name,
            source,
            place,
            msgspec.json.encode(week).decode(),
            view.grace_min if view else 0,
            spoken(week),
        )

    everywhere: tuple[Source, ScheduleView | None] = ("account", account)
    lines = [line("account", "", "", "", everywhere)]
    for one, name in departments:
        lines.append(line("department", one, name, name, ("department", by_department[one]), everywhere))
    names = dict(departments)
    for number, name, place in persons:
        theirs: tuple[Source, ScheduleView | None] = ("department", by_department.get(place or ""))
        lines.append(
            line(
                "person",
                str(number),
                name,
                names.get(place or "", ""),
                ("person", own(None, number)),
                theirs,
                everywhere,
            )
        )
    return lines


@get("/schedules", name="page_schedules")
async def schedules_page(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    now: NamedDependency[Now],
) -> Template:
    """Who is expected to work when."""
    account = await account_of(control, viewer)
    async with control.session() as session:
        views = await keep.schedule_views(session, viewer)
        holidays = await keep.holiday_views(session, viewer)
        absences = await keep.absence_views(session, viewer)
    lists = await lists_of(control, activity, viewer, (), Schedules())
    today = today_in(account, now())
    departments = [(one.id, one.name) for one in lists.departments]
    persons = [(one.id, one.name, one.department) for one in lists.persons]
    names: dict[Any, str] = {**dict(departments), **{number: name for number, name, _ in persons}}
    changes = [Change(view, names.get(view.person or view.department, ""), spoken(view.week)) for view in views]
    since = today - PAST
    return page(
        "schedules",
        account,
        "Working hours",
        lines=lines_of(views, departments, persons, today),
        changes=sorted(changes, key=lambda change: change.view.since, reverse=True),
        holidays=[one for one in holidays if one.day >= since],
        old_holidays=[one for one in holidays if one.day < since],
        absences=[one for one in absences if one.last >= since],
        old_absences=[one for one in absences if one.last < since],
        names=names,
        persons=lists.persons,
        departments=lists.departments,
        today=today,
        weekdays=WEEKDAYS,
        off=OFF,
        may_set=viewer.role == "owner" or "settings" in viewer.rights,
        everywhere=viewer.role == "owner",
    )


handlers = [schedules_page]
