"""Lists of devices and of everyone's public keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Member
from reteamz.server.audit.record import record
from reteamz.server.devices.enrol import ticket_view
from reteamz.server.devices.tables import Device, Ticket
from reteamz.server.roster.tables import StoredGrant
from reteamz.server.store.activity import DeviceSummary
from reteamz.wire.accounts import DeviceKeysView, DeviceView, KeysView, MemberKeysView
from reteamz.wire.batch import Head, RosterHead
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp, PublicRsa


async def keys_of(session: AsyncSession, account: str) -> KeysView:
    """Return the public keys of members and devices, tickets beside the devices that redeemed them."""
    members = await session.scalars(select(Member).where(Member.account == account).order_by(Member.id))
    devices = await session.scalars(select(Device).where(Device.account == account).order_by(Device.redeemed))
    tickets = {row.id: row for row in await session.scalars(select(Ticket).where(Ticket.account == account))}
    grants = await session.scalars(select(StoredGrant).where(StoredGrant.account == account))
    seqs = {row.recipient: row.seq for row in grants}
    return KeysView(
        members=[
            MemberKeysView(
                id=row.id,
                identity=msgspec.convert(row.identity, PublicOkp),
                settings=msgspec.convert(row.settings, PublicOkp),
                exchange=msgspec.convert(row.exchange, PublicRsa),
            )
            for row in members
        ],
        devices=[
            DeviceKeysView(
                id=row.id,
                state=row.state,  # type: ignore[arg-type]  # one of the three is written
                signing=msgspec.convert(row.signing, PublicOkp),
                exchange=msgspec.convert(row.exchange, PublicRsa),
                ticket=ticket_view(tickets[row.ticket]) if row.ticket in tickets else None,
                redemption=row.redemption,
                mac=row.mac,
                redeemed=row.redeemed,
                platform=row.platform,
                seq=seqs.get(row.exchange_print, 0),
            )
            for row in devices
        ],
    )


async def devices_of(
    session: AsyncSession, account: str, summaries: Mapping[str, DeviceSummary], head_of: Callable[[str], Head]
) -> list[DeviceView]:
    """Return the devices of an account, the newest first."""
    rows = await session.scalars(select(Device).where(Device.account == account).order_by(Device.redeemed.desc()))
    views = []
    for row in rows:
        summary = summaries.get(row.id)
        head = head_of(row.id)
        views.append(
            DeviceView(
                id=row.id,
                state=row.state,  # type: ignore[arg-type]  # one of the three is written
                computer=row.computer,
                platform=row.platform,
                version=row.version,
                enrolled=row.redeemed,
                seen=row.seen,
                events=summary.events if summary else 0,
                head=RosterHead(head.seq, head.sha256),
            )
        )
    return views


async def refuse(session: AsyncSession, viewer: Viewer, device: str, now: int) -> None:
    """Turn a waiting device away for good. Raises ``forbidden``, ``not_found``."""
    viewer.require_owner()
    refused = await session.scalar(
        update(Device)
        .where(Device.id == device, Device.account == viewer.account, Device.state == "waiting")
        .values(state="removed")
        .returning(Device.id)
    )
    if refused is None:
        raise ReteamzError("not_found", "There is no such waiting device; load the page again.")
    record(session, now, viewer.account, viewer.member, "device_refused", device)
