"""Lets members be what the newest roster says."""

from __future__ import annotations

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.sessions import close_all
from reteamz.server.accounts.tables import Member
from reteamz.server.alerts.rules import end_hooks
from reteamz.server.audit.record import record
from reteamz.server.mailings.tables import Mailing
from reteamz.server.roster.tables import StoredGrant
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp, PublicRsa, thumbprint
from reteamz.wire.roster import MemberEntry, Roster


async def follow_members(session: AsyncSession, viewer: Viewer, roster: Roster, now: int) -> None:
    """Give every member of the roster their state, role, rights and departments; a removed one is logged out everywhere.

    Raises:
        ReteamzError: ``roster_refused`` for a member who did not join here with these keys.
    """
    rows = {row.id: row for row in await session.scalars(select(Member).where(Member.account == roster.account))}
    for entry in roster.members:
        row = rows.get(entry.id)
        if row is None or prints_of(row) != (entry.identity, entry.settings, entry.exchange):
            raise ReteamzError("roster_refused", "The roster names a member who is not here; load the page again.")
        if row.state != entry.state:
            record(session, now, viewer.account, viewer.member, f"member_{entry.state}", entry.id)
            if entry.state == "removed":
                await _forget(session, row)
        _follow(row, entry)
    await end_hooks(session, roster, now)


def prints_of(row: Member) -> tuple[str, str, str]:
    """Return the thumbprints of a member's identity, settings and exchange key."""
    identity, settings = msgspec.convert(row.identity, PublicOkp), msgspec.convert(row.settings, PublicOkp)
    return thumbprint(identity), thumbprint(settings), thumbprint(msgspec.convert(row.exchange, PublicRsa))


def _follow(row: Member, entry: MemberEntry) -> None:
    row.state, row.role = entry.state, entry.role
    row.rights, row.departments = list(entry.rights), list(entry.departments)


async def _forget(session: AsyncSession, row: Member) -> None:
    """Keep of a removed member what the roster and the audit log point to, and nothing that opens anything."""
    await close_all(session, row.id)
    await session.execute(delete(Mailing).where(Mailing.member == row.id))
    await session.execute(
        delete(StoredGrant).where(StoredGrant.account == row.account, StoredGrant.recipient == prints_of(row)[2])
    )
    # Addresses are unique and have an @: nobody logs in with this one, and the person may be invited again.
    row.email, row.auth, row.kdf, row.bundle = row.id, b"", {}, ""
    row.totp, row.totp_step, row.person = "", 0, None
