"""Tickets and their redemption (spec 7, 11.1)."""

from __future__ import annotations

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.audit.record import record
from reteamz.server.devices.tables import Device, Ticket
from reteamz.wire.accounts import TicketPost, TicketView
from reteamz.wire.encoding import strict_decode
from reteamz.wire.enrolment import DeviceState, Enroll, TicketType
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import ed25519_key, rsa_key, thumbprint
from reteamz.wire.signing import ENROLL, verify_request


async def add_ticket(session: AsyncSession, viewer: Viewer, post: TicketPost, now: int) -> None:
    """Store a ticket of the owner; ``now`` in milliseconds. Raises ``forbidden``, ``input_invalid``."""
    viewer.require_owner()
    made = Ticket(
        id=post.ticket, account=viewer.account, type="device", expires=post.expires, uses=post.uses, redemptions=0
    )
    await keep_ticket(session, viewer, made, "code_made", now)


async def keep_ticket(session: AsyncSession, viewer: Viewer, ticket: Ticket, action: str, now: int) -> None:
    """Store a new ticket; ``action`` goes to the audit log. Raises ``input_invalid``."""
    if ticket.expires <= now or await session.get(Ticket, ticket.id) is not None:
        raise ReteamzError("input_invalid", "The code has expired or exists already; make a new one.")
    session.add(ticket)
    record(session, now, viewer.account, viewer.member, action, ticket.id)
    try:
        await session.flush()
    except IntegrityError:
        raise ReteamzError("input_invalid", "The code exists already; make a new one.") from None


async def tickets_of(session: AsyncSession, account: str) -> list[TicketView]:
    """Return the tickets for devices of an account, the last to expire first."""
    rows = await session.scalars(
        select(Ticket).where(Ticket.account == account, Ticket.type == "device").order_by(Ticket.expires.desc())
    )
    return [ticket_view(row) for row in rows]


async def remove_ticket(session: AsyncSession, viewer: Viewer, ticket: str, now: int) -> None:
    """Withdraw a ticket: nobody redeems it any more. Raises ``forbidden``, ``not_found``."""
    viewer.require_owner()
    gone = await session.execute(
        delete(Ticket).where(Ticket.id == ticket, Ticket.account == viewer.account).returning(Ticket.id)
    )
    if gone.first() is None:
        raise ReteamzError("not_found", "There is no such code; load the page again.")
    record(session, now, viewer.account, viewer.member, "code_withdrawn", ticket)


async def redeem(session: AsyncSession, body: bytes, signature: str, now: int) -> tuple[str, DeviceState]:
    """Take a device in that redeems a ticket, and return its account and state. The same redemption again changes nothing.

    Raises:
        ReteamzError: ``json_invalid``, ``signature_invalid``, ``key_refused``, ``ticket_unknown``, ``ticket_spent``, ``code_expired``,
            ``device_exists``.
    """
    enroll = strict_decode(body, Enroll)
    verify_request(ed25519_key(enroll.signing), ENROLL, body, signature)
    rsa_key(enroll.exchange)
    prints = (thumbprint(enroll.signing), thumbprint(enroll.exchange))
    known = await session.get(Device, enroll.device)
    if known is not None:
        if (known.account, known.ticket, known.signing_print, known.exchange_print, known.mac) != (
            enroll.account,
            enroll.ticket,
            *prints,
            enroll.mac,
        ):
            raise ReteamzError("device_exists", "Another device has this identifier; enrol again.")
        return known.account, known.state  # type: ignore[return-value]  # one of the three is written
    ticket = await find_ticket(session, enroll.account, enroll.ticket, "device", now)
    redemption = await take_ticket(session, ticket)
    session.add(
        Device(
            id=enroll.device,
            account=enroll.account,
            state="waiting",
            signing=msgspec.to_builtins(enroll.signing),
            exchange=msgspec.to_builtins(enroll.exchange),
            signing_print=prints[0],
            exchange_print=prints[1],
            platform=enroll.platform,
            ticket=ticket.id,
            redemption=redemption,
            mac=enroll.mac,
            redeemed=now,
            seen=now,
            version="",
            computer="",
        )
    )
    record(session, now, enroll.account, "", "device_enrolled", enroll.device)
    try:
        await session.flush()
    except IntegrityError:
        raise ReteamzError("busy", "Two requests met; try again.") from None
    return enroll.account, "waiting"


async def find_ticket(session: AsyncSession, account: str, ticket: str, type: TicketType, now: int) -> Ticket:
    """Return a ticket that may be redeemed. Raises ``ticket_unknown``, ``code_expired``."""
    found = await session.get(Ticket, ticket)
    if found is None or found.account != account or found.type != type:
        raise ReteamzError("ticket_unknown", "The server does not know this code; ask the owner for a new one.")
    if now > found.expires:
        raise ReteamzError("code_expired", "The enrolment code has expired; ask the owner for a new one.")
    return found


async def take_ticket(session: AsyncSession, ticket: Ticket) -> int:
    """Count a redemption, and return how many there are with it. Raises ``ticket_spent``."""
    # Counted by the statement: two redemptions at the same time must not take the same last use.
    redemption: int | None = await session.scalar(
        update(Ticket)
        .where(Ticket.id == ticket.id, Ticket.redemptions < Ticket.uses)
        .values(redemptions=Ticket.redemptions + 1)
        .returning(Ticket.redemptions)
    )
    if redemption is None:
        raise ReteamzError("ticket_spent", "The enrolment code was used up; ask the owner for a new one.")
    return redemption


def ticket_view(row: Ticket) -> TicketView:
    """Return a ticket as it is told."""
    return TicketView(
        id=row.id,
        type=row.type,  # type: ignore[arg-type]  # written from a decoded request only
        expires=row.expires,
        uses=row.uses,
        redemptions=row.redemptions,
    )
