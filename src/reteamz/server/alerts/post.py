"""Sends what alerts have to tell: mail through the outbox, webhooks by itself. Nothing here runs inside a request."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from html import escape
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.tables import Member
from reteamz.server.alerts.feed import view_of
from reteamz.server.alerts.hooks import Hooks, Unreached
from reteamz.server.alerts.tables import Alert, AlertDelivery, AlertRule
from reteamz.server.devices.tables import Device
from reteamz.server.mail import queue
from reteamz.server.pages.texts import day, name
from reteamz.server.people.tables import Placement
from reteamz.server.retries import next_try
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire import alerts as wire

AT_ONCE: Final = 16
"""Rules whose webhooks are called at the same time."""
EACH: Final = 10
"""Most webhooks that one rule calls in a turn: a slow receiver must not keep the others waiting."""
TOLD: Final = 30
"""Most alerts that a mail spells out."""

_Due = tuple[AlertDelivery, Alert, AlertRule]


class Post:
    """Sends what is due.

    Args:
        control, activity: the stores.
        hooks: calls webhooks.
        origin: the address under which people reach the server.
        now: the server's clock, in milliseconds.
    """

    def __init__(self, control: ControlStore, activity: ActivityStore, hooks: Hooks, origin: str, now: Now) -> None:
        self._control = control
        self._activity = activity
        self._hooks = hooks
        self._origin = origin
        self._now = now

    async def write(self) -> int:
        """Put one mail a member into the outbox for all that is due, and return how many mails."""
        now = self._now()
        async with self._control.session() as session:
            due = await _due(session, "mail", now)
            members: dict[str, list[_Due]] = defaultdict(list)
            for row in due:
                members[row[0].member].append(row)
            for number, rows in members.items():
                await self._write_to(session, number, rows, now)
        return len(members)

    async def _write_to(self, session: AsyncSession, number: str, rows: list[_Due], now: int) -> None:
        member = await session.get(Member, number)
        told = [row for row in rows if member is not None and await _may_see(session, member, row[1], row[2])]
        mail = 0
        if member is not None and told:
            computers = await _computers(session, [alert for _, alert, _ in told])
            views = [view_of(member.role, self._activity, alert, rule, computers) for _, alert, rule in told]
            subject = f"{len(told)} new {'alert' if len(told) == 1 else 'alerts'}"
            text, html = self._text(views), self._html(views)
            mail = (await queue(session, member.account, member.email, subject, text, html, now)).id
        for row in rows:
            delivery, sent = row[0], row in told
            delivery.state, delivery.mail, delivery.settled = ("sent", mail, now) if sent else ("failed", 0, now)
            delivery.reason = "" if sent else "The member may not see this alert any more."

    def _lines(self, view: wire.AlertView) -> list[tuple[str, str]]:
        lines = [
            ("Rule", name(view.rule_name)),
            ("Person", name(view.person_name)),
            ("Name", name(view.entry)),
            ("Computer", name(view.computer) or view.device),
            ("Day", day(view.day)),
            ("Found", view.found),
            ("Looked for", view.limit),
            ("Look", f"{self._origin}/alerts#alert-{view.id}"),
        ]
        return [line for line in lines if line[1]]

    def _text(self, views: Sequence[wire.AlertView]) -> str:
        parts = [
            "\n".join([view.what, *(f"  {word}: {text}" for word, text in self._lines(view))]) for view in views[:TOLD]
        ]
        return "\n\n".join([*parts, *self._more(views), f"All alerts: {self._origin}/alerts"]) + "\n"

    def _html(self, views: Sequence[wire.AlertView]) -> str:
        """Return the mail as HTML: escaped text, no picture, no style, nothing that is fetched."""
        parts = []
        for view in views[:TOLD]:
            rows = "".join(
                f"<tr><th align=left>{word}</th><td>{escape(text)}</td></tr>"
                for word, text in self._lines(view)
                if word != "Look"
            )
            link = escape(f"{self._origin}/alerts#alert-{view.id}")
            parts.append(
                f'<h3>{escape(view.what)}</h3>\n<table>{rows}</table>\n<p><a href="{link}">Open the alert</a></p>'
            )
        parts += [f"<p>{escape(line)}</p>" for line in self._more(views)]
        link = escape(f"{self._origin}/alerts")
        return "\n".join(["<!doctype html>", *parts, f'<p><a href="{link}">All alerts</a></p>']) + "\n"

    def _more(self, views: Sequence[wire.AlertView]) -> list[str]:
        return [f"And {len(views) - TOLD} more."] if len(views) > TOLD else []

    async def call(self) -> int:
        """Call the webhooks that are due, and return how many took it. A rule's are called in their order, one by one."""
        now = self._now()
        async with self._control.session() as session:
            rules: dict[str, list[_Due]] = defaultdict(list)
            for row in await _due(session, "hook", now):
                rules[row[2].id].append(row)
            told = [alert for rows in rules.values() for _, alert, _ in rows[:EACH]]
            computers = await _computers(session, told)
        few = asyncio.Semaphore(AT_ONCE)

        async def one(rows: list[_Due]) -> int:
            async with few:
                return await self._call_rule(rows, computers)

        return sum(await asyncio.gather(*(one(rows) for rows in rules.values())))

    async def _call_rule(self, rows: list[_Due], computers: dict[str, str]) -> int:
        """Call a rule's webhooks until one fails: those that follow wait with it."""
        taken = 0
        for at, (delivery, alert, rule) in enumerate(rows[:EACH]):
            try:
                if not rule.hook:
                    raise Unreached("The rule has no webhook any more.")
                body = msgspec.json.encode(self._body(alert, rule, computers))
                await self._hooks.call(rule.hook, rule.secret, body, self._now())
            except Unreached as failure:
                for other, _, _ in rows[at:]:
                    await self._failed(other.id, failure.reason)
                return taken
            async with self._control.session() as session:
                row = await session.get(AlertDelivery, delivery.id)
                if row is not None:
                    row.state, row.settled, row.tries, row.reason = "sent", self._now(), row.tries + 1, ""
            taken += 1
        return taken

    def _body(self, alert: Alert, rule: AlertRule, computers: dict[str, str]) -> wire.AlertHook:
        view = view_of("manager", self._activity, alert, rule, computers)
        return wire.AlertHook(
            id=alert.id,
            account=alert.account,
            rule=wire.HookRule(rule.id, rule.name),
            kind=view.kind,
            person=wire.HookName(alert.person, view.person_name) if alert.person else None,
            name=wire.HookName(alert.name, view.entry) if alert.name else None,
            device=wire.HookDevice(alert.device, view.computer) if alert.device else None,
            day=view.day,
            value=alert.value,
            threshold=alert.threshold,
            unit=view.unit,
            side=view.side,
            at=alert.at,
            link=f"{self._origin}/alerts#alert-{alert.id}",
        )

    async def _failed(self, delivery: int, reason: str) -> None:
        now = self._now()
        async with self._control.session() as session:
            row = await session.get(AlertDelivery, delivery)
            if row is None:
                return
            again = next_try(row.tries + 1, row.since, now)
            row.tries, row.reason = row.tries + 1, reason
            if again is None:
                row.state, row.settled = "failed", now
            else:
                row.due = again


async def _due(session: AsyncSession, channel: str, now: int) -> list[_Due]:
    rows = await session.execute(
        select(AlertDelivery, Alert, AlertRule)
        .join(Alert, Alert.id == AlertDelivery.alert)
        .join(AlertRule, AlertRule.id == Alert.rule)
        .where(AlertDelivery.channel == channel, AlertDelivery.state == "waiting", AlertDelivery.due <= now)
        .order_by(AlertDelivery.id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def _may_see(session: AsyncSession, member: Member, alert: Alert, rule: AlertRule) -> bool:
    """Tell whether a member may see an alert now: what they may see may have changed since it was found."""
    if member.state != "active" or member.account != alert.account:
        return False
    if member.role != "manager":
        return member.role == "owner"
    if not alert.person:
        return rule.department in member.departments
    placed = await session.get(Placement, (alert.account, alert.person))
    return placed is not None and placed.department in member.departments


async def _computers(session: AsyncSession, alerts: Sequence[Alert]) -> dict[str, str]:
    devices = {one.device for one in alerts if one.device}
    if not devices:
        return {}
    rows = await session.execute(select(Device.id, Device.computer).where(Device.id.in_(devices)))
    return dict(rows.all())
