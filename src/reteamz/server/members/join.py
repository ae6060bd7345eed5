"""Joining: the invited one's keys come here, and wait for the owner (spec 14.2, 14.3)."""

from __future__ import annotations

import hashlib
import hmac

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.sessions import close_all
from reteamz.server.accounts.tables import Account, Member
from reteamz.server.audit.record import record
from reteamz.server.devices.enrol import find_ticket, take_ticket
from reteamz.server.members.follow import prints_of
from reteamz.server.members.invite import invitation_in, require_free
from reteamz.server.roster.post import owner_key
from reteamz.server.roster.tables import StoredGrant
from reteamz.server.store.activity import ActivityStore
from reteamz.wire.encoding import b64decode, strict_decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import ed25519_key, rsa_key
from reteamz.wire.members import Join, JoinOffer, JoinRequest, JoinStart, Membership
from reteamz.wire.signing import verify_jws


async def offer(session: AsyncSession, start: JoinStart, now: int) -> JoinOffer:
    """Tell whose account a ticket belongs to. Raises ``ticket_unknown``, ``code_expired``, ``ticket_spent``."""
    ticket = await find_ticket(session, start.account, start.ticket, "member", now)
    if ticket.redemptions >= ticket.uses:
        raise ReteamzError("ticket_spent", "The invitation was used already; log in, or ask the owner for a new one.")
    account = await session.get_one(Account, ticket.account)
    return JoinOffer(await owner_key(session, account.id), account.mode)  # type: ignore[arg-type]  # of a decoded roster


async def join(session: AsyncSession, activity: ActivityStore, post: JoinRequest, now: int) -> Member:
    """Take a new member in who waits for the owner; ``now`` in milliseconds. The same joining again changes nothing.

    Raises:
        ReteamzError: ``input_invalid``, ``signature_invalid``, ``key_refused``, ``ticket_unknown``, ``code_expired``, ``ticket_spent``,
            ``email_taken``.
    """
    told = _read(post.join)
    auth = hashlib.sha256(b64decode(post.auth)).digest()
    known = await session.get(Member, told.member)
    if known is not None:
        if known.joining != post.join or not hmac.compare_digest(known.auth, auth):
            raise ReteamzError("input_invalid", "Somebody joined with this identifier already; load the page again.")
        return known
    ticket = await find_ticket(session, told.account, told.ticket, "member", now)
    redemption = await take_ticket(session, ticket)
    email = post.email.lower()
    if await session.scalar(select(Member.id).where(Member.email == email)):
        raise ReteamzError("email_taken", "There is an account for this address; log in, or use another address.")
    invitation = invitation_in(ticket.invitation)
    person = invitation.person
    if person is not None:
        # Since the invitation was signed, two entries may have turned out to be one person.
        person = activity.first(told.account, person)
        await require_free(session, told.account, person)
    member = Member(
        id=told.member,
        account=told.account,
        email=email,
        auth=auth,
        kdf=msgspec.to_builtins(post.kdf),
        bundle=post.bundle,
        identity=msgspec.to_builtins(told.identity),
        settings=msgspec.to_builtins(told.settings),
        exchange=msgspec.to_builtins(told.exchange),
        role=invitation.role,
        state="waiting",
        rights=[],
        departments=[],
        totp="",
        totp_step=0,
        person=person,
        label=ticket.label,
        ticket=ticket.id,
        redemption=redemption,
        invitation=ticket.invitation,
        joining=post.join,
        joined=now,
    )
    session.add(member)
    record(session, now, told.account, told.member, "member_joined", told.member)
    try:
        await session.flush()
    except IntegrityError:
        raise ReteamzError("busy", "Two requests met; try again.") from None
    return member


async def membership(session: AsyncSession, member: Member) -> Membership:
    """Return what concerns a member: the state, and the newest grant once the owner confirmed."""
    granted = None
    if member.state == "active":
        granted = await session.get(StoredGrant, (member.account, prints_of(member)[2]))
    return Membership(
        account=member.account,
        member=member.id,
        state=member.state,
        owner=await owner_key(session, member.account),
        grant=None if granted is None else granted.jws,
    )


async def refuse(session: AsyncSession, viewer: Viewer, member: str, now: int) -> None:
    """Turn somebody away who waits; nothing of them is kept. Raises ``forbidden``, ``not_found``."""
    viewer.require_owner()
    row = await session.get(Member, member)
    if row is None or row.account != viewer.account or row.state != "waiting":
        raise ReteamzError("not_found", "Nobody of this kind waits; load the page again.")
    await close_all(session, member)
    await session.execute(delete(Member).where(Member.id == member))
    record(session, now, viewer.account, viewer.member, "member_refused", member)


def _read(jws: str) -> Join:
    """Return a joining that its own identity key signed; whose keys these are, only the owner can tell (spec 14.4)."""
    parts = jws.split(".")
    try:
        told = strict_decode(b64decode(parts[1]), Join)
    except (IndexError, ReteamzError):
        raise ReteamzError("input_invalid", "The joining is not of the agreed form; load the page again.") from None
    verify_jws(ed25519_key(told.identity), "reteamz-join+1", jws)
    ed25519_key(told.settings)
    rsa_key(told.exchange)
    return told
