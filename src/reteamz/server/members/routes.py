"""``/api/invitations``, ``/api/join``, ``/api/membership`` and ``/api/members``."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.limiter import Limiter
from reteamz.server.accounts.routes import client_of, session_cookie
from reteamz.server.accounts.sessions import COOKIE, LIFETIME_MS, close_cookie, member_of, open_session
from reteamz.server.config import Config
from reteamz.server.members import invite, join, lists
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire.accounts import LoggedIn
from reteamz.wire.errors import ReteamzError
from reteamz.wire.members import (
    InvitationPost,
    InvitationView,
    JoinOffer,
    JoinRequest,
    JoinStart,
    Membership,
    MemberView,
)


@post("/api/invitations", status_code=201)
async def add_invitation(
    data: JSONBody[InvitationPost],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    now: NamedDependency[Now],
) -> None:
    """Make a ticket for a new member, with what the owner signed for them (spec 14.1)."""
    async with control.session() as session:
        await invite.invite(session, activity, viewer, data, now())


@get("/api/invitations")
async def invitations(
    viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore], now: NamedDependency[Now]
) -> list[InvitationView]:
    """Return the invitations that nobody used yet; for the owner. ``DELETE /api/tickets/{ticket}`` withdraws one."""
    async with control.session() as session:
        return await invite.invitations_of(session, viewer, now())


@post("/api/join/start", status_code=200, opt={"public": True})
async def join_start(
    request: Request[Any, Any, Any],
    data: JSONBody[JoinStart],
    control: NamedDependency[ControlStore],
    redemptions: NamedDependency[Limiter],
    now: NamedDependency[Now],
) -> JoinOffer:
    """Tell the owner's key to somebody who was invited (spec 14.2)."""
    redemptions.take(request.client.host if request.client else "", now())
    async with control.session() as session:
        return await join.offer(session, data, now())


@post("/api/join", status_code=201, opt={"public": True})
async def join_account(
    request: Request[Any, Any, Any],
    data: JSONBody[JoinRequest],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    config: NamedDependency[Config],
    redemptions: NamedDependency[Limiter],
    now: NamedDependency[Now],
) -> Response[LoggedIn]:
    """Redeem an invitation (spec 14.3). The session sees nothing but its own membership until the owner confirmed."""
    redemptions.take(request.client.host if request.client else "", now())
    async with control.session() as session:
        member = await join.join(session, activity, data, now())
        await close_cookie(session, request.cookies.get(COOKIE, ""))
        cookie = open_session(session, member.id, client_of(request), now())
    body = LoggedIn(member.account, member.id)
    return Response(body, status_code=201, cookies=[session_cookie(config, cookie, LIFETIME_MS // 1000)])


@get("/api/membership")
async def membership(
    request: Request[Any, Any, Any], control: NamedDependency[ControlStore], now: NamedDependency[Now]
) -> Membership:
    """Return the state of the one who asks, the owner's key, and their newest grant (spec 14.5)."""
    async with control.session() as session:
        found = await member_of(session, request.cookies.get(COOKIE, ""), now())
        if found is None:
            raise ReteamzError("session_required", "You are not logged in; log in, then repeat.")
        return await join.membership(session, found[1])


@get("/api/members")
async def members(viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore]) -> list[MemberView]:
    """Return every member and what those who wait are checked by; for the owner."""
    async with control.session() as session:
        return await lists.members_of(session, viewer)


@post("/api/members/{member:str}/refuse", status_code=204)
async def refuse(
    member: FromPath[str],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    now: NamedDependency[Now],
) -> None:
    """Turn somebody away who waits to be confirmed."""
    async with control.session() as session:
        await join.refuse(session, viewer, member, now())


handlers = [add_invitation, invitations, join_start, join_account, membership, members, refuse]
