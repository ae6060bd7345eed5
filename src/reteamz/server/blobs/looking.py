"""Who may look at which sealed content."""

from __future__ import annotations

import asyncio

from reteamz.server.accounts.access import Viewer
from reteamz.server.audit.record import record
from reteamz.server.blobs.store import BlobStore
from reteamz.server.looks.keep import Looks, whom_of
from reteamz.server.reports.filters import PersonsOf
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.wire.encoding import b64decode
from reteamz.wire.errors import ReteamzError


async def look(
    viewer: Viewer,
    sha256: str,
    control: ControlStore,
    activity: ActivityStore,
    blobs: BlobStore,
    persons_of: PersonsOf,
    looks: Looks,
    now: int,
) -> bytes:
    """Return a sealed blob after writing into the audit log, and for those in it, that it was looked at.

    A manager sees only what batches list for a person of their departments.

    Args:
        sha256: hash of the blob in base64.
        now: the server's clock, in milliseconds.

    Raises:
        ReteamzError: ``forbidden`` without the right ``sealed``, ``not_found`` for what is not there and for what is not theirs alike.
    """
    viewer.require_right("sealed")
    listed = await asyncio.to_thread(activity.blob_persons, viewer.account, _checked(sha256))
    if viewer.role != "owner":
        theirs = set(await persons_of(viewer.account, viewer.departments))
        listed = [person for person in listed if person in theirs]
    data = await blobs.get(viewer.account, sha256) if listed else None
    if data is None:
        raise _missing()
    # Before the bytes leave: no look without its entry.
    seen = frozenset(person for person in listed if person)
    await looks.note(viewer, "sealed", whom_of(viewer, seen, (), seen), now)
    async with control.session() as session:
        record(session, now, viewer.account, viewer.member, "sealed_opened", sha256)
    return data


def _checked(sha256: str) -> str:
    try:
        raw = b64decode(sha256)
    except ReteamzError:
        raw = b""
    if len(raw) != 32:
        raise _missing()
    return sha256


def _missing() -> ReteamzError:
    return ReteamzError("not_found", "There is no such record; load the page again.")
