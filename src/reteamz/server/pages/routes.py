"""Pages around the reports: log-in, sign-up, devices, profile, audit."""

from __future__ import annotations

import asyncio
from datetime import timedelta
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
from reteamz.server.looks.keep import Looks
from reteamz.server.looks.read import looks_for
from reteamz.server.members.lists import members_of
from reteamz.server.notices.show import show as notices
from reteamz.server.notices.words import WORDS
from reteamz.server.pages import (
    alerts,
    attendance,
    mailings,
    my_day,
    people,
    policies,
    records,
    reports,
    rules,
    schedules,
)
from reteamz.server.pages.my_day import LOOKED
from reteamz.server.pages.shell import account_of, page, page_words, today_in
from reteamz.server.people.placing import departments_of
from reteamz.server.reports.filters import DAYS_MOST
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


@get("/join", opt={"public": True})
async def join() -> Template:
    """Join by an invitation; its code stands behind the # of the address, which browsers do not send."""
    return Template("join.html", context={"key": "join", "title": "Join"})


@get("/devices")
async def devices(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    committer: NamedDependency[Committer],
    looks: NamedDependency[Looks],
    now: NamedDependency[Now],
    number: Annotated[int | None, QueryParameter(name="page", ge=1, le=1_000_000)] = None,
) -> Template:
    """Computers, enrolment codes, and what computers told: the latest of each, or a page of all of it."""
    viewer.require_owner()
    account = await account_of(control, viewer)
    summaries = await asyncio.to_thread(activity.summaries, viewer.account)
    async with control.session() as session:
        listed = await devices_of(session, viewer.account, summaries, committer.head)
        tickets = await tickets_of(session, viewer.account)
    open_tickets = [ticket for ticket in tickets if ticket.expires > now() and ticket.redemptions < ticket.uses]
    told = await notices(viewer, activity, looks, now(), number)
    today = today_in(account, now())
    return page(
        "devices",
        account,
        "Devices",
        devices=listed,
        tickets=open_tickets,
        ever=today - timedelta(days=DAYS_MOST - 1),
        today=today,
        told=told,
        whole=number is not None,
        words=WORDS,
        computers={device.id: device.computer for device in listed},
    )


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
    activity: NamedDependency[ActivityStore],
    looks: NamedDependency[Looks],
    now: NamedDependency[Now],
    number: Annotated[int, QueryParameter(name="page", ge=1, le=1_000_000)] = 1,
) -> Template:
    """Who changed or looked at what."""
    viewer.require_owner()
    account = await account_of(control, viewer)
    await looks.flush()
    async with control.session() as session:
        entries = await page_of(session, viewer.account, number)
        looked = await looks_for(session, viewer, today_in(account, now()) - LOOKED)
        departments = {one.id: one.name for one in await departments_of(session, viewer)}
        members = {one.id: one for one in await members_of(session, viewer)}
    return page(
        "audit",
        account,
        "Audit",
        report=entries,
        looked=looked,
        departments=departments,
        members=members,
        words=page_words(),
        name_of=lambda person: activity.name(viewer.account, person),
    )


handlers = [
    login,
    signup,
    join,
    devices,
    profile,
    audit,
    *my_day.handlers,
    *schedules.handlers,
    *alerts.handlers,
    *mailings.handlers,
    *policies.handlers,
    *rules.handlers,
    Router(
        path="/",
        route_handlers=[*reports.handlers, *people.handlers, *attendance.handlers, *records.handlers],
        dependencies={"asked": Provide(reports.asked), "right": Provide(lambda: None, sync_to_thread=False)},
    ),
]
