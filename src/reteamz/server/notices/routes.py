"""``GET /api/notices`` and ``GET /api/notices/…``: what computers told their owner, and the proof of it."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from reteamz.server.accounts.access import Viewer
from reteamz.server.devices.directory import DeviceDirectory
from reteamz.server.looks.keep import Looks
from reteamz.server.notices import show
from reteamz.server.records.types import Proof
from reteamz.server.store.activity import ActivityStore
from reteamz.server.types import Now


@get("/api/notices")
async def notices(
    viewer: NamedDependency[Viewer],
    activity: NamedDependency[ActivityStore],
    looks: NamedDependency[Looks],
    now: NamedDependency[Now],
    page: Annotated[
        int | None, QueryParameter(name="page", ge=1, le=1_000_000, description="Without: the latest of each device")
    ] = None,
) -> show.NoticesPage:
    """Return what computers told besides events (spec 17), those that came last first; for the owner."""
    return await show.show(viewer, activity, looks, now(), page)


@get("/api/notices/{device:str}/{seq:int}")
async def proof(
    viewer: NamedDependency[Viewer],
    directory: NamedDependency[DeviceDirectory],
    activity: NamedDependency[ActivityStore],
    looks: NamedDependency[Looks],
    now: NamedDependency[Now],
    device: FromPath[str],
    seq: FromPath[int],
) -> Proof:
    """Return a batch with notices as it was signed, with the key of its computer; for the owner."""
    return await show.prove(viewer, device, seq, directory, activity, looks, now())


handlers = [notices, proof]
