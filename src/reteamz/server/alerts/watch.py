"""Evaluates rules: what arrived at once, what is overdue every minute; never inside a commit or a request."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.tables import Account
from reteamz.server.alerts import reading
from reteamz.server.alerts.arrivals import Arrivals, Touched
from reteamz.server.alerts.looking import Computer, Finding, Ground, Mark, Rule, look, mark
from reteamz.server.alerts.moments import Seen, quiet_until
from reteamz.server.alerts.rules import kind_of
from reteamz.server.alerts.tables import Alert, AlertDelivery, AlertRule
from reteamz.server.devices.tables import Device
from reteamz.server.people.tables import Placement
from reteamz.server.rating.rate import ratings_of
from reteamz.server.schedules import schedules_of
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now

TICK_MS: Final = 60_000
"""How often what is overdue is asked for."""
AGAIN_MS: Final = 2 * 24 * 3_600_000
"""What arrived in this time is looked at again after a start."""
CHUNK: Final = 500
"""Findings that are looked up in one query."""
SEEN_DAYS: Final = 31
"""Who was not seen for so many days is not missed any more."""


@dataclass(slots=True)
class _Known:
    """What is remembered of an account between evaluations."""

    standing: Any
    seen: dict[int, Seen]
    judged: set[tuple[str, int, int, date]] = field(default_factory=set)


class Watch:
    """Looks at what arrived and at what did not happen, and writes down what rules find, each thing once.

    Args:
        control, activity: the stores.
        arrivals: what was committed since the last turn.
        mailing: whether there is a mail server.
        now: the server's clock, in milliseconds.
    """

    def __init__(
        self, control: ControlStore, activity: ActivityStore, arrivals: Arrivals, mailing: bool, now: Now
    ) -> None:
        self._control = control
        self._activity = activity
        self._arrivals = arrivals
        self._mailing = mailing
        self._now = now
        self._lock = asyncio.Lock()
        self._known: dict[str, _Known] = {}
        self._changes = 0
        self._ticked: int | None = None

    def rules_changed(self, account: str) -> None:
        """Look at the last days of an account again at the next turn."""
        self._arrivals.watch([account])
        self._changes += 1
        self._known.pop(account, None)
        self._arrivals.give_back(account, set())

    async def turn(self) -> int:
        """Evaluate what is due, and return how many alerts are new.

        What cannot be evaluated now is kept for the next turn, and the failure is raised when all others are done.
        """
        async with self._lock:
            now = self._now()
            first = self._ticked is None
            overdue = self._ticked is None or not 0 <= now - self._ticked < TICK_MS
            taken = self._arrivals.take()
            if overdue:
                async with self._control.session() as session:
                    accounts = set(await session.scalars(select(AlertRule.account).distinct()))
                self._arrivals.watch(accounts)
                if first:
                    # Noted before the first look at the store, so that nothing falls between.
                    taken |= self._arrivals.take()
                taken = {account: taken.get(account, set()) for account in accounts | set(taken)}
                self._ticked = now
            new, failures = 0, []
            for account, touched in sorted(taken.items()):
                try:
                    new += await self._evaluate(account, touched, overdue, now)
                except Exception as failure:
                    self._arrivals.give_back(account, touched)
                    self._known.pop(account, None)
                    failures.append(failure)
        if failures:
            raise failures[0]
        return new

    async def _evaluate(self, account: str, touched: Touched, overdue: bool, now: int) -> int:
        changes = self._changes
        async with self._control.session() as session:
            rules = await _rules(session, account)
            if not rules:
                return 0
            row = await session.get_one(Account, account)
            placed = await session.scalars(select(Placement).where(Placement.account == account))
            places = {one.person: one.department for one in placed}
            ratings, schedules = await ratings_of(session, account), await schedules_of(session, account)
            devices = await session.scalars(select(Device).where(Device.account == account))
            computers = [Computer(one.id, one.state, one.redeemed, one.seen) for one in devices]
        standing = (places, ratings, schedules)
        known = self._known.get(account)
        changed = known is None or known.standing != standing
        judged = set() if known is None or changed else set(known.judged)
        days, seen = await asyncio.to_thread(self._days, account, touched, known, changed, now)
        ground = Ground(
            activity=self._activity, account=account, zone=row.timezone, now=now, touched=days, places=places,
            ratings=ratings, schedules=schedules, computers=computers, seen=seen, overdue=overdue or changed,
            judged=judged,
        )  # fmt: skip
        found = await asyncio.to_thread(lambda: [finding for rule in rules for finding in look(ground, rule)])
        async with self._control.session() as session:
            new = await self._write_down(session, row, found, now)
        oldest = datetime.fromtimestamp(now / 1000, UTC).date() - timedelta(days=4)
        if changes == self._changes:
            self._known[account] = _Known(standing, seen, {one for one in ground.judged if one[3] >= oldest})
        return new

    def _days(
        self, account: str, touched: Touched, known: _Known | None, changed: bool, now: int
    ) -> tuple[dict[date, set[int]], dict[int, Seen]]:
        """Return days and persons to look at, and what everybody's computer told last."""
        number = self._activity.account_number(account)
        days: dict[date, set[int]] = defaultdict(set)
        for entry, day in touched:
            days[day].add(self._activity.id_of(account, entry))
        if changed:
            for person, day in reading.arrived(self._activity, number, now - AGAIN_MS):
                days[day].add(person)
        today = datetime.fromtimestamp(now / 1000, UTC).date()
        first = today - timedelta(days=SEEN_DAYS if known is None else 1)
        seen = reading.last_seen(self._activity, number, first, today + timedelta(days=1))
        oldest = now - SEEN_DAYS * 24 * 3_600_000
        before = {} if known is None else {one: told for one, told in known.seen.items() if told.at >= oldest}
        return dict(days), {**before, **seen}

    async def _write_down(self, session: AsyncSession, account: Account, found: Sequence[Finding], now: int) -> int:
        """Store what is new, together with what is to be sent of it."""
        if not found:
            return 0
        rules = {finding.rule.id for finding in found}
        rows = {row.id: row for row in await session.scalars(select(AlertRule).where(AlertRule.id.in_(rules)))}
        known = await _known(session, found)
        new = 0
        for finding in found:
            rule = rows.get(finding.rule.id)
            # A rule that was changed or removed meanwhile is evaluated anew at the next turn.
            if rule is None or rule.since != finding.rule.since or finding.mark in known:
                continue
            known.add(finding.mark)
            new += 1
            alert = Alert(
                account=account.id, rule=rule.id, since=rule.since, kind=rule.kind, day=finding.day,
                subject=finding.subject, person=finding.person, name=finding.name, device=finding.device,
                value=finding.value, threshold=finding.threshold, at=now,
            )  # fmt: skip
            session.add(alert)
            await session.flush()
            due = quiet_until(now, account.timezone, rule.quiet)
            if self._mailing:
                session.add_all(_delivery(alert, "mail", member, due) for member in rule.mail)
            if rule.hook:
                session.add(_delivery(alert, "hook", "", due))
        return new


async def _known(session: AsyncSession, found: Sequence[Finding]) -> set[Mark]:
    """Return the marks of what was written down before, of what may be among these findings."""
    known: set[Mark] = set()
    for at in range(0, len(found), CHUNK):
        part = found[at : at + CHUNK]
        told = await session.scalars(
            select(Alert).where(
                Alert.rule.in_({one.rule.id for one in part}),
                or_(
                    Alert.subject.in_({one.subject for one in part if one.device}),
                    and_(
                        Alert.person.in_({one.person for one in part if one.person}),
                        Alert.day.in_({one.day for one in part}),
                    ),
                    Alert.name.in_({one.name for one in part if one.name}),
                ),
            )
        )
        known |= {mark(one.rule, one.since, one.kind["type"], one) for one in told}
    return known


def _delivery(alert: Alert, channel: str, member: str, due: int) -> AlertDelivery:
    return AlertDelivery(
        alert=alert.id, channel=channel, member=member, state="waiting", since=due, due=due, tries=0, reason="", mail=0,
        settled=0,
    )  # fmt: skip


async def _rules(session: AsyncSession, account: str) -> list[Rule]:
    rows = await session.scalars(
        select(AlertRule).where(AlertRule.account == account, AlertRule.enabled).order_by(AlertRule.id)
    )
    return [Rule(row.id, row.department, kind_of(row.kind, row.about), row.since) for row in rows]
