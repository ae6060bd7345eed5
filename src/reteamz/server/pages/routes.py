"""Pages around the reports: log-in, sign-up, devices, profile, audit."""

from __future__ import annotations

import asyncio
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from litestar.response import Template

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.sessions import sessions_of
from reteamz.server.audit.record import page_of
from reteamz.server.devices.enrol import tickets_of
from reteamz.server.devices.lists import devices_of
from reteamz.server.ingest.committer import Committer
from reteamz.server.pages import reports
from reteamz.server.pages.shell import account_of, page
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now


@get("/login", opt={"public": True})
async def login() -> Template:
    """Log in."""
    return Template("login.html", context={"key": "login", "title": "Log in"})


@get("/signup", opt={"public": True})
async def signup() -> Template:
    """Sign up; the page then leads to the first computer."""
    return Template("signup.html", context={"key": "signup", "title": "Sign up"})


@get("/devices")
async def devices(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    committer: NamedDependency[Committer],
    now: NamedDependency[Now],
) -> Template:
    """Computers and enrolment codes."""
    viewer.require_owner()
    account = await account_of(control, viewer)
    summaries = await asyncio.to_thread(activity.summaries, viewer.account)
    async with control.session() as session:
        listed = await devices_of(session, viewer.account, summaries, committer.head)
        tickets = await tickets_of(session, viewer.account)
    open_tickets = [ticket for ticket in tickets if ticket.expires > now() and ticket.redemptions < ticket.uses]
    return page("devices", account, "Devices", devices=listed, tickets=open_tickets)


@get("/profile")
async def profile(
    viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore], now: NamedDependency[Now]
) -> Template:
    """Encryption, password, second factor, sessions."""
    account = await account_of(control, viewer)
    async with control.session() as session:
        sessions = await sessions_of(session, viewer, now())
    return page("profile", account, "Profile and encryption", sessions=sessions)


@get("/audit")
async def audit(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    number: Annotated[int, QueryParameter(name="page", ge=1, le=1_000_000)] = 1,
) -> Template:
    """Who changed or looked at what."""
    viewer.require_owner()
    account = await account_of(control, viewer)
    async with control.session() as session:
        entries = await page_of(session, viewer.account, number)
    return page("audit", account, "Audit", report=entries)


handlers = [
    login,
    signup,
    devices,
    profile,
    audit,
    Router(path="/", route_handlers=reports.handlers, dependencies={"asked": Provide(reports.asked)}),
]
