"""``/api/agent/enroll``, ``/api/agent/poll``, ``/api/tickets``, ``/api/devices``, ``/api/keys``."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from litestar import Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.limiter import Limiter
from reteamz.server.devices import enrol, lists
from reteamz.server.devices.directory import DeviceDirectory
from reteamz.server.devices.poll import answer_poll
from reteamz.server.ingest.committer import Committer
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire.accounts import DeviceView, KeysView, TicketPost, TicketView
from reteamz.wire.enrolment import Enrolled, Polled

Signature = Annotated[str, HeaderParameter(name="Reteamz-Signature")]
AGENT = {"exclude_from_csrf": True}
"""Agents have no cookies: they sign."""


@post("/api/agent/enroll", status_code=200, opt=AGENT)
async def enroll(
    request: Request[Any, Any, Any],
    control: NamedDependency[ControlStore],
    directory: NamedDependency[DeviceDirectory],
    redemptions: NamedDependency[Limiter],
    now: NamedDependency[Now],
    signature: Signature = "",
) -> Enrolled:
    """Redeem a ticket (spec 11.1); the body is signed by the new device's key."""
    redemptions.take(request.client.host if request.client else "", now())
    async with control.session() as session:
        account, state = await enrol.redeem(session, await request.body(), signature, now())
    directory.forget(account)
    return Enrolled(state)


@post("/api/agent/poll", status_code=200, opt=AGENT)
async def poll(
    request: Request[Any, Any, Any],
    control: NamedDependency[ControlStore],
    committer: NamedDependency[Committer],
    now: NamedDependency[Now],
    signature: Signature = "",
) -> Polled:
    """Tell a device what concerns it (spec 11.2); the body is signed by the device."""
    async with control.session() as session:
        return await answer_poll(session, await request.body(), signature, committer.head, now())


@post("/api/tickets", status_code=201)
async def add_ticket(
    data: JSONBody[TicketPost],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    now: NamedDependency[Now],
) -> None:
    """Make a ticket for an enrolment code (spec 7)."""
    async with control.session() as session:
        await enrol.add_ticket(session, viewer, data, now())


@get("/api/tickets")
async def tickets(viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore]) -> list[TicketView]:
    """Return the account's tickets, the last to expire first."""
    viewer.require_owner()
    async with control.session() as session:
        return await enrol.tickets_of(session, viewer.account)


@delete("/api/tickets/{ticket:str}")
async def remove_ticket(
    ticket: FromPath[str],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    now: NamedDependency[Now],
) -> None:
    """Withdraw a ticket."""
    async with control.session() as session:
        await enrol.remove_ticket(session, viewer, ticket, now())


@get("/api/keys")
async def keys(viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore]) -> KeysView:
    """Return the public keys of everyone in the account."""
    viewer.require_owner()
    async with control.session() as session:
        return await lists.keys_of(session, viewer.account)


@get("/api/devices")
async def devices(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    committer: NamedDependency[Committer],
) -> list[DeviceView]:
    """Return the devices, the newest first; for the owner."""
    viewer.require_owner()
    summaries = await asyncio.to_thread(activity.summaries, viewer.account)
    async with control.session() as session:
        return await lists.devices_of(session, viewer.account, summaries, committer.head)


@post("/api/devices/{device:str}/refuse", status_code=204)
async def refuse(
    device: FromPath[str],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    directory: NamedDependency[DeviceDirectory],
    now: NamedDependency[Now],
) -> None:
    """Turn a waiting device away."""
    async with control.session() as session:
        await lists.refuse(session, viewer, device, now())
    directory.forget(viewer.account)


handlers = [enroll, poll, add_ticket, tickets, remove_ticket, keys, devices, refuse]
