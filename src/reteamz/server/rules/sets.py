"""Stores the next rule set after what can be checked without a key (spec 12), and gives sets out."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Account, Member
from reteamz.server.audit.record import record
from reteamz.server.rules.tables import RulesVersion
from reteamz.wire.encoding import b64decode, sha256, strict_decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp, ed25519_key
from reteamz.wire.rules import RuleSet, RulesHead, RulesVersions, RulesView, epoch_of, require_whole
from reteamz.wire.signing import verify_jws

VERSIONS_MOST: Final = 20
"""Most versions in one answer."""


async def newest(session: AsyncSession, account: str) -> RulesView | None:
    """Return the newest rule set as it was signed, None before the first."""
    row = await _newest(session, account)
    return _view(row) if row is not None else None


async def rules_of(session: AsyncSession, account: str) -> RuleSet | None:
    """Return what the newest rule set says in the open, None before the first."""
    row = await _newest(session, account)
    return _payload(row) if row is not None else None


async def versions_since(session: AsyncSession, viewer: Viewer, since: int | None) -> RulesVersions:
    """Return the versions after ``since``, oldest first; without it the newest alone. Raises ``forbidden``."""
    if viewer.role not in ("owner", "manager"):
        raise ReteamzError("forbidden", "Rules are for owners and managers; ask the owner of the account.")
    if since is None:
        found = await newest(session, viewer.account)
        return RulesVersions([found] if found is not None else [])
    rows = await session.scalars(
        select(RulesVersion)
        .where(RulesVersion.account == viewer.account, RulesVersion.version > since)
        .order_by(RulesVersion.version)
        .limit(VERSIONS_MOST)
    )
    return RulesVersions([_view(row) for row in rows])


async def post_rules(session: AsyncSession, viewer: Viewer, jws: str, now: int) -> RulesHead:
    """Check and store the next rule set, signed by the viewer's own settings key; ``now`` in milliseconds.

    Raises:
        ReteamzError: ``forbidden``, ``rules_refused``, ``rules_conflict``, ``plain_refused``, ``signature_invalid``, ``header_refused``,
            ``base64_invalid``.
    """
    viewer.require_right("settings")
    member = await session.get_one(Member, viewer.member)
    rules = _read(viewer.account, msgspec.convert(member.settings, PublicOkp), jws)
    _check_labels(await session.get_one(Account, viewer.account), rules)
    last = await _newest(session, viewer.account)
    before = RulesHead(last.version, last.sha256) if last is not None else RulesHead(0, "")
    if (rules.version, rules.prev) != (before.version + 1, before.sha256):
        raise _conflict()
    head = RulesHead(rules.version, sha256(jws.encode()))
    session.add(
        RulesVersion(
            account=viewer.account,
            version=head.version,
            sha256=head.sha256,
            jws=jws,
            signer=member.settings,
            member=member.id,
            issued=rules.issued,
        )
    )
    try:
        await session.flush()
    except IntegrityError:
        raise _conflict() from None
    if epoch_of(rules):
        await _forget_plain(session, viewer.account)
    record(session, now, viewer.account, viewer.member, "rules_signed", str(head.version))
    return head


def _read(account: str, signer: PublicOkp, jws: str) -> RuleSet:
    try:
        rules = strict_decode(verify_jws(ed25519_key(signer), "reteamz-rules+1", jws), RuleSet)
    except ReteamzError as error:
        if error.code == "json_invalid":
            raise ReteamzError("rules_refused", "The rules are not of the agreed form; load the page again.") from None
        raise
    if rules.account != account:
        raise ReteamzError("rules_refused", "The rules are another account's; load the page again.")
    require_whole(rules)
    return rules


def _check_labels(account: Account, rules: RuleSet) -> None:
    """Require labels of the form that the account takes (spec 12.4)."""
    epoch = epoch_of(rules)
    if epoch is None or epoch == account.epoch:
        return
    if epoch == 0:
        raise ReteamzError("plain_refused", "Readable names are not taken here; log in again, then repeat.")
    raise ReteamzError("rules_refused", "The rules are encrypted under another epoch; load the page again.")


async def readable(session: AsyncSession, account: str) -> bool:
    """Tell whether labels of rule sets are still in the clear."""
    rows = await session.scalars(select(RulesVersion).where(RulesVersion.account == account))
    return any(epoch_of(_payload(row)) == 0 for row in rows)


async def _forget_plain(session: AsyncSession, account: str) -> None:
    """Delete versions from before encryption: once their labels are tokens, nobody needs the readable ones (spec 12.4)."""
    for row in await session.scalars(select(RulesVersion).where(RulesVersion.account == account)):
        if epoch_of(_payload(row)) == 0:
            await session.delete(row)


def _payload(row: RulesVersion) -> RuleSet:
    return strict_decode(b64decode(row.jws.split(".")[1]), RuleSet)


async def _newest(session: AsyncSession, account: str) -> RulesVersion | None:
    found: RulesVersion | None = await session.scalar(
        select(RulesVersion).where(RulesVersion.account == account).order_by(RulesVersion.version.desc()).limit(1)
    )
    return found


def _view(row: RulesVersion) -> RulesView:
    return RulesView(row.version, row.jws, msgspec.convert(row.signer, PublicOkp))


def _conflict() -> ReteamzError:
    return ReteamzError("rules_conflict", "The rules were changed somewhere else; load the page again, then repeat.")
