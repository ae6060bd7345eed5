"""Reads looks: for the person who was looked at, and for the owner."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Member
from reteamz.server.looks.tables import Look, LookPerson
from reteamz.wire.errors import ReteamzError
from reteamz.wire.members import Looks, LookView

LOOKS_MOST: Final = 500
"""Most looks in one answer."""


async def looks_for(session: AsyncSession, viewer: Viewer, since: date) -> Looks:
    """Return looks since a day, the latest first: an employee's at themselves, an owner's whole account.

    Raises:
        ReteamzError: ``forbidden`` for others.
    """
    if viewer.role == "manager" or (viewer.role == "employee" and viewer.person is None):
        raise ReteamzError("forbidden", "Looks are for those who were looked at, and for the owner; ask them.")
    theirs = select(LookPerson.look).where(LookPerson.account == viewer.account, LookPerson.person == viewer.person)
    seen = true() if viewer.role == "owner" else or_(Look.scope == "all", Look.id.in_(theirs))
    rows = await session.execute(
        select(Look, Member)
        .join(Member, Member.id == Look.member)
        .where(Look.account == viewer.account, Look.day >= since, seen)
        .order_by(Look.last.desc(), Look.id)
        .limit(LOOKS_MOST + 1)
    )
    found = list(rows)
    single = [look.id for look, _ in found if look.scope == "person"]
    named = await session.execute(select(LookPerson.look, LookPerson.person).where(LookPerson.look.in_(single)))
    persons = {row.look: row.person for row in named}
    views = [_view(viewer, look, member, persons.get(look.id)) for look, member in found[:LOOKS_MOST]]
    return Looks(views, cut=len(found) > LOOKS_MOST)


def _view(viewer: Viewer, look: Look, member: Member, person: int | None) -> LookView:
    return LookView(
        member=look.member,
        role=member.role,
        label=member.label,
        page=look.page,
        day=look.day.isoformat(),
        scope=look.scope,  # type: ignore[arg-type]  # one of the three is written
        department=look.subject if look.scope == "department" and viewer.role == "owner" else "",
        person=person,
        first=look.first,
        last=look.last,
        count=look.count,
    )
