"""``/api/verdicts``."""

from __future__ import annotations

import asyncio
from functools import partial

from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from reteamz.server.accounts.access import Viewer
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.server.verdicts import judge
from reteamz.wire.verdicts import VerdictsPut, VerdictsState


@get("/api/verdicts")
async def verdicts(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
) -> VerdictsState:
    """Return how far the newest rules were evaluated."""
    last = await asyncio.to_thread(activity.last_name, viewer.account)
    async with control.session() as session:
        return await judge.state_of(session, viewer, last)


@put("/api/verdicts")
async def put_verdicts(
    data: JSONBody[VerdictsPut],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    now: NamedDependency[Now],
) -> VerdictsState:
    """Store verdicts of names that were not judged yet; the rules count once every name that was known at their start was."""
    last = await asyncio.to_thread(activity.last_name, viewer.account)
    entry_of = partial(activity.name, viewer.account)
    async with control.session() as session:
        await judge.put_verdicts(session, viewer, data, entry_of, last, now())
        return await judge.state_of(session, viewer, last)


handlers = [verdicts, put_verdicts]
