"""Changes schedules, holidays and absences, and lists those that a viewer may see."""

from __future__ import annotations

import os
from datetime import date
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.signup import check_label
from reteamz.server.accounts.tables import Account
from reteamz.server.audit.record import record
from reteamz.server.people.tables import Department, Placement
from reteamz.server.schedules.tables import EVERYBODY, EVERYWHERE, Absence, Holiday, Schedule
from reteamz.wire.encoding import b64encode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.schedules import (
    AbsencePost,
    AbsenceView,
    HolidayPost,
    HolidayView,
    SchedulePut,
    ScheduleView,
    WorkDay,
)

DAYS: Final = (date(1970, 1, 1), date(2199, 12, 31))
"""Days that can be named."""
ROWS_MOST: Final = 100_000
"""Most schedules, holidays or absences of an account, each."""


async def schedule_views(session: AsyncSession, viewer: Viewer) -> list[ScheduleView]:
    """Return the schedules that the viewer may see, each scope's in the order of their days. Raises ``forbidden``."""
    theirs = await _theirs(session, viewer)
    rows = await session.scalars(
        select(Schedule)
        .where(Schedule.account == viewer.account)
        .order_by(Schedule.department, Schedule.person, Schedule.since)
    )
    return [
        ScheduleView(
            department=row.department or None,
            person=row.person or None,
            since=row.since,
            week=None if row.week is None else [None if one is None else WorkDay(*one) for one in row.week],
            grace_min=row.grace,
        )
        for row in rows
        if theirs is None or (row.person in theirs if row.person else row.department in ("", *viewer.departments))
    ]


async def put_schedule(
    session: AsyncSession,
    viewer: Viewer,
    department: str | None,
    person: int | None,
    since: date,
    put: SchedulePut,
    now: int,
) -> None:
    """Set working hours from a day on; what was before that day stays. ``now`` in milliseconds.

    Raises:
        ReteamzError: ``forbidden``, ``not_found``, ``input_invalid``.
    """
    await _require_scope(session, viewer, department, person)
    _require_days(since)
    for day in put.week or ():
        if day is not None and (day.begin_min >= day.end_min or day.break_min >= day.end_min - day.begin_min):
            raise ReteamzError(
                "input_invalid",
                "A working day ends after it begins, and its break is shorter than the day; check them.",
            )
    if put.grace_min > 720:
        raise ReteamzError("input_invalid", "So many minutes of grace are more than half a day; take less.")
    week = None if put.week is None else [_row(day) for day in put.week]
    key = (viewer.account, department or EVERYWHERE, person or EVERYBODY, since)
    row = await session.get(Schedule, key)
    if row is None:
        await _require_room(session, Schedule, viewer.account)
        session.add(
            Schedule(account=key[0], department=key[1], person=key[2], since=since, week=week, grace=put.grace_min)
        )
    else:
        row.week, row.grace = week, put.grace_min
    record(session, now, viewer.account, viewer.member, "schedule_set", _subject(department, person))


async def remove_schedule(
    session: AsyncSession, viewer: Viewer, department: str | None, person: int | None, since: date, now: int
) -> None:
    """Remove the working hours that began on a day, as if they had never been. Raises ``forbidden``, ``not_found``."""
    await _require_scope(session, viewer, department, person)
    row = await session.get(Schedule, (viewer.account, department or EVERYWHERE, person or EVERYBODY, since))
    if row is None:
        raise ReteamzError("not_found", "There is no such schedule; load the page again.")
    await session.delete(row)
    record(session, now, viewer.account, viewer.member, "schedule_removed", _subject(department, person))


async def holiday_views(session: AsyncSession, viewer: Viewer) -> list[HolidayView]:
    """Return the holidays that the viewer may see, in the order of their days. Raises ``forbidden``."""
    theirs = await _theirs(session, viewer)
    rows = await session.scalars(
        select(Holiday).where(Holiday.account == viewer.account).order_by(Holiday.day, Holiday.id)
    )
    return [
        HolidayView(row.id, row.day, row.name, row.department or None)
        for row in rows
        if theirs is None or row.department in ("", *viewer.departments)
    ]


async def put_holiday(
    session: AsyncSession, viewer: Viewer, holiday: str | None, put: HolidayPost, now: int
) -> HolidayView:
    """Add a holiday, or change the one with this id.

    Raises:
        ReteamzError: ``forbidden``, ``not_found``, ``input_invalid``, ``plain_refused``, ``token_malformed``.
    """
    await _require_scope(session, viewer, put.department, None)
    _require_days(put.day)
    await _require_label(session, viewer, put.name)
    if holiday is None:
        await _require_room(session, Holiday, viewer.account)
        row = Holiday(id=b64encode(os.urandom(16)), account=viewer.account)
        session.add(row)
    else:
        row = await _holiday(session, viewer, holiday)
    row.department, row.day, row.name = put.department or EVERYWHERE, put.day, put.name
    action = "holiday_added" if holiday is None else "holiday_changed"
    record(session, now, viewer.account, viewer.member, action, row.id)
    return HolidayView(row.id, row.day, row.name, put.department)


async def remove_holiday(session: AsyncSession, viewer: Viewer, holiday: str, now: int) -> None:
    """Remove a holiday. Raises ``forbidden``, ``not_found``."""
    await session.delete(await _holiday(session, viewer, holiday))
    record(session, now, viewer.account, viewer.member, "holiday_removed", holiday)


async def absence_views(session: AsyncSession, viewer: Viewer) -> list[AbsenceView]:
    """Return the absences that the viewer may see, in the order of their days. Raises ``forbidden``."""
    theirs = await _theirs(session, viewer)
    rows = await session.scalars(
        select(Absence).where(Absence.account == viewer.account).order_by(Absence.first, Absence.id)
    )
    return [_absence_view(row) for row in rows if theirs is None or row.person in theirs]


async def put_absence(
    session: AsyncSession, viewer: Viewer, absence: str | None, put: AbsencePost, now: int
) -> AbsenceView:
    """Add an absence, or change the one with this id.

    Raises:
        ReteamzError: ``forbidden``, ``not_found``, ``input_invalid``, ``plain_refused``, ``token_malformed``.
    """
    await _require_scope(session, viewer, None, put.person)
    _require_days(put.first, put.last)
    if put.note is not None:
        await _require_label(session, viewer, put.note)
    if absence is None:
        await _require_room(session, Absence, viewer.account)
        row = Absence(id=b64encode(os.urandom(16)), account=viewer.account)
        session.add(row)
    else:
        row = await _absence(session, viewer, absence)
    row.person, row.first, row.last, row.kind = put.person, put.first, put.last, put.kind
    row.half, row.note = put.half or "", put.note or ""
    action = "absence_added" if absence is None else "absence_changed"
    record(session, now, viewer.account, viewer.member, action, row.id)
    return _absence_view(row)


async def remove_absence(session: AsyncSession, viewer: Viewer, absence: str, now: int) -> None:
    """Remove an absence. Raises ``forbidden``, ``not_found``."""
    await session.delete(await _absence(session, viewer, absence))
    record(session, now, viewer.account, viewer.member, "absence_removed", absence)


def _row(day: WorkDay | None) -> list[int] | None:
    return None if day is None else [day.begin_min, day.end_min, day.break_min]


def _subject(department: str | None, person: int | None) -> str:
    return department or (str(person) if person else "")


def _absence_view(row: Absence) -> AbsenceView:
    return AbsenceView(
        id=row.id,
        person=row.person,
        first=row.first,
        last=row.last,
        kind=row.kind,  # type: ignore[arg-type]  # written from a decoded message only
        half=row.half or None,  # type: ignore[arg-type]  # written from a decoded message only
        note=row.note or None,
    )


def _require_days(first: date, last: date | None = None) -> None:
    if not DAYS[0] <= first <= (last or first) <= DAYS[1]:
        raise ReteamzError("input_invalid", "The last day is before the first, or one of them is missing; check them.")


async def _require_label(session: AsyncSession, viewer: Viewer, text: str) -> None:
    check_label(text, (await session.get_one(Account, viewer.account)).mode)


async def _require_room(
    session: AsyncSession, table: type[Schedule] | type[Holiday] | type[Absence], account: str
) -> None:
    count = await session.scalar(select(func.count()).select_from(table).where(table.account == account)) or 0
    if count >= ROWS_MOST:
        raise ReteamzError("input_invalid", "There are too many already; remove old ones first.")


async def _require_scope(session: AsyncSession, viewer: Viewer, department: str | None, person: int | None) -> None:
    """Require that the viewer may change what holds for a department, a person, or (neither) the whole account.

    Raises:
        ReteamzError: ``forbidden``, ``not_found`` for what is not there or not theirs, ``input_invalid`` for both.
    """
    viewer.require_right("settings")
    theirs = await _theirs(session, viewer)
    if department is not None and person is not None:
        raise ReteamzError("input_invalid", "Working hours are a department's or a person's, not both; choose one.")
    if department is not None:
        row = await session.get(Department, department)
        may = theirs is None or department in viewer.departments
        if row is None or row.account != viewer.account or not may:
            raise ReteamzError("not_found", "There is no such department; load the page again.")
    elif person is not None:
        if theirs is not None and person not in theirs:
            raise ReteamzError("not_found", "There is no such person; load the page again.")
    elif theirs is not None:
        raise ReteamzError("forbidden", "What holds in the whole account is set by its owner; choose a department.")


async def _theirs(session: AsyncSession, viewer: Viewer) -> set[int] | None:
    """Return the persons of a manager's departments, None for the owner, who has all. Raises ``forbidden``."""
    if viewer.role == "owner":
        return None
    if viewer.role != "manager":
        raise ReteamzError("forbidden", "Working hours are for owners and managers; ask the owner of the account.")
    rows = await session.scalars(
        select(Placement.person).where(
            Placement.account == viewer.account, Placement.department.in_(viewer.departments)
        )
    )
    return set(rows)


async def _holiday(session: AsyncSession, viewer: Viewer, holiday: str) -> Holiday:
    viewer.require_right("settings")
    row = await session.get(Holiday, holiday)
    if row is None or row.account != viewer.account:
        raise ReteamzError("not_found", "There is no such holiday; load the page again.")
    await _require_scope(session, viewer, row.department or None, None)
    return row


async def _absence(session: AsyncSession, viewer: Viewer, absence: str) -> Absence:
    viewer.require_right("settings")
    row = await session.get(Absence, absence)
    if row is not None and row.account == viewer.account:
        theirs = await _theirs(session, viewer)
        if theirs is None or row.person in theirs:
            return row
    raise ReteamzError("not_found", "There is no such absence; load the page again.")
