"""``/api/history``: names from before encryption was enabled."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from reteamz.server.accounts.access import Viewer
from reteamz.server.history import joining, pruning, telling
from reteamz.server.history.erasing import Eraser
from reteamz.server.ingest.committer import Committer
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire.batch import RosterHead
from reteamz.wire.history import HistoryView, Joined, JoinPost, PrunePost, ReadableNames


@get("/api/history/names")
async def readable_names(
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    after: Annotated[int, QueryParameter(name="after", ge=0)] = 0,
) -> ReadableNames:
    """Return names that have an entry in the clear and no token, those with ids above ``after``; for the owner."""
    return await joining.readable_of(control, activity, viewer, after)


@post("/api/history/names", status_code=200)
async def join_names(
    data: JSONBody[JoinPost],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    committer: NamedDependency[Committer],
    now: NamedDependency[Now],
) -> Joined:
    """Join plain entries with their tokens, so that every report shows the name once (spec 13.1)."""
    return await joining.join(control, activity, committer, viewer, data, now())


@get("/api/history")
async def history(
    viewer: NamedDependency[Viewer], control: NamedDependency[ControlStore], activity: NamedDependency[ActivityStore]
) -> HistoryView:
    """Tell how far the history from before encryption is encrypted; for the owner."""
    return await telling.history_of(control, activity, viewer)


@post("/api/history/prune", status_code=200)
async def prune(
    data: JSONBody[PrunePost],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    committer: NamedDependency[Committer],
) -> RosterHead:
    """Put restatements in the place of signed batches, as far as a prune says (spec 13.3)."""
    return await pruning.post_prune(control, activity, committer, viewer, data.prune)


@post("/api/history/erase", status_code=202)
async def erase(viewer: NamedDependency[Viewer], eraser: NamedDependency[Eraser]) -> None:
    """Erase what is left of plain names, from both stores and their files (spec 13.5); how far it is tells ``GET /api/history``."""
    await eraser.start(viewer)


handlers = [readable_names, join_names, history, prune, erase]
