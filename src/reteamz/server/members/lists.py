"""The owner's list of members."""

from __future__ import annotations

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Member
from reteamz.server.devices.enrol import ticket_view
from reteamz.server.devices.tables import Ticket
from reteamz.server.members.follow import prints_of
from reteamz.server.roster.tables import StoredGrant
from reteamz.wire.jwk import PublicRsa
from reteamz.wire.members import MemberView


async def members_of(session: AsyncSession, viewer: Viewer) -> list[MemberView]:
    """Return every member, those who wait first, then by when they came. Raises ``forbidden``."""
    viewer.require_owner()
    rows = list(await session.scalars(select(Member).where(Member.account == viewer.account)))
    tickets = {row.id: row for row in await session.scalars(select(Ticket).where(Ticket.account == viewer.account))}
    grants = await session.scalars(select(StoredGrant).where(StoredGrant.account == viewer.account))
    seqs = {row.recipient: row.seq for row in grants}
    order = ("waiting", "active", "removed")
    rows.sort(key=lambda row: (order.index(row.state), row.joined, row.id))
    return [
        MemberView(
            id=row.id,
            state=row.state,
            role=row.role,
            rights=list(row.rights),
            departments=list(row.departments),
            person=row.person,
            label=row.label,
            email="" if row.state == "removed" else row.email,
            exchange=msgspec.convert(row.exchange, PublicRsa),
            seq=seqs.get(prints_of(row)[2], 0),
            joined=row.joined,
            join=row.joining,
            invitation=row.invitation,
            ticket=ticket_view(tickets[row.ticket]) if row.ticket in tickets else None,
            redemption=row.redemption,
        )
        for row in rows
    ]
