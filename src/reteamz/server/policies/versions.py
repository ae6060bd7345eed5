"""Stores the next policy after what can be checked without a key (spec 16), and gives policies out. Nothing here acts on one."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Account, Member
from reteamz.server.audit.record import record
from reteamz.server.policies.tables import PolicyVersion
from reteamz.wire.encoding import b64decode, sha256, strict_decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp, ed25519_key
from reteamz.wire.policy import PolicyHead, PolicySet, PolicyVersions, PolicyView, epoch_of, require_whole
from reteamz.wire.signing import verify_jws

VERSIONS_MOST: Final = 20
"""Most versions in one answer."""


@lru_cache(maxsize=64)
def read(jws: str) -> PolicySet:
    """Return the payload of a policy that was checked when it was stored."""
    return strict_decode(b64decode(jws.split(".")[1]), PolicySet)


async def newest_policy(session: AsyncSession, account: str, but: int = 0) -> PolicyView | None:
    """Return the newest policy as it was signed; None before the first, and when it is the version ``but``."""
    row = await _newest(session, account)
    return _view(row) if row is not None and row.version != but else None


async def policies_since(session: AsyncSession, viewer: Viewer, since: int | None) -> PolicyVersions:
    """Return the versions after ``since``, oldest first; without it the newest alone. Raises ``forbidden``."""
    viewer.require_right("settings")
    if since is None:
        found = await newest_policy(session, viewer.account)
        return PolicyVersions([found] if found is not None else [])
    rows = await session.scalars(
        select(PolicyVersion)
        .where(PolicyVersion.account == viewer.account, PolicyVersion.version > since)
        .order_by(PolicyVersion.version)
        .limit(VERSIONS_MOST)
    )
    return PolicyVersions([_view(row) for row in rows])


async def post_policy(session: AsyncSession, viewer: Viewer, jws: str, now: int) -> PolicyHead:
    """Check and store the next policy, signed by the viewer's own settings key; ``now`` in milliseconds.

    Raises:
        ReteamzError: ``forbidden``, ``policy_refused``, ``policy_conflict``, ``signature_invalid``, ``header_refused``, ``base64_invalid``.
    """
    viewer.require_right("settings")
    member = await session.get_one(Member, viewer.member)
    account = await session.get_one(Account, viewer.account)
    policy = _checked(account, msgspec.convert(member.settings, PublicOkp), jws)
    last = await _newest(session, viewer.account)
    before = PolicyHead(last.version, last.sha256) if last is not None else PolicyHead(0, "")
    if (policy.version, policy.prev) != (before.version + 1, before.sha256):
        raise _conflict()
    head = PolicyHead(policy.version, sha256(jws.encode()))
    session.add(
        PolicyVersion(
            account=viewer.account,
            version=head.version,
            sha256=head.sha256,
            jws=jws,
            signer=member.settings,
            member=member.id,
            issued=policy.issued,
        )
    )
    try:
        await session.flush()
    except IntegrityError:
        raise _conflict() from None
    record(session, now, viewer.account, viewer.member, "policy_signed", str(head.version))
    return head


def _checked(account: Account, signer: PublicOkp, jws: str) -> PolicySet:
    try:
        policy = strict_decode(verify_jws(ed25519_key(signer), "reteamz-policy+1", jws), PolicySet)
    except ReteamzError as error:
        if error.code == "json_invalid":
            raise _refused("The policy is not of the agreed form; load the page again.") from None
        raise
    if policy.account != account.id:
        raise _refused("The policy is another account's; load the page again.")
    require_whole(policy)
    if account.mode != "encrypted":
        raise _refused("Computers follow a policy only in an encrypted account; enable encryption first.")
    if epoch_of(policy) not in (None, account.epoch):
        raise _refused("The policy is encrypted under another epoch; load the page again.")
    return policy


async def _newest(session: AsyncSession, account: str) -> PolicyVersion | None:
    found: PolicyVersion | None = await session.scalar(
        select(PolicyVersion).where(PolicyVersion.account == account).order_by(PolicyVersion.version.desc()).limit(1)
    )
    return found


def _view(row: PolicyVersion) -> PolicyView:
    return PolicyView(row.version, row.jws, msgspec.convert(row.signer, PublicOkp))


def _refused(reason: str) -> ReteamzError:
    return ReteamzError("policy_refused", reason)


def _conflict() -> ReteamzError:
    return ReteamzError("policy_conflict", "The policy was changed somewhere else; load the page again, then repeat.")
