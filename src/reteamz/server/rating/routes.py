"""``/api/ratings``."""

from __future__ import annotations

import asyncio

from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from reteamz.server.accounts.access import Viewer
from reteamz.server.rating import rate
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.server.verdicts.judge import RATED
from reteamz.wire.accounts import RatingPut, RatingView
from reteamz.wire.errors import ReteamzError


@get("/api/ratings")
async def ratings(viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore]) -> list[RatingView]:
    """Return the explicit ratings that the viewer may see."""
    async with control.session() as session:
        return await rate.views_of(session, viewer)


@put("/api/ratings/{name:int}", status_code=204)
async def rate_name(
    name: FromPath[int],
    data: JSONBody[RatingPut],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    now: NamedDependency[Now],
) -> None:
    """Rate a name; what was recorded before is rated by it as well, at once."""
    known = await asyncio.to_thread(activity.entries, viewer.account, None, 0, 1, [name])
    if not known or known[0].field not in RATED:
        raise ReteamzError("not_found", "There is no such name; load the page again.")
    async with control.session() as session:
        await rate.rate(session, viewer, known[0].id, data, now())


handlers = [ratings, rate_name]
