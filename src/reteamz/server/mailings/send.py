"""Writes reports that are due and hands them to the outbox. A mail and the day it was due are written in one transaction."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Account, Member
from reteamz.server.alerts.feed import visible
from reteamz.server.alerts.tables import Alert, AlertRule
from reteamz.server.looks.keep import Looks, whom_of
from reteamz.server.mail import queue
from reteamz.server.mailings.keep import label_of, plan_of
from reteamz.server.mailings.periods import due_after, moment, newest, period
from reteamz.server.mailings.tables import Mailing
from reteamz.server.mailings.write import About, Found, find, html_of, subject, text_of
from reteamz.server.people.placing import Placements
from reteamz.server.rating.rate import Ratings, ratings_of
from reteamz.server.reports.filters import Filter, build_filter
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire.errors import ReteamzError

NO_MEMBER: Final = "Whoever received this is no owner or manager any more."
NO_DEPARTMENT: Final = "Whoever receives this does not see the department any more."


class _Changed(Exception):
    """What a report was made of is not so any more."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A report, and as whose and of what it was made."""

    viewer: Viewer
    about: About
    found: Found
    filter: Filter


class Mailings:
    """Sends reports when their period is over; of several that ended while the server was away, the newest alone.

    Args:
        control, activity: the stores.
        persons_of: who is in which department.
        looks: notes whom a report showed.
        origin: the address under which people reach the server.
        mailing: whether there is a mail server; nothing is due without one.
        now: the server's clock, in milliseconds.
    """

    def __init__(
        self,
        control: ControlStore,
        activity: ActivityStore,
        persons_of: Placements,
        looks: Looks,
        origin: str,
        mailing: bool,
        now: Now,
    ) -> None:
        self._control = control
        self._activity = activity
        self._persons_of = persons_of
        self._looks = looks
        self._origin = origin
        self._mailing = mailing
        self._now = now

    async def turn(self) -> int:
        """Write what is due, and return how many mails. One that fails does not keep the others waiting; it is tried at the next turn."""
        if not self._mailing:
            return 0
        now = self._now()
        async with self._control.session() as session:
            due = list(
                await session.scalars(
                    select(Mailing).where(Mailing.enabled, Mailing.due <= now).order_by(Mailing.due, Mailing.id)
                )
            )
        written, failures = 0, []
        for row in due:
            try:
                written += await self._send_due(row, now)
            except Exception as failure:
                failures.append(failure)
        if failures:
            raise failures[0]
        return written

    async def send_now(self, row: Mailing) -> None:
        """Write a report of what ended last now, besides those that are due.

        Raises:
            ReteamzError: ``input_invalid`` without a mail server, ``forbidden``, ``not_found``.
        """
        if not self._mailing:
            raise ReteamzError(
                "input_invalid", "This server has no mail server; its operator sets one with RETEAMZ_SMTP."
            )
        now = self._now()
        async with self._control.session() as session:
            zone = ZoneInfo((await session.get_one(Account, row.account)).timezone)
        days = period(row.rhythm, datetime.fromtimestamp(now / 1000, zone).date())
        made = await self._make(row, days, now)
        if isinstance(made, str):
            raise ReteamzError("forbidden", made)
        try:
            await self._write(row, made, days, now)
        except _Changed:
            raise ReteamzError("not_found", "This changed meanwhile; load the page again.") from None

    async def _send_due(self, row: Mailing, now: int) -> int:
        async with self._control.session() as session:
            plan = plan_of(row, (await session.get_one(Account, row.account)).timezone)
        due = newest(plan, now)
        days = period(plan.rhythm, due)
        made = await self._make(row, days, now)
        try:
            await self._write(row, made, days, now, (due, moment(plan, due_after(plan, due))))
        except _Changed:
            return 0
        return 0 if isinstance(made, str) else 1

    async def _make(self, row: Mailing, days: tuple[date, date], now: int) -> _Made | str:
        """Return the report, or why there is none."""
        async with self._control.session() as session:
            viewer, account = await _viewer(session, row), await session.get_one(Account, row.account)
            if viewer is None:
                return NO_MEMBER
            label = await label_of(session, row.department)
            if row.department and (not label or (viewer.role != "owner" and row.department not in viewer.departments)):
                return NO_DEPARTMENT
            ratings = await ratings_of(session, row.account)
        departments = [row.department] if row.department else []
        looked_at = await build_filter(viewer, self._persons_of, self._activity, *days, departments=departments)
        async with self._control.session() as session:
            alerts = [await _alerts(session, viewer, row.department, one) for one in (looked_at.before(), looked_at)]
        about = About(
            rhythm=row.rhythm,
            origin=self._origin, encrypted=account.mode == "encrypted", everybody=viewer.role == "owner",
            department=row.department, label=label,
        )  # fmt: skip
        found = await asyncio.to_thread(self._find, looked_at, ratings, alerts, now)
        return _Made(viewer, about, found, looked_at)

    def _find(self, filter: Filter, ratings: Ratings, alerts: list[int], now: int) -> Found:
        return find(self._activity, filter, ratings, alerts[1], alerts[0], now)

    async def _write(
        self,
        row: Mailing,
        made: _Made | str,
        days: tuple[date, date],
        now: int,
        due: tuple[date, int] | None = None,
    ) -> None:
        """Put the mail into the outbox and note it, and the due day with it. Raises ``_Changed``."""
        if isinstance(made, _Made):
            # Before the mail can leave: no look without its entry.
            departments = [row.department] if row.department else []
            whom = whom_of(made.viewer, (), departments, made.filter.persons)
            await self._looks.note(made.viewer, "/reports", whom, now)
        async with self._control.session() as session:
            # Whoever changes the row first is the one who sends.
            same: list[ColumnElement[bool]] = [Mailing.id == row.id, Mailing.version == row.version]
            values: dict[str, object] = {"sent": now, "mail": 0, "reason": ""}
            if due is not None:
                same += [Mailing.done == row.done, Mailing.enabled.is_(True)]
                values |= {"done": due[0], "due": due[1]}
            claimed = await session.execute(update(Mailing).where(*same).values(values).returning(Mailing.id))
            if claimed.first() is None:
                raise _Changed
            stored = await session.get_one(Mailing, row.id, populate_existing=True)
            stored.first, stored.last = days
            if isinstance(made, str):
                stored.reason = made
                return
            account = await session.get_one(Account, row.account)
            if await _viewer(session, row) != made.viewer or (account.mode == "encrypted") != made.about.encrypted:
                raise _Changed
            email = (await session.get_one(Member, row.member)).email
            about, found = made.about, made.found
            told = (subject(about, *days), text_of(about, found), html_of(about, found))
            stored.mail = (await queue(session, row.account, email, *told, now)).id


async def _viewer(session: AsyncSession, row: Mailing) -> Viewer | None:
    """Return the receiver as account and roster say now, None when reports are not for them any more."""
    member = await session.get(Member, row.member)
    if member is None or member.state != "active" or member.role not in ("owner", "manager"):
        return None
    return Viewer(
        account=row.account,
        member=member.id,
        role=member.role,
        departments=frozenset(member.departments),
    )


async def _alerts(session: AsyncSession, viewer: Viewer, department: str, filter: Filter) -> int:
    """Return how many alerts of the filter's days the viewer sees, of one department alone as its manager would."""
    only = replace(viewer, role="manager", departments=frozenset((department,))) if department else viewer
    found = select(func.count()).select_from(Alert).join(AlertRule, AlertRule.id == Alert.rule)
    return await session.scalar(found.where(visible(only), Alert.day >= filter.first, Alert.day <= filter.last)) or 0
