"""Stores the next roster with its bundle and grants: all of it or nothing."""

from __future__ import annotations

import msgspec
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Account, Member
from reteamz.server.audit.record import record
from reteamz.server.devices.tables import Device
from reteamz.server.members.follow import follow_members
from reteamz.server.roster.check import check_grant, check_next
from reteamz.server.roster.tables import RosterVersion, StoredGrant
from reteamz.wire.accounts import RosterPost, Rosters, RosterView
from reteamz.wire.batch import RosterHead
from reteamz.wire.encoding import b64decode, sha256, strict_decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp
from reteamz.wire.roster import DeviceEntry, DeviceList, Roster

VERSIONS_MOST = 200
"""Most versions in one answer."""


async def owner_key(session: AsyncSession, account: str) -> PublicOkp:
    """Return the identity key of the account's owner."""
    stored = await session.scalar(
        select(Member.identity).where(Member.account == account, Member.role == "owner", Member.state == "active")
    )
    return msgspec.convert(stored, PublicOkp)


async def head_of(session: AsyncSession, account: str) -> RosterHead:
    """Return version and hash of the newest roster."""
    last = await _last(session, account)
    return RosterHead(last.version, last.sha256)


async def versions_since(session: AsyncSession, account: str, since: int) -> Rosters:
    """Return the versions after ``since``, oldest first."""
    rows = await session.scalars(
        select(RosterVersion)
        .where(RosterVersion.account == account, RosterVersion.version > since)
        .order_by(RosterVersion.version)
        .limit(VERSIONS_MOST)
    )
    return Rosters([RosterView(row.version, row.jws, row.devices) for row in rows])


async def post_roster(session: AsyncSession, viewer: Viewer, post: RosterPost, now: int) -> RosterHead:
    """Check and store; ``now`` in milliseconds.

    Raises:
        ReteamzError: ``forbidden``, ``roster_conflict``, ``roster_refused``, ``bundle_conflict``, ``input_invalid``.
    """
    viewer.require_owner()
    account = await session.get_one(Account, viewer.account, with_for_update=True)
    owner = await owner_key(session, viewer.account)
    stored = await _last(session, viewer.account)
    last = (
        strict_decode(b64decode(stored.jws.split(".")[1]), Roster),
        strict_decode(stored.devices.encode(), DeviceList).devices,
    )
    roster, devices = check_next(viewer.account, owner, last, stored.sha256, post.roster, post.devices)
    head = RosterHead(roster.version, sha256(post.roster.encode()))
    session.add(
        RosterVersion(
            account=viewer.account, version=head.version, sha256=head.sha256, jws=post.roster, devices=post.devices
        )
    )
    # Written first: whoever comes second fails here, and what is read from now on stays so until the commit.
    try:
        await session.flush()
    except IntegrityError:
        raise ReteamzError(
            "roster_conflict", "The account was changed somewhere else; load the page again, then repeat."
        ) from None
    if account.mode != roster.mode:
        record(session, now, viewer.account, viewer.member, "encryption_enabled")
    account.mode, account.epoch = roster.mode, roster.epoch
    await follow_members(session, viewer, roster, now)
    await _follow_devices(session, viewer, devices, now)
    if post.bundle is not None:
        await replace_bundle(session, viewer.member, post.base, post.bundle)
    for given in post.grants:
        await _store_grant(session, viewer.account, owner, given.recipient, given.grant)
    record(session, now, viewer.account, viewer.member, "roster_signed", str(head.version))
    return head


async def replace_bundle(session: AsyncSession, member: str, base: str, bundle: str) -> Member:
    """Replace a member's bundle if it still is the one that ``base`` names. Raises ``bundle_conflict``."""
    row = await session.get_one(Member, member)
    found = None
    if sha256(row.bundle.encode()) == base:
        # Compared again by the statement: another request may replace it between reading and writing.
        found = await session.scalar(
            update(Member)
            .where(Member.id == member, Member.bundle == row.bundle)
            .values(bundle=bundle)
            .returning(Member.id)
        )
    if found is None:
        raise ReteamzError(
            "bundle_conflict", "Your keys were changed somewhere else; load the page again, then repeat."
        )
    return row


async def _last(session: AsyncSession, account: str) -> RosterVersion:
    row = await session.scalar(
        select(RosterVersion).where(RosterVersion.account == account).order_by(RosterVersion.version.desc()).limit(1)
    )
    if row is None:
        raise ReteamzError("not_found", "This account has no roster; sign up again.")
    return row


async def _follow_devices(session: AsyncSession, viewer: Viewer, devices: list[DeviceEntry], now: int) -> None:
    rows = {row.id: row for row in await session.scalars(select(Device).where(Device.account == viewer.account))}
    for entry in devices:
        row = rows.get(entry.id)
        if row is None or (row.signing_print, row.exchange_print) != (entry.signing, entry.exchange):
            raise ReteamzError("roster_refused", "The roster names a device that is not here; load the page again.")
        if row.state == "removed" and entry.state != "removed":
            raise ReteamzError("roster_refused", "The roster names a device that was refused; load the page again.")
        if row.state != entry.state:
            row.state = entry.state
            record(session, now, viewer.account, viewer.member, f"device_{entry.state}", entry.id)


async def _store_grant(session: AsyncSession, account: str, owner: PublicOkp, recipient: str, jws: str) -> None:
    grant = check_grant(account, owner, recipient, jws)
    old = await session.get(StoredGrant, (account, recipient))
    if old is None:
        session.add(StoredGrant(account=account, recipient=recipient, seq=grant.seq, jws=jws))
    elif grant.seq <= old.seq:
        raise ReteamzError("roster_conflict", "A newer grant is here already; load the page again, then repeat.")
    else:
        old.seq, old.jws = grant.seq, jws
