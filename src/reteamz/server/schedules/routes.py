"""``/api/schedules``, ``/api/holidays`` and ``/api/absences``."""

from __future__ import annotations

import asyncio
from datetime import date

from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from reteamz.server.accounts.access import Viewer
from reteamz.server.schedules import keep
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire.errors import ReteamzError
from reteamz.wire.schedules import AbsencePost, AbsenceView, HolidayPost, HolidayView, SchedulePut, ScheduleView

Control = NamedDependency[ControlStore]
Activity = NamedDependency[ActivityStore]


@get("/api/schedules")
async def schedules(viewer: NamedDependency[Viewer], control: Control) -> list[ScheduleView]:
    """Return the schedules that the viewer may see, past and to come."""
    async with control.session() as session:
        return await keep.schedule_views(session, viewer)


@put("/api/schedules/{since:date}", status_code=204)
async def put_schedule(
    since: FromPath[date],
    data: JSONBody[SchedulePut],
    viewer: NamedDependency[Viewer],
    control: Control,
    activity: Activity,
    now: NamedDependency[Now],
    department: FromQuery[str | None] = None,
    person: FromQuery[int | None] = None,
) -> None:
    """Set working hours from a day on, of a department, a person, or (neither) the whole account."""
    await _require_person(activity, viewer, person)
    async with control.session() as session:
        await keep.put_schedule(session, viewer, department, person, since, data, now())


@delete("/api/schedules/{since:date}")
async def remove_schedule(
    since: FromPath[date],
    viewer: NamedDependency[Viewer],
    control: Control,
    now: NamedDependency[Now],
    department: FromQuery[str | None] = None,
    person: FromQuery[int | None] = None,
) -> None:
    """Remove working hours that began on a day, as if they had never been."""
    async with control.session() as session:
        await keep.remove_schedule(session, viewer, department, person, since, now())


@get("/api/holidays")
async def holidays(viewer: NamedDependency[Viewer], control: Control) -> list[HolidayView]:
    """Return the holidays that the viewer may see."""
    async with control.session() as session:
        return await keep.holiday_views(session, viewer)


@post("/api/holidays", status_code=201)
async def add_holiday(
    data: JSONBody[HolidayPost], viewer: NamedDependency[Viewer], control: Control, now: NamedDependency[Now]
) -> HolidayView:
    """Add a holiday."""
    async with control.session() as session:
        return await keep.put_holiday(session, viewer, None, data, now())


@put("/api/holidays/{holiday:str}")
async def change_holiday(
    holiday: FromPath[str],
    data: JSONBody[HolidayPost],
    viewer: NamedDependency[Viewer],
    control: Control,
    now: NamedDependency[Now],
) -> HolidayView:
    """Change a holiday."""
    async with control.session() as session:
        return await keep.put_holiday(session, viewer, holiday, data, now())


@delete("/api/holidays/{holiday:str}")
async def remove_holiday(
    holiday: FromPath[str], viewer: NamedDependency[Viewer], control: Control, now: NamedDependency[Now]
) -> None:
    """Remove a holiday."""
    async with control.session() as session:
        await keep.remove_holiday(session, viewer, holiday, now())


@get("/api/absences")
async def absences(viewer: NamedDependency[Viewer], control: Control) -> list[AbsenceView]:
    """Return the absences that the viewer may see."""
    async with control.session() as session:
        return await keep.absence_views(session, viewer)


@post("/api/absences", status_code=201)
async def add_absence(
    data: JSONBody[AbsencePost],
    viewer: NamedDependency[Viewer],
    control: Control,
    activity: Activity,
    now: NamedDependency[Now],
) -> AbsenceView:
    """Add an absence."""
    await _require_person(activity, viewer, data.person)
    async with control.session() as session:
        return await keep.put_absence(session, viewer, None, data, now())


@put("/api/absences/{absence:str}")
async def change_absence(
    absence: FromPath[str],
    data: JSONBody[AbsencePost],
    viewer: NamedDependency[Viewer],
    control: Control,
    activity: Activity,
    now: NamedDependency[Now],
) -> AbsenceView:
    """Change an absence."""
    await _require_person(activity, viewer, data.person)
    async with control.session() as session:
        return await keep.put_absence(session, viewer, absence, data, now())


@delete("/api/absences/{absence:str}")
async def remove_absence(
    absence: FromPath[str], viewer: NamedDependency[Viewer], control: Control, now: NamedDependency[Now]
) -> None:
    """Remove an absence."""
    async with control.session() as session:
        await keep.remove_absence(session, viewer, absence, now())


async def _require_person(activity: ActivityStore, viewer: Viewer, person: int | None) -> None:
    if person is None:
        return
    found = await asyncio.to_thread(activity.entries, viewer.account, "person", 0, 1, [person])
    if not found:
        raise ReteamzError("not_found", "There is no such person; load the page again.")


handlers = [
    schedules,
    put_schedule,
    remove_schedule,
    holidays,
    add_holiday,
    change_holiday,
    remove_holiday,
    absences,
    add_absence,
    change_absence,
    remove_absence,
]
