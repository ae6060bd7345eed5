"""``/api/alerts`` and ``/api/alert-rules``."""

from __future__ import annotations

from typing import Annotated

from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from reteamz.server.accounts.access import Viewer
from reteamz.server.alerts import feed, rules
from reteamz.server.alerts.watch import Watch
from reteamz.server.looks.keep import Looks
from reteamz.server.people.placing import require_departments
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire.alerts import (
    AlertPage,
    AlertRuleMade,
    AlertRulePut,
    AlertRuleView,
    AlertsSeen,
    RecipientView,
    UnseenView,
)


@get("/api/alerts")
async def alerts(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    looks: NamedDependency[Looks],
    now: NamedDependency[Now],
    page: Annotated[int, QueryParameter(name="page", ge=1, le=1_000_000)] = 1,
) -> AlertPage:
    """Return a page of what rules found, newest first; a manager's are those of their departments."""
    async with control.session() as session:
        found = await feed.feed(session, viewer, activity, page)
    await looks.note(viewer, "/alerts", feed.whom_of(found), now())
    return found


@get("/api/alerts/unseen")
async def unseen(viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore]) -> UnseenView:
    """Return how many alerts the viewer has not seen."""
    async with control.session() as session:
        return UnseenView(await feed.unseen_of(session, viewer))


@post("/api/alerts/seen", status_code=204)
async def seen(
    data: JSONBody[AlertsSeen], viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore]
) -> None:
    """Mark alerts as seen by the viewer."""
    async with control.session() as session:
        await feed.mark_seen(session, viewer, data)


@post("/api/alerts/deliveries/{delivery:int}/again", status_code=204)
async def send_again(
    delivery: FromPath[int],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    now: NamedDependency[Now],
) -> None:
    """Call a webhook again that failed."""
    async with control.session() as session:
        await feed.send_again(session, viewer, delivery, now())


@get("/api/alert-rules")
async def alert_rules(
    viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore], activity: NamedDependency[ActivityStore]
) -> list[AlertRuleView]:
    """Return the rules that the viewer may see."""
    async with control.session() as session:
        return await rules.rule_views(session, viewer, activity)


@get("/api/alert-rules/recipients")
async def recipients(viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore]) -> list[RecipientView]:
    """Return the members whom the viewer's rules may write to."""
    async with control.session() as session:
        return await rules.recipients(session, viewer)


@post("/api/alert-rules", status_code=201)
async def add_rule(
    data: JSONBody[AlertRulePut],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    watch: NamedDependency[Watch],
    now: NamedDependency[Now],
) -> AlertRuleMade:
    """Add a rule; the secret that signs its webhooks is told this once."""
    await require_departments(control, viewer, [data.department] if data.department else [], now())
    async with control.session() as session:
        made = await rules.add_rule(session, viewer, activity, data, now())
    watch.rules_changed(viewer.account)
    return made


@put("/api/alert-rules/{rule:str}")
async def change_rule(
    rule: FromPath[str],
    data: JSONBody[AlertRulePut],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    watch: NamedDependency[Watch],
    now: NamedDependency[Now],
) -> AlertRuleMade:
    """Put another rule in the place of one."""
    await require_departments(control, viewer, [data.department] if data.department else [], now())
    async with control.session() as session:
        made = await rules.change_rule(session, viewer, activity, rule, data, now())
    watch.rules_changed(viewer.account)
    return made


@delete("/api/alert-rules/{rule:str}")
async def remove_rule(
    rule: FromPath[str],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    now: NamedDependency[Now],
) -> None:
    """Remove a rule, and what it found."""
    async with control.session() as session:
        await rules.remove_rule(session, viewer, rule, now())


handlers = [alerts, unseen, seen, send_again, alert_rules, recipients, add_rule, change_rule, remove_rule]
