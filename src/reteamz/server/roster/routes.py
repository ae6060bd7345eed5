"""``/api/rosters``: every version, and the next one."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from reteamz.server.accounts.access import Viewer
from reteamz.server.devices.directory import DeviceDirectory
from reteamz.server.roster.post import post_roster, versions_since
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire.accounts import RosterPost, Rosters
from reteamz.wire.batch import RosterHead

ROSTER_BYTES: Final = 64 * 1024 * 1024
"""A roster may come with a grant for every computer: 2.8 KB each."""


@get("/api/rosters")
async def rosters(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    since: Annotated[int, QueryParameter(name="since", ge=0)] = 0,
) -> Rosters:
    """Return the versions after ``since``, oldest first."""
    async with control.session() as session:
        return await versions_since(session, viewer.account, since)


@post("/api/rosters", status_code=201, request_max_body_size=ROSTER_BYTES)
async def next_roster(
    data: JSONBody[RosterPost],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    directory: NamedDependency[DeviceDirectory],
    now: NamedDependency[Now],
) -> RosterHead:
    """Store the next version with its bundle and grants."""
    async with control.session() as session:
        head = await post_roster(session, viewer, data, now())
    directory.forget(viewer.account)
    return head


handlers = [rosters, next_roster]
