"""``GET /api/journal/{device}``: batches as they were signed, for verification by the owner (spec 10.1)."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from reteamz.server.accounts.access import Viewer
from reteamz.server.looks.keep import EVERYBODY, Looks
from reteamz.server.store.activity import ActivityStore
from reteamz.server.types import Now
from reteamz.wire.encoding import b64encode
from reteamz.wire.errors import ReteamzError

ENTRIES_MOST: Final = 1_000
"""Most batches in one answer."""


class SignedBatch(msgspec.Struct):
    """One batch: the signed bytes and the signature in base64, and when it came, in milliseconds."""

    seq: int
    body: str
    signature: str
    received_at: int


class Journal(msgspec.Struct):
    """Batches of one device in order."""

    entries: list[SignedBatch]


@get("/api/journal/{device:str}")
async def journal(
    viewer: NamedDependency[Viewer],
    activity: NamedDependency[ActivityStore],
    looks: NamedDependency[Looks],
    now: NamedDependency[Now],
    device: FromPath[str],
    after: Annotated[int, QueryParameter(name="after", ge=0)] = 0,
    limit: Annotated[int, QueryParameter(name="limit", ge=1, le=ENTRIES_MOST)] = 200,
) -> Journal:
    """Return the batches of one of the account's devices with numbers above ``after``."""
    if viewer.role != "owner":
        raise ReteamzError("forbidden", "The journal is for the owner of the account; ask them to verify it.")
    # Who is in these batches only the ends can tell: it may be anybody.
    await looks.note(viewer, "journal", [EVERYBODY], now())
    found = await asyncio.to_thread(activity.journal, viewer.account, device, after, limit)
    return Journal(
        [
            SignedBatch(entry.seq, b64encode(entry.body), b64encode(entry.signature), entry.received_at)
            for entry in found
        ]
    )


handlers = [journal]
