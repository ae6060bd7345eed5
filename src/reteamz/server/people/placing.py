"""Who is in which department."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.signup import check_label
from reteamz.server.accounts.tables import Account
from reteamz.server.alerts.tables import AlertRule
from reteamz.server.audit.record import record
from reteamz.server.mailings.tables import Mailing
from reteamz.server.people.tables import Department, Placement
from reteamz.server.rating.tables import Rating
from reteamz.server.schedules.tables import Holiday, Schedule
from reteamz.server.store.activity import Entry
from reteamz.server.store.control import ControlStore
from reteamz.wire.accounts import DepartmentView, PersonView
from reteamz.wire.encoding import b64encode
from reteamz.wire.errors import ReteamzError

PERSONS_MOST: Final = 100_000
"""Most persons of an account that pages and reports know of."""


class Placements:
    """Answers which persons are in some departments, for reports."""

    def __init__(self, control: ControlStore) -> None:
        self._control = control

    async def __call__(self, account: str, departments: Collection[str]) -> Collection[int]:
        """Return dictionary ids of the persons in these departments of the account."""
        async with self._control.session() as session:
            rows = await session.scalars(
                select(Placement.person).where(Placement.account == account, Placement.department.in_(departments))
            )
            return list(rows)


async def people_of(session: AsyncSession, viewer: Viewer, persons: Sequence[Entry]) -> list[PersonView]:
    """Return the persons that the viewer may see. Raises ``forbidden``."""
    _require_manager(viewer)
    rows = await session.scalars(select(Placement).where(Placement.account == viewer.account))
    places = {row.person: row.department for row in rows}
    views = [PersonView(entry.id, entry.text, places.get(entry.id)) for entry in persons]
    if viewer.role == "owner":
        return views
    return [view for view in views if view.department in viewer.departments]


async def place(session: AsyncSession, viewer: Viewer, person: int, department: str | None, now: int) -> None:
    """Put a person into a department. Raises ``forbidden``, ``not_found``."""
    viewer.require_owner()
    row = await session.get(Placement, (viewer.account, person))
    if department is None:
        if row is not None:
            await session.delete(row)
    else:
        await _own(session, viewer, department)
        if row is None:
            session.add(Placement(account=viewer.account, person=person, department=department))
        else:
            row.department = department
    record(session, now, viewer.account, viewer.member, "person_placed", str(person))


async def departments_of(session: AsyncSession, viewer: Viewer) -> list[DepartmentView]:
    """Return the departments that the viewer may see, with the number of their people. Raises ``forbidden``."""
    _require_manager(viewer)
    rows = await session.execute(
        select(Department, func.count(Placement.person))
        .outerjoin(Placement, Placement.department == Department.id)
        .where(Department.account == viewer.account)
        .group_by(Department.id)
        .order_by(Department.id)
    )
    views = [DepartmentView(row.id, row.name, count) for row, count in rows]
    return views if viewer.role == "owner" else [view for view in views if view.id in viewer.departments]


async def add_department(session: AsyncSession, viewer: Viewer, name: str, now: int) -> DepartmentView:
    """Add a department. Raises ``forbidden``, ``plain_refused``, ``token_malformed``."""
    viewer.require_owner()
    check_label(name, (await session.get_one(Account, viewer.account)).mode)
    row = Department(id=b64encode(os.urandom(16)), account=viewer.account, name=name)
    session.add(row)
    record(session, now, viewer.account, viewer.member, "department_added", row.id)
    return DepartmentView(row.id, name, 0)


async def rename_department(session: AsyncSession, viewer: Viewer, department: str, name: str, now: int) -> None:
    """Give a department another name."""
    viewer.require_owner()
    check_label(name, (await session.get_one(Account, viewer.account)).mode)
    (await _own(session, viewer, department)).name = name
    record(session, now, viewer.account, viewer.member, "department_renamed", department)


async def remove_department(session: AsyncSession, viewer: Viewer, department: str, now: int) -> None:
    """Remove a department; its people are in none then."""
    viewer.require_owner()
    row = await _own(session, viewer, department)
    await session.execute(delete(Placement).where(Placement.department == department))
    await session.execute(delete(Rating).where(Rating.account == viewer.account, Rating.department == department))
    for table in (Schedule, Holiday, AlertRule, Mailing):
        await session.execute(delete(table).where(table.account == viewer.account, table.department == department))
    await session.delete(row)
    record(session, now, viewer.account, viewer.member, "department_removed", department)


async def require_departments(control: ControlStore, viewer: Viewer, departments: Collection[str], now: int) -> None:
    """Require departments that the viewer may look at. Whoever asks for another's is told nothing of it, and is written down.

    Raises:
        ReteamzError: ``not_found``.
    """
    if not departments:
        return
    async with control.session() as session:
        found = await session.scalars(
            select(Department.id).where(Department.account == viewer.account, Department.id.in_(departments))
        )
        allowed = set(found) if viewer.role == "owner" else set(found) & viewer.departments
        refused = sorted(set(departments) - allowed)
        for department in refused:
            record(session, now, viewer.account, viewer.member, "department_refused", department[:64])
    if refused:
        raise ReteamzError("not_found", "There is no such department; load the page again.")


def _require_manager(viewer: Viewer) -> None:
    if viewer.role not in ("owner", "manager"):
        raise ReteamzError("forbidden", "Names are for owners and managers; ask the owner of the account.")


async def _own(session: AsyncSession, viewer: Viewer, department: str) -> Department:
    row = await session.get(Department, department)
    if row is None or row.account != viewer.account:
        raise ReteamzError("not_found", "There is no such department; load the page again.")
    return row
