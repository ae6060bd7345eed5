"""Mailings: who may see and change them, and what came of them."""

from __future__ import annotations

import os
from collections.abc import Sequence

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Account, Member
from reteamz.server.audit.record import record
from reteamz.server.mail.tables import OutgoingMail
from reteamz.server.mailings.periods import Plan, due_after, moment, newest
from reteamz.server.mailings.tables import Mailing
from reteamz.server.people.tables import Department
from reteamz.server.store.control import ControlStore
from reteamz.wire import mailings as wire
from reteamz.wire.encoding import b64encode
from reteamz.wire.errors import ReteamzError


async def mailing_views(session: AsyncSession, viewer: Viewer) -> list[wire.MailingView]:
    """Return the viewer's mailings, an owner's own and all others, the oldest first. Raises ``forbidden``."""
    viewer.require_manager()
    theirs = [Mailing.account == viewer.account]
    if viewer.role != "owner":
        theirs.append(Mailing.member == viewer.member)
    rows = await session.execute(
        select(Mailing, Member, OutgoingMail)
        .join(Member, Member.id == Mailing.member)
        .outerjoin(OutgoingMail, and_(OutgoingMail.id == Mailing.mail, Mailing.mail > 0))
        .where(*theirs)
        .order_by(Mailing.created, Mailing.id)
    )
    return [_view(viewer, row, member, mail) for row, member, mail in rows]


async def add_mailing(session: AsyncSession, viewer: Viewer, put: wire.MailingPut, now: int) -> str:
    """Add a mailing to the viewer, and return its identifier; what is over already is not sent. ``now`` in milliseconds.

    Whether the department is theirs was checked before.

    Raises:
        ReteamzError: ``forbidden``, ``input_invalid``.
    """
    viewer.require_manager()
    theirs = select(func.count()).select_from(Mailing).where(Mailing.member == viewer.member)
    if (await session.scalar(theirs) or 0) >= wire.MAILINGS_MOST:
        raise ReteamzError(
            "input_invalid", f"At most {wire.MAILINGS_MOST} reports are mailed to you; delete one first."
        )
    row = Mailing(
        id=b64encode(os.urandom(16)), account=viewer.account, member=viewer.member, created=now, version=0,
        first=None, last=None, sent=0, mail=0, reason="",
    )  # fmt: skip
    await _set(session, row, put, now)
    session.add(row)
    record(session, now, viewer.account, viewer.member, "mailing_added", row.id)
    return row.id


async def change_mailing(session: AsyncSession, viewer: Viewer, mailing: str, put: wire.MailingPut, now: int) -> None:
    """Put another mailing in the place of one; it is due from now on.

    Raises:
        ReteamzError: ``not_found``; ``input_invalid`` for a department that its receiver does not see.
    """
    row = await _theirs(session, viewer, mailing)
    receiver = await session.get_one(Member, row.member)
    if put.department and receiver.role != "owner" and put.department not in receiver.departments:
        raise ReteamzError("input_invalid", "Who gets this report does not see that department; choose another.")
    await _set(session, row, put, now)
    record(session, now, viewer.account, viewer.member, "mailing_changed", row.id)


async def remove_mailing(session: AsyncSession, viewer: Viewer, mailing: str, now: int) -> None:
    """Remove a mailing. Raises ``not_found``."""
    await session.delete(await _theirs(session, viewer, mailing))
    record(session, now, viewer.account, viewer.member, "mailing_removed", mailing)


async def require_mailing(control: ControlStore, viewer: Viewer, mailing: str, now: int) -> Mailing:
    """Return a mailing that the viewer may change. Whoever asks for another's is told nothing of it, and is written down.

    Raises:
        ReteamzError: ``forbidden``, ``not_found``.
    """
    viewer.require_manager()
    async with control.session() as session:
        row = await session.get(Mailing, mailing)
        if row is not None and _may_change(viewer, row):
            return row
        record(session, now, viewer.account, viewer.member, "mailing_refused", mailing[:64])
    raise _gone()


async def label_of(session: AsyncSession, department: str) -> str:
    """Return the entry of a department's name, "" for none."""
    row = await session.get(Department, department) if department else None
    return "" if row is None else row.name


def plan_of(row: Mailing, zone: str) -> Plan:
    """Return when a mailing is due."""
    return Plan(row.rhythm, row.weekday, row.day, row.hour, zone)


def _may_change(viewer: Viewer, row: Mailing) -> bool:
    return row.account == viewer.account and (viewer.role == "owner" or row.member == viewer.member)


async def _theirs(session: AsyncSession, viewer: Viewer, mailing: str) -> Mailing:
    row = await session.get(Mailing, mailing)
    if row is None or not _may_change(viewer, row):
        raise _gone()
    return row


def _gone() -> ReteamzError:
    return ReteamzError("not_found", "There is no such report by mail; load the page again.")


async def _set(session: AsyncSession, row: Mailing, put: wire.MailingPut, now: int) -> None:
    row.rhythm, row.weekday, row.day, row.hour = put.rhythm, put.weekday, put.day, put.hour
    row.department, row.enabled = put.department or "", put.enabled
    row.version += 1
    plan = plan_of(row, (await session.get_one(Account, row.account)).timezone)
    row.done = newest(plan, now)
    row.due = moment(plan, due_after(plan, row.done))


def _view(viewer: Viewer, row: Mailing, member: Member, mail: OutgoingMail | None) -> wire.MailingView:
    state, due, reason = _state(row, mail)
    return wire.MailingView(
        id=row.id,
        member=row.member,
        email=member.email,
        own=row.member == viewer.member,
        rhythm=row.rhythm,
        weekday=row.weekday,
        day=row.day,
        hour=row.hour,
        department=row.department or None,
        enabled=row.enabled,
        next=row.due if row.enabled else 0,
        first=row.first,
        last=row.last,
        sent=row.sent,
        state=state,
        due=due,
        reason=reason,
    )


def _state(row: Mailing, mail: OutgoingMail | None) -> tuple[wire.MailState, int, str]:
    """Return what became of the last mail; after a month the outbox forgets it, and it counts as sent."""
    if mail is not None:
        return mail.state, mail.due if mail.state == "waiting" else 0, mail.reason
    if row.reason:
        return "failed", 0, row.reason
    return ("sent" if row.mail else "none"), 0, ""


def view_of(views: Sequence[wire.MailingView], mailing: str) -> wire.MailingView:
    """Return one of some mailings. Raises ``not_found``."""
    for view in views:
        if view.id == mailing:
            return view
    raise _gone()
