"""Rules: who may see and change them, and what they may say."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.signup import check_label
from reteamz.server.accounts.tables import Account, Member
from reteamz.server.alerts.tables import Alert, AlertDelivery, AlertRule
from reteamz.server.audit.record import record
from reteamz.server.store.activity import ActivityStore
from reteamz.wire import alerts as wire
from reteamz.wire.encoding import b64encode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.roster import MemberEntry, Roster
from reteamz.wire.tokens import split_plain, split_token

TIMED: Final = ("app", "site", "title", "url", "doc")
"""Fields whose names hold time."""


def kind_of(stored: Mapping[str, Any], about: int) -> wire.Kind:
    """Return a kind as the database keeps it; ``about`` is the name it is about, 0 for none."""
    kind: wire.Kind = msgspec.convert({**stored, "name": about} if stored["type"] == "name" else stored, wire.Kind)
    return kind


def stored_kind(kind: wire.Kind) -> tuple[dict[str, Any], int]:
    """Return a kind as the database keeps it, and the name it is about."""
    stored: dict[str, Any] = msgspec.to_builtins(kind)
    return stored, stored.pop("name", 0)


def kind_name(kind: wire.Kind) -> wire.KindName:
    """Return the word for a kind."""
    return kind.__struct_config__.tag  # type: ignore[return-value]  # the tags are those words


async def rule_views(session: AsyncSession, viewer: Viewer, activity: ActivityStore) -> list[wire.AlertRuleView]:
    """Return the rules that the viewer may see, the oldest first. Raises ``forbidden``."""
    _require_manager(viewer)
    rows = await session.scalars(
        select(AlertRule).where(AlertRule.account == viewer.account).order_by(AlertRule.since, AlertRule.id)
    )
    seen = [row for row in rows if viewer.role == "owner" or row.department in viewer.departments]
    counted = await session.execute(
        select(Alert.rule, func.count()).where(Alert.account == viewer.account).group_by(Alert.rule)
    )
    found = dict(counted.all())
    failing = await _failing(session, viewer.account)
    return [_view(row, viewer, activity, found.get(row.id, 0), failing.get(row.id, "")) for row in seen]


async def recipients(session: AsyncSession, viewer: Viewer) -> list[wire.RecipientView]:
    """Return whom the viewer's rules may write to: an owner every owner and manager, a manager themselves."""
    _require_manager(viewer)
    rows = await session.scalars(
        select(Member)
        .where(Member.account == viewer.account, Member.state == "active", Member.role.in_(("owner", "manager")))
        .order_by(Member.email)
    )
    return [wire.RecipientView(row.id, row.email) for row in rows if viewer.role == "owner" or row.id == viewer.member]


async def add_rule(
    session: AsyncSession, viewer: Viewer, activity: ActivityStore, put: wire.AlertRulePut, now: int
) -> wire.AlertRuleMade:
    """Add a rule; ``now`` in milliseconds.

    Raises:
        ReteamzError: ``forbidden``, ``not_found`` for a name that is not there, ``input_invalid``, ``plain_refused``, ``token_malformed``.
    """
    await _check(session, viewer, activity, put, ())
    count = await session.scalar(select(func.count()).select_from(AlertRule).where(AlertRule.account == viewer.account))
    if (count or 0) >= wire.RULES_MOST:
        raise ReteamzError("input_invalid", f"An account has at most {wire.RULES_MOST} rules; delete one first.")
    kind, about = stored_kind(put.kind)
    row = AlertRule(
        id=b64encode(os.urandom(16)), account=viewer.account, name=put.name, department=put.department or "",
        kind=kind, about=about, enabled=put.enabled, quiet=_quiet(put), mail=list(put.mail),
        hook=put.hook, secret=_secret() if put.hook else "", hook_by=viewer.member if put.hook else "", since=now,
    )  # fmt: skip
    session.add(row)
    record(session, now, viewer.account, viewer.member, "alert_rule_added", row.id)
    return wire.AlertRuleMade(row.id, row.secret)


async def change_rule(
    session: AsyncSession, viewer: Viewer, activity: ActivityStore, rule: str, put: wire.AlertRulePut, now: int
) -> wire.AlertRuleMade:
    """Put another rule in the place of one. What it looks for counts from now on when that changed, or was off.

    Raises:
        ReteamzError: as `add_rule`, and ``not_found``.
    """
    row = await _changeable(session, viewer, rule)
    await _check(session, viewer, activity, put, row.mail)
    kind, about = stored_kind(put.kind)
    looks_elsewhere = (kind, about) != (row.kind, row.about) or (put.department or "") != row.department
    if looks_elsewhere or (put.enabled and not row.enabled):
        row.since = now
    made = ""
    if not put.hook:
        row.secret = ""
    elif not row.secret or put.new_secret:
        row.secret = made = _secret()
    row.name, row.department, row.enabled = put.name, put.department or "", put.enabled
    row.kind, row.about = kind, about
    if put.hook != row.hook:
        row.hook_by = viewer.member if put.hook else ""
    row.quiet, row.mail, row.hook = _quiet(put), list(put.mail), put.hook
    record(session, now, viewer.account, viewer.member, "alert_rule_changed", row.id)
    return wire.AlertRuleMade(row.id, made)


async def remove_rule(session: AsyncSession, viewer: Viewer, rule: str, now: int) -> None:
    """Remove a rule, and what it found. Raises ``forbidden``, ``not_found``."""
    row = await _changeable(session, viewer, rule)
    await session.delete(row)
    record(session, now, viewer.account, viewer.member, "alert_rule_removed", rule)


async def end_hooks(session: AsyncSession, roster: Roster, now: int) -> None:
    """Forget webhooks whose rules may not be changed any more by who named them: nobody else answers for those addresses."""
    members = {entry.id: entry for entry in roster.members if entry.state == "active"}
    named = select(AlertRule).where(AlertRule.account == roster.account, AlertRule.hook_by != "")
    for row in await session.scalars(named):
        member = members.get(row.hook_by)
        if member is None or not _may_change(member, row):
            record(session, now, roster.account, row.hook_by, "alert_hook_ended", row.id)
            row.hook = row.secret = row.hook_by = ""


def _require_manager(viewer: Viewer) -> None:
    if viewer.role not in ("owner", "manager"):
        raise ReteamzError("forbidden", "Alerts are for owners and managers; ask the owner of the account.")


async def _changeable(session: AsyncSession, viewer: Viewer, rule: str) -> AlertRule:
    viewer.require_right("settings")
    row = await session.get(AlertRule, rule)
    if row is None or row.account != viewer.account or not _may_change(viewer, row):
        raise ReteamzError("not_found", "There is no such rule; load the page again.")
    return row


def _may_change(member: Viewer | MemberEntry, row: AlertRule) -> bool:
    return member.role == "owner" or ("settings" in member.rights and row.department in member.departments)


async def _check(
    session: AsyncSession, viewer: Viewer, activity: ActivityStore, put: wire.AlertRulePut, before: Collection[str]
) -> None:
    """Require a rule that the viewer may make; whether a department is theirs was checked before."""
    viewer.require_right("settings")
    if put.department is None and viewer.role != "owner":
        raise ReteamzError("forbidden", "Rules for the whole account are the owner's; choose a department.")
    check_label(put.name, (await session.get_one(Account, viewer.account)).mode)
    if put.department is not None and isinstance(put.kind, wire.Unconfirmed):
        raise ReteamzError("input_invalid", "A computer that waits is in no department; choose the whole account.")
    if isinstance(put.kind, wire.RatingTime | wire.NameTime) and put.kind.measure == "share" and put.kind.amount > 100:
        raise ReteamzError("input_invalid", "A share is at most 100 per cent; check the amount.")
    if isinstance(put.kind, wire.NameTime):
        entry = activity.name(viewer.account, put.kind.name)
        parts = split_token(entry) or split_plain(entry)
        if parts is None or parts[0] not in TIMED:
            raise ReteamzError("not_found", "There is no such name; load the page again.")
    allowed = {one.member for one in await recipients(session, viewer)} | set(before)
    if not allowed.issuperset(put.mail):
        raise ReteamzError("input_invalid", "Mail goes to members who may see the alert; load the page again.")
    if put.hook:
        _check_hook(put.hook)


def _check_hook(url: str) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        (parts.hostname or "").encode("idna")
    except ValueError:
        sound = False
    if not sound or parts.username or parts.password or parts.fragment or not url.isascii() or not url.isprintable():
        raise ReteamzError("input_invalid", "A webhook is an address such as https://chat.example/hooks/1; check it.")


def _secret() -> str:
    return b64encode(os.urandom(32))


def _quiet(put: wire.AlertRulePut) -> list[int] | None:
    return None if put.quiet is None else [put.quiet.begin, put.quiet.end]


async def _failing(session: AsyncSession, account: str) -> dict[str, str]:
    """Return why the newest webhook of each rule failed, of those whose newest did."""
    rows = await session.execute(
        select(Alert.rule, AlertDelivery.reason)
        .join(AlertDelivery, AlertDelivery.alert == Alert.id)
        .where(Alert.account == account, AlertDelivery.channel == "hook", AlertDelivery.tries > 0)
        .order_by(AlertDelivery.id)
    )
    return dict(rows.all())


def _view(row: AlertRule, viewer: Viewer, activity: ActivityStore, found: int, failing: str) -> wire.AlertRuleView:
    kind = kind_of(row.kind, row.about)
    return wire.AlertRuleView(
        id=row.id,
        name=row.name,
        department=row.department or None,
        kind=kind,
        entry=activity.name(row.account, row.about),
        enabled=row.enabled,
        quiet=None if row.quiet is None else wire.QuietHours(*row.quiet),
        mail=row.mail,
        # Whoever knows the address of a webhook may often write to it: it is shown to those who may change it.
        hook=row.hook if _may_change(viewer, row) else "",
        since=row.since,
        found=found,
        failing=failing,
        may_change=_may_change(viewer, row),
    )
