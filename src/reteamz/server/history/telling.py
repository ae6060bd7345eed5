"""Tells how far the history of an account is encrypted."""

from __future__ import annotations

import asyncio

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Account
from reteamz.server.history.pruning import prune_of
from reteamz.server.history.tables import Erasure
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.store.control.names import readable_labels
from reteamz.wire.history import HistoryState, HistoryView


async def history_of(control: ControlStore, activity: ActivityStore, viewer: Viewer) -> HistoryView:
    """Return how far it is. Raises ``forbidden``."""
    viewer.require_owner()
    async with control.session() as session:
        encrypted = (await session.get_one(Account, viewer.account)).mode == "encrypted"
        erasure = await session.get(Erasure, viewer.account)
        prune = await prune_of(session, viewer.account)
        labels = len(await readable_labels(session, viewer.account)) if encrypted else 0
    if not encrypted:
        return HistoryView("plain", 0, 0, 0, 0, 0, [], None)
    names = await asyncio.to_thread(activity.count_plain, viewer.account)
    left = await asyncio.to_thread(activity.count_readable, viewer.account) if names else 0
    restated, batches = await asyncio.to_thread(activity.progress, viewer.account) if names or prune else (0, 0)
    state: HistoryState = "readable" if names or labels else "none"
    if erasure is not None:
        state = erasure.state  # type: ignore[assignment]  # one of them is written
    at, files = (erasure.at, erasure.files) if erasure is not None else (0, [])
    return HistoryView(state, at, left + labels, names, restated, batches, files, prune)
