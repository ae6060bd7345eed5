"""The page of alerts: what rules found, and the rules."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template

from reteamz.server.accounts.access import Viewer
from reteamz.server.alerts.feed import feed, whom_of
from reteamz.server.alerts.rules import recipients, rule_views
from reteamz.server.alerts.texts import looked_for, subject_of
from reteamz.server.looks.keep import Looks
from reteamz.server.mail import Outbox
from reteamz.server.pages.shell import account_of, page
from reteamz.server.people.placing import departments_of
from reteamz.server.schedules import schedules_of
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now


@get("/alerts")
async def alerts(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    outbox: NamedDependency[Outbox],
    looks: NamedDependency[Looks],
    now: NamedDependency[Now],
    number: Annotated[int, QueryParameter(name="page", ge=1, le=1_000_000)] = 1,
) -> Template:
    """What rules found, the newest first, and the rules."""
    account = await account_of(control, viewer)
    async with control.session() as session:
        report = await feed(session, viewer, activity, number)
        rules = await rule_views(session, viewer, activity)
        members = await recipients(session, viewer)
        departments = await departments_of(session, viewer)
        scheduled = (await schedules_of(session, viewer.account)).any
    await looks.note(viewer, "/alerts", whom_of(report), now())
    return page(
        "alerts",
        account,
        "Alerts",
        report=report,
        rules=rules,
        members=members,
        departments=departments,
        department_names={one.id: one.name for one in departments},
        scheduled=scheduled,
        mailing=outbox.configured,
        may_change=viewer.role == "owner" or ("settings" in viewer.rights and bool(viewer.departments)),
        looked_for=looked_for,
        subject_of=subject_of,
        needs_schedule=lambda kind: type(kind).__name__ in ("Idle", "Absent", "Late", "Overtime"),
    )


handlers = [alerts]
