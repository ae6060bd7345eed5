"""What computers told their owner besides events, and the batches in which they signed it (spec 17)."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from reteamz.server.accounts.access import Viewer
from reteamz.server.devices.directory import DeviceDirectory
from reteamz.server.looks.keep import Looks, whom_of
from reteamz.server.records.show import persons_in, signed
from reteamz.server.records.types import Proof
from reteamz.server.store.activity import ActivityStore
from reteamz.wire.batch import NoticeCode
from reteamz.wire.errors import ReteamzError

ROWS: Final = 60
"""Notices on a page."""
EACH: Final = 3
"""Notices of one device where the latest are shown."""
_PAGE: Final = "/devices"
"""What a look at notices counts as."""


class NoticeView(msgspec.Struct, frozen=True):
    """One notice; ``at`` in milliseconds by the computer's clock, ``seq`` the batch that tells it, ``person`` an entry, "" for nobody."""

    device: str
    seq: int
    at: int
    code: NoticeCode
    person_id: int
    person: str
    count: int


class NoticesPage(msgspec.Struct, frozen=True):
    """One page of notices, those that came last first; ``count`` is how many there are in all."""

    rows: list[NoticeView]
    count: int
    page: int
    pages: int


async def show(viewer: Viewer, activity: ActivityStore, looks: Looks, now: int, page: int | None = None) -> NoticesPage:
    """Return a page of notices, the latest of each device without a number. Whom they name is noted as looked at.

    Raises:
        ReteamzError: ``forbidden`` for all but the owner.
    """
    viewer.require_owner()
    first = 0 if page is None else (page - 1) * ROWS
    count, told = await asyncio.to_thread(activity.notices, viewer.account, ROWS, first, EACH if page is None else None)
    rows = [
        NoticeView(
            one.device, one.seq, one.at, one.code, one.person, activity.name(viewer.account, one.person), one.count
        )
        for one in told
    ]
    persons = frozenset(row.person_id for row in rows if row.person_id)
    await looks.note(viewer, _PAGE, whom_of(viewer, persons, (), persons), now)
    return NoticesPage(rows, count, page or 1, max(1, -(-count // ROWS)))


async def prove(
    viewer: Viewer, device: str, seq: int, directory: DeviceDirectory, activity: ActivityStore, looks: Looks, now: int
) -> Proof:
    """Return a batch with notices as it was signed.

    Raises:
        ReteamzError: ``forbidden`` for all but the owner, ``not_found``.
    """
    viewer.require_owner()
    found = await signed(viewer.account, device, seq, directory, activity)
    if found is None or not found[1].notices:
        raise ReteamzError("not_found", "There is no such batch with notices; load the page again.")
    persons = persons_in(activity, viewer.account, found[1]) - {0}
    await looks.note(viewer, _PAGE, whom_of(viewer, persons, (), persons), now)
    return found[0]
