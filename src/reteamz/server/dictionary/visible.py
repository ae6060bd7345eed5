"""Which names a viewer may read: those of the rows that they may see."""

from __future__ import annotations

import asyncio

from reteamz.server.accounts.access import Viewer
from reteamz.server.reports.filters import PersonsOf
from reteamz.server.reports.names import names_in
from reteamz.server.store.activity import ActivityStore
from reteamz.wire.errors import ReteamzError


async def visible_names(viewer: Viewer, persons_of: PersonsOf, activity: ActivityStore) -> frozenset[int] | None:
    """Return the ids of the names that a viewer may read, None for all of the account.

    An owner reads all, and so does a manager with the right ``settings``, whose rules speak of every name. Other managers read the names
    in rows of their departments, employees those in their own.

    Raises:
        ReteamzError: ``forbidden`` for others.
    """
    if viewer.role == "owner" or (viewer.role == "manager" and "settings" in viewer.rights):
        return None
    if viewer.role == "manager":
        persons = await persons_of(viewer.account, viewer.departments)
    elif viewer.person is not None:
        persons = (viewer.person,)
    else:
        raise ReteamzError("forbidden", "There are no names for you; ask the owner of the account.")
    return await asyncio.to_thread(names_in, activity, viewer.account, frozenset(persons))
