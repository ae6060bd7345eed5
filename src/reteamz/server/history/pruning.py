"""Takes prunes: the owner vouches for restatements, and the signed batches go (spec 13.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Member
from reteamz.server.history.tables import StoredPrune
from reteamz.server.ingest.committer import Committer
from reteamz.server.store.activity import ActivityStore, RestatementRefused, StoreFailure
from reteamz.server.store.control import ControlStore
from reteamz.wire.batch import RosterHead
from reteamz.wire.encoding import b64decode, sha256, strict_decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp, ed25519_key
from reteamz.wire.prune import Prune, PruneMark
from reteamz.wire.signing import verify_jws


async def post_prune(
    control: ControlStore, activity: ActivityStore, committer: Committer, viewer: Viewer, jws: str
) -> RosterHead:
    """Store a prune in the place of the one before, and restate what it adds.

    What it says is checked first, so that a stop in between leaves something that can be done at the next start.

    Raises:
        ReteamzError: ``forbidden``, ``prune_refused``, ``prune_conflict``, ``busy``, ``disk_full``, and those of a bad signature.
    """
    viewer.require_owner()
    async with control.session() as session:
        prune = await _read(session, viewer, jws)
        stored = await session.get(StoredPrune, viewer.account)
        head = RosterHead(stored.version, stored.sha256) if stored is not None else RosterHead(0, "")
        before = _marks(stored.jws) if stored is not None else []
    await committer.perform(lambda: _restate(activity, viewer.account, before))
    digest = sha256(jws.encode())
    if head == RosterHead(prune.version, digest):
        return head
    if (prune.version, prune.prev) != (head.version + 1, head.sha256):
        raise _conflict()
    marks = {mark.id: mark for mark in prune.devices}
    if len(marks) != len(prune.devices) or any(
        old.id not in marks or (marks[old.id] != old and marks[old.id].seq <= old.seq) for old in before
    ):
        raise _refused()
    try:
        for mark in prune.devices:
            await asyncio.to_thread(activity.check_mark, viewer.account, mark)
    except RestatementRefused:
        raise _refused() from None
    async with control.session() as session:
        row = await session.get(StoredPrune, viewer.account, with_for_update=True)
        if row is None:
            session.add(StoredPrune(account=viewer.account, version=prune.version, sha256=digest, jws=jws))
        elif row.sha256 != head.sha256:
            raise _conflict()
        else:
            row.version, row.sha256, row.jws = prune.version, digest, jws
    await committer.perform(lambda: _restate(activity, viewer.account, prune.devices))
    return RosterHead(prune.version, digest)


async def follow_prunes(control: ControlStore, activity: ActivityStore) -> None:
    """Restate what stored prunes say and a stop left undone; before anybody else writes.

    What cannot be done now, for the disk is full or the store is another one, is left: verification tells of it.
    """
    async with control.session() as session:
        rows = list(await session.scalars(select(StoredPrune)))
    for row in rows:
        with suppress(RestatementRefused, StoreFailure):
            await asyncio.to_thread(_restate, activity, row.account, _marks(row.jws))


def _restate(activity: ActivityStore, account: str, marks: Sequence[PruneMark]) -> None:
    for mark in marks:
        activity.restate(account, mark)


async def prune_of(session: AsyncSession, account: str) -> str | None:
    """Return the newest prune as it was signed, None before the first."""
    return await session.scalar(select(StoredPrune.jws).where(StoredPrune.account == account))


async def _read(session: AsyncSession, viewer: Viewer, jws: str) -> Prune:
    member = await session.get_one(Member, viewer.member)
    payload = verify_jws(ed25519_key(msgspec.convert(member.settings, PublicOkp)), "reteamz-prune+1", jws)
    try:
        prune = strict_decode(payload, Prune)
    except ReteamzError:
        raise _refused() from None
    if prune.account != viewer.account:
        raise _refused()
    return prune


def _marks(jws: str) -> list[PruneMark]:
    return strict_decode(b64decode(jws.split(".")[1]), Prune).devices


def _refused() -> ReteamzError:
    return ReteamzError(
        "prune_refused", "What was signed does not fit what is stored; load the page again, then encrypt history again."
    )


def _conflict() -> ReteamzError:
    return ReteamzError(
        "prune_conflict", "History is being encrypted somewhere else; load the page again, then go on there."
    )
