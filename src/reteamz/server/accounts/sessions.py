"""Sessions: a random cookie whose hash the server keeps."""

from __future__ import annotations

import os
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Member, Session
from reteamz.wire.accounts import SessionView
from reteamz.wire.encoding import b64encode, sha256

COOKIE: Final = "reteamz_session"
LIFETIME_MS: Final = 30 * 24 * 3600 * 1000
IDLE_MS: Final = 7 * 24 * 3600 * 1000
SEEN_MS: Final = 5 * 60 * 1000
"""How exact ``seen`` is: not every request writes."""


def open_session(session: AsyncSession, member: str, client: str, now: int) -> str:
    """Add a session and return the cookie's value."""
    cookie = b64encode(os.urandom(32))
    session.add(
        Session(
            id=sha256(cookie.encode()),
            member=member,
            created=now,
            seen=now,
            expires=now + LIFETIME_MS,
            client=client[:64],
        )
    )
    return cookie


async def member_of(session: AsyncSession, cookie: str, now: int) -> tuple[Session, Member] | None:
    """Return whose session a cookie is, also while they wait to be confirmed; None for nobody."""
    hashed = sha256(cookie.encode())
    row = (
        await session.execute(
            select(Session, Member).join(Member, Member.id == Session.member).where(Session.id == hashed)
        )
    ).one_or_none()
    if row is None:
        return None
    found, member = row
    if now > min(found.expires, found.seen + IDLE_MS) or member.state == "removed":
        return None
    if now - found.seen > SEEN_MS:
        found.seen = now
    return found, member


async def viewer_of(session: AsyncSession, cookie: str, now: int) -> Viewer | None:
    """Return who is behind a cookie, None for nobody and for those who wait to be confirmed."""
    row = await member_of(session, cookie, now)
    if row is None or row[1].state != "active":
        return None
    found, member = row
    return Viewer(
        account=member.account,
        member=member.id,
        role=member.role,
        departments=frozenset(member.departments),
        rights=frozenset(member.rights),
        session=found.id,
        person=member.person if member.role == "employee" else None,
    )


async def sessions_of(session: AsyncSession, viewer: Viewer, now: int) -> list[SessionView]:
    """Return where the member is logged in, newest first."""
    rows = await session.scalars(
        select(Session).where(Session.member == viewer.member, Session.expires > now).order_by(Session.created.desc())
    )
    return [SessionView(row.id, row.created, row.seen, row.client, row.id == viewer.session) for row in rows]


async def close_session(session: AsyncSession, member: str, id: str) -> bool:
    """End a session of this member; tell whether there was one."""
    found = await session.execute(
        delete(Session).where(Session.member == member, Session.id == id).returning(Session.id)
    )
    return found.first() is not None


async def close_cookie(session: AsyncSession, cookie: str) -> None:
    """End the session of a cookie, if it has one."""
    await session.execute(delete(Session).where(Session.id == sha256(cookie.encode())))


async def close_others(session: AsyncSession, viewer: Viewer) -> None:
    """End every other session of the viewer."""
    await session.execute(delete(Session).where(Session.member == viewer.member, Session.id != viewer.session))


async def close_all(session: AsyncSession, member: str) -> None:
    """End every session of a member."""
    await session.execute(delete(Session).where(Session.member == member))


async def expire(session: AsyncSession, now: int) -> None:
    """Forget sessions that are over."""
    await session.execute(delete(Session).where((Session.expires < now) | (Session.seen < now - IDLE_MS)))
