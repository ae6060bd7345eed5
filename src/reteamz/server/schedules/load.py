"""Loads what an account expects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.people.tables import Placement
from reteamz.server.schedules.expected import MINUTE_MS, Expected, Leave, Plan, Schedules
from reteamz.server.schedules.tables import EVERYBODY, EVERYWHERE, Absence, Holiday, Schedule


async def schedules_of(session: AsyncSession, account: str) -> Schedules:
    """Return schedules, holidays and absences of an account."""
    rows = await session.scalars(select(Schedule).where(Schedule.account == account).order_by(Schedule.since))
    everywhere: list[Plan] = []
    departments: dict[str, list[Plan]] = {}
    persons: dict[int, list[Plan]] = {}
    for row in rows:
        plans = everywhere
        if row.person != EVERYBODY:
            plans = persons.setdefault(row.person, [])
        elif row.department != EVERYWHERE:
            plans = departments.setdefault(row.department, [])
        plans.append(_plan(row))
    holidays: dict[str, dict[date, str]] = {}
    for holiday in await session.scalars(select(Holiday).where(Holiday.account == account)):
        holidays.setdefault(holiday.department, {})[holiday.day] = holiday.name
    leaves: dict[int, list[Leave]] = {}
    absences = select(Absence).where(Absence.account == account).order_by(Absence.first, Absence.id)
    for one in await session.scalars(absences):
        leaves.setdefault(one.person, []).append(Leave(one.first, one.last, one.kind, one.half, one.note))
    placed = await session.scalars(select(Placement).where(Placement.account == account))
    places = {row.person: row.department for row in placed}
    return Schedules(everywhere, departments, persons, places, holidays, leaves)


def _plan(row: Schedule) -> Plan:
    week = None if row.week is None else tuple(_expected(entry, row.grace) for entry in row.week)
    return Plan(row.since, week)


def _expected(entry: Iterable[int] | None, grace: int) -> Expected | None:
    if entry is None:
        return None
    begin, end, pause = entry
    return Expected(begin, end, (end - begin - pause) * MINUTE_MS, grace)
