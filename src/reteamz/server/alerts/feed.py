"""The feed: what was found, as far as a viewer may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.alerts.rules import kind_name, kind_of
from reteamz.server.alerts.tables import Alert, AlertDelivery, AlertRule, AlertSeen
from reteamz.server.alerts.texts import side_of, told, unit_of
from reteamz.server.audit.record import record
from reteamz.server.devices.tables import Device
from reteamz.server.looks.keep import Whom
from reteamz.server.mail.tables import OutgoingMail
from reteamz.server.people.tables import Placement
from reteamz.server.store.activity import ActivityStore
from reteamz.wire import alerts as wire
from reteamz.wire.errors import ReteamzError

PAGE: Final = 50
UNSEEN_MOST: Final = 100
"""More unseen alerts than this are counted as this many."""
_REPORTS: Final[dict[wire.KindName, str]] = {
    "rating": "/productivity",
    "name": "/log",
    "first_use": "/log",
    "idle": "/timeline",
    "absent": "/attendance",
    "late": "/attendance",
    "overtime": "/attendance",
}


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition on ``alert`` joined with ``alert_rule`` that lets a viewer see it.

    A manager sees what concerns people of their departments, whoever made the rule, and computers by rules of their departments.
    """
    whole: ColumnElement[bool] = Alert.account == viewer.account
    if viewer.role == "owner":
        return whole
    if viewer.role != "manager":
        raise ReteamzError("forbidden", "Alerts are for owners and managers; ask the owner of the account.")
    theirs = select(Placement.person).where(
        Placement.account == viewer.account, Placement.department.in_(viewer.departments)
    )
    return and_(
        whole,
        or_(
            Alert.person.in_(theirs),
            and_(Alert.person == 0, AlertRule.department.in_(viewer.departments)),
        ),
    )


async def unseen_of(session: AsyncSession, viewer: Viewer) -> int:
    """Return how many alerts the viewer has not seen, `UNSEEN_MOST` for that many or more; 0 for those who see none."""
    if viewer.role not in ("owner", "manager"):
        return 0
    few = select(Alert.id).join(AlertRule, AlertRule.id == Alert.rule)
    few = few.where(visible(viewer), _unseen(viewer)).limit(UNSEEN_MOST)
    return await session.scalar(select(func.count()).select_from(few.subquery())) or 0


async def feed(session: AsyncSession, viewer: Viewer, activity: ActivityStore, page: int) -> wire.AlertPage:
    """Return a page of the feed, newest first. Raises ``forbidden``."""
    condition = visible(viewer)
    joined = select(func.count()).select_from(Alert).join(AlertRule, AlertRule.id == Alert.rule).where(condition)
    count = await session.scalar(joined) or 0
    rows = await session.execute(
        select(Alert, AlertRule)
        .join(AlertRule, AlertRule.id == Alert.rule)
        .where(condition)
        .order_by(Alert.id.desc())
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    views = await _views(session, viewer, activity, [(alert, rule) for alert, rule in rows])
    return wire.AlertPage(views, page, max(1, -(-count // PAGE)), count, await unseen_of(session, viewer))


def whom_of(page: wire.AlertPage) -> list[Whom]:
    """Return the persons of a page of the feed, so that they can tell who looked."""
    persons = sorted({row.person for row in page.rows if row.person})
    return [("person", str(person), frozenset((person,))) for person in persons]


async def mark_seen(session: AsyncSession, viewer: Viewer, seen: wire.AlertsSeen) -> None:
    """Note that the viewer has seen alerts. Those that are not theirs are passed over. Raises ``forbidden``."""
    which = or_(Alert.id.in_(seen.ids), Alert.id <= seen.until)
    ids = await session.scalars(
        select(Alert.id).join(AlertRule, AlertRule.id == Alert.rule).where(visible(viewer), which, _unseen(viewer))
    )
    session.add_all(AlertSeen(member=viewer.member, alert=number) for number in ids)


async def send_again(session: AsyncSession, viewer: Viewer, delivery: int, now: int) -> None:
    """Try a webhook again that was given up. Raises ``forbidden``, ``not_found``."""
    viewer.require_right("settings")
    row = await session.scalar(
        select(AlertDelivery)
        .join(Alert, Alert.id == AlertDelivery.alert)
        .join(AlertRule, AlertRule.id == Alert.rule)
        .where(AlertDelivery.id == delivery, AlertDelivery.channel == "hook", visible(viewer))
    )
    if row is None or row.state == "sent":
        raise ReteamzError("not_found", "There is no such webhook to send again; load the page again.")
    row.state, row.since, row.due, row.tries, row.settled = "waiting", now, now, 0, 0
    record(session, now, viewer.account, viewer.member, "webhook_sent_again", str(delivery))


def _unseen(viewer: Viewer) -> ColumnElement[bool]:
    return ~select(AlertSeen.alert).where(AlertSeen.member == viewer.member, AlertSeen.alert == Alert.id).exists()


async def _views(
    session: AsyncSession, viewer: Viewer, activity: ActivityStore, rows: Sequence[tuple[Alert, AlertRule]]
) -> list[wire.AlertView]:
    ids = [alert.id for alert, _ in rows]
    seen = set(
        await session.scalars(
            select(AlertSeen.alert).where(AlertSeen.member == viewer.member, AlertSeen.alert.in_(ids))
        )
    )
    named = await session.execute(
        select(Device.id, Device.computer).where(Device.id.in_([alert.device for alert, _ in rows if alert.device]))
    )
    computers = dict(named.all())
    deliveries = await _deliveries(session, ids)
    return [
        view_of(viewer.role, activity, alert, rule, computers, alert.id in seen, deliveries.get(alert.id, []))
        for alert, rule in rows
    ]


def view_of(
    role: str,
    activity: ActivityStore,
    alert: Alert,
    rule: AlertRule,
    computers: Mapping[str, str],
    seen: bool = False,
    deliveries: Sequence[wire.DeliveryView] = (),
) -> wire.AlertView:
    """Return an alert with the entries that name what it is about."""
    kind = kind_of(alert.kind, alert.name)
    words = told(kind, alert.value, alert.threshold)
    return wire.AlertView(
        id=alert.id,
        rule=rule.id,
        rule_name=rule.name,
        kind=kind_name(kind),
        person=alert.person,
        person_name=activity.name(alert.account, alert.person),
        name=alert.name,
        entry=activity.name(alert.account, alert.name),
        device=alert.device,
        computer=computers.get(alert.device, ""),
        day=alert.day.isoformat(),
        value=alert.value,
        threshold=alert.threshold,
        unit=unit_of(kind),
        side=side_of(kind),
        what=words.what,
        found=words.value,
        limit=words.limit,
        at=alert.at,
        seen=seen,
        link=_link(role, alert, kind_name(kind)),
        deliveries=list(deliveries),
    )


def _link(role: str, alert: Alert, kind: wire.KindName) -> str:
    """Return the report that shows an alert."""
    report = _REPORTS.get(kind)
    if report is None:
        return "/devices" if role == "owner" else ""
    query: list[tuple[str, Any]] = [("from", alert.day), ("to", alert.day), ("person", alert.person)]
    if alert.name:
        query.append(("name", alert.name))
    return f"{report}?{urlencode(query)}"


async def _deliveries(session: AsyncSession, ids: Sequence[int]) -> dict[int, list[wire.DeliveryView]]:
    rows = await session.execute(
        select(AlertDelivery, OutgoingMail)
        .outerjoin(OutgoingMail, and_(OutgoingMail.id == AlertDelivery.mail, AlertDelivery.mail > 0))
        .where(AlertDelivery.alert.in_(ids))
        .order_by(AlertDelivery.id)
    )
    found: dict[int, list[wire.DeliveryView]] = {}
    for row, mail in rows:
        # A mail that was handed over is what the outbox says of it; after a month that is forgotten, and it counts as sent.
        last = row if mail is None else mail
        due = last.due if last.state == "waiting" else 0
        state: Any = last.state
        found.setdefault(row.alert, []).append(
            wire.DeliveryView(row.id, row.channel, state, due, last.tries, last.reason)  # type: ignore[arg-type]  # one of the two is written
        )
    return found
