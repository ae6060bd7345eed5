"""Invitations: what the owner signed for the one who redeems a ticket (spec 14.1)."""

from __future__ import annotations

import asyncio

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.signup import check_label
from reteamz.server.accounts.tables import Account, Member
from reteamz.server.devices.enrol import keep_ticket
from reteamz.server.devices.tables import Ticket
from reteamz.server.people.tables import Department
from reteamz.server.roster.post import owner_key
from reteamz.server.store.activity import ActivityStore
from reteamz.wire.encoding import b64decode, strict_decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import ed25519_key
from reteamz.wire.members import Invitation, InvitationPost, InvitationView
from reteamz.wire.signing import verify_jws


async def invite(
    session: AsyncSession, activity: ActivityStore, viewer: Viewer, post: InvitationPost, now: int
) -> None:
    """Store an invitation; ``now`` in milliseconds.

    Raises:
        ReteamzError: ``forbidden``, ``input_invalid``, ``not_found`` for a person or department that is not there, ``plain_refused``,
            ``token_malformed``, and those of a bad signature.
    """
    viewer.require_owner()
    payload = verify_jws(ed25519_key(await owner_key(session, viewer.account)), "reteamz-invitation+1", post.invitation)
    try:
        invitation = strict_decode(payload, Invitation)
    except ReteamzError:
        raise ReteamzError("input_invalid", "The invitation is not of the agreed form; load the page again.") from None
    if (invitation.account, invitation.ticket) != (viewer.account, post.ticket):
        raise ReteamzError("input_invalid", "The invitation is for another code; load the page again.")
    if invitation.role == "employee":
        person = await _require_person(session, activity, viewer.account, invitation.person)
        await _require_uninvited(session, activity, viewer, person, now)
    await _require_departments(session, viewer.account, invitation.departments)
    if post.label is not None:
        check_label(post.label, (await session.get_one(Account, viewer.account)).mode)
    ticket = Ticket(
        id=post.ticket,
        account=viewer.account,
        type="member",
        expires=post.expires,
        uses=1,
        redemptions=0,
        invitation=post.invitation,
        label=post.label or "",
    )
    await keep_ticket(session, viewer, ticket, "member_invited", now)


async def invitations_of(session: AsyncSession, viewer: Viewer, now: int) -> list[InvitationView]:
    """Return the invitations that may still be redeemed, the last to expire first. Raises ``forbidden``."""
    viewer.require_owner()
    rows = await session.scalars(
        select(Ticket)
        .where(
            Ticket.account == viewer.account,
            Ticket.type == "member",
            Ticket.expires > now,
            Ticket.redemptions < Ticket.uses,
        )
        .order_by(Ticket.expires.desc(), Ticket.id)
    )
    return [_view(row) for row in rows]


def invitation_in(jws: str) -> Invitation:
    """Return what a stored invitation says; its signature was checked when it came."""
    return strict_decode(b64decode(jws.split(".")[1]), Invitation)


def _view(row: Ticket) -> InvitationView:
    invitation = invitation_in(row.invitation)
    return InvitationView(
        ticket=row.id,
        role=invitation.role,
        rights=invitation.rights,
        departments=invitation.departments,
        person=invitation.person,
        label=row.label,
        expires=row.expires,
    )


async def require_free(session: AsyncSession, account: str, person: int) -> None:
    """Require that nobody sees a person's records as their own. Raises ``input_invalid``."""
    taken = await session.scalar(
        select(Member.id).where(Member.account == account, Member.person == person, Member.state != "removed")
    )
    if taken is not None:
        raise ReteamzError("input_invalid", "This person is a member already; remove them before you invite again.")


async def _require_person(session: AsyncSession, activity: ActivityStore, account: str, person: int | None) -> int:
    """Return the id that stands for a person who may be invited."""
    if person is None or not await asyncio.to_thread(activity.entries, account, "person", 0, 1, [person]):
        raise ReteamzError("not_found", "There is no such person; load the page again.")
    stands = activity.first(account, person)
    await require_free(session, account, stands)
    return stands


async def _require_uninvited(
    session: AsyncSession, activity: ActivityStore, viewer: Viewer, person: int, now: int
) -> None:
    for view in await invitations_of(session, viewer, now):
        if view.person is not None and activity.first(viewer.account, view.person) == person:
            raise ReteamzError(
                "input_invalid", "This person has an invitation already; withdraw it, then invite again."
            )


async def _require_departments(session: AsyncSession, account: str, departments: list[str]) -> None:
    found = await session.scalars(
        select(Department.id).where(Department.account == account, Department.id.in_(departments))
    )
    if set(departments) - set(found):
        raise ReteamzError("not_found", "There is no such department; load the page again.")
