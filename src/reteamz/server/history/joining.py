"""Joins plain entries with their tokens in both stores, and moves what attaches to them."""

from __future__ import annotations

import asyncio
from functools import partial

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Account
from reteamz.server.audit.record import record
from reteamz.server.ingest.committer import Committer
from reteamz.server.store.activity import ActivityStore, JoinRefused
from reteamz.server.store.control import ControlStore
from reteamz.server.store.control.names import follow_names, readable_labels, replace_label
from reteamz.wire.accounts import DictionaryEntry
from reteamz.wire.errors import ReteamzError
from reteamz.wire.history import PAIRS_MOST, Joined, JoinPost, ReadableNames
from reteamz.wire.tokens import split_token


async def readable_of(control: ControlStore, activity: ActivityStore, viewer: Viewer, after: int) -> ReadableNames:
    """Return what has an entry in the clear only; nothing in an account that is not encrypted, where all names have. Raises ``forbidden``."""
    viewer.require_owner()
    async with control.session() as session:
        if (await session.get_one(Account, viewer.account)).mode != "encrypted":
            return ReadableNames(0, [], [])
        labels = await readable_labels(session, viewer.account)
    left = await asyncio.to_thread(activity.count_readable, viewer.account)
    found = await asyncio.to_thread(activity.readable, viewer.account, after, PAIRS_MOST) if left else []
    entries = [DictionaryEntry(one.id, one.field, one.text) for one in found]
    return ReadableNames(left + len(labels), entries, labels[:PAIRS_MOST])


async def join(
    control: ControlStore, activity: ActivityStore, committer: Committer, viewer: Viewer, post: JoinPost, now: int
) -> Joined:
    """Join names and labels with their tokens; ``now`` in milliseconds. What is interrupted can be sent again.

    Raises:
        ReteamzError: ``forbidden``, ``input_invalid``, ``busy``, ``disk_full``.
    """
    viewer.require_owner()
    async with control.session() as session:
        account = await session.get_one(Account, viewer.account)
        epoch = account.epoch if account.mode == "encrypted" else 0
        labels = set(await readable_labels(session, viewer.account))
    for _, token in (*post.names, *post.labels):
        parts = split_token(token)
        if parts is None or parts[1] > epoch:
            raise _refused()
    if not {text for text, _ in post.labels} <= labels:
        raise _refused()
    try:
        await committer.perform(lambda: activity.join(viewer.account, post.names, post.labels, now))
    except JoinRefused:
        raise _refused() from None
    # A crash between the two stores is mended here by the next one, and at every start.
    async with control.session() as session:
        for text, token in post.labels:
            await replace_label(session, viewer.account, text, token)
        await follow_names(session, viewer.account, partial(activity.first, viewer.account))
        left = await asyncio.to_thread(activity.count_readable, viewer.account)
        left += len(await readable_labels(session, viewer.account))
        if not left:
            record(session, now, viewer.account, viewer.member, "names_joined")
    return Joined(left)


async def follow_joins(control: ControlStore, activity: ActivityStore) -> None:
    """Move what attaches to names that were joined before the last stop."""
    for account in activity.joined_accounts():
        async with control.session() as session:
            await follow_names(session, account, partial(activity.first, account))


def _refused() -> ReteamzError:
    return ReteamzError("input_invalid", "These tokens do not belong to names of this account; load the page again.")
