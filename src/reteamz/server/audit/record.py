"""Writes and reads the audit log."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.audit.tables import Audit
from reteamz.wire.accounts import AuditPage, AuditView

PAGE: Final = 100


def record(session: AsyncSession, at: int, account: str, member: str, action: str, subject: str = "") -> None:
    """Add an entry to the running transaction; ``at`` in milliseconds."""
    session.add(Audit(account=account, at=at, member=member, action=action, subject=subject))


async def page_of(session: AsyncSession, account: str, page: int) -> AuditPage:
    """Return a page, newest first."""
    count = await session.scalar(select(func.count()).select_from(Audit).where(Audit.account == account)) or 0
    rows = await session.scalars(
        select(Audit).where(Audit.account == account).order_by(Audit.id.desc()).limit(PAGE).offset((page - 1) * PAGE)
    )
    entries = [AuditView(row.id, row.at, row.member, row.action, row.subject) for row in rows]
    return AuditPage(entries, page, max(1, -(-count // PAGE)), count)
