"""``GET /api/dictionary``: entries by id, or all of a field, so that a browser can decrypt and search them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from reteamz.server.accounts.access import Viewer
from reteamz.server.dictionary.visible import visible_names
from reteamz.server.reports.filters import PersonsOf
from reteamz.server.store.activity import ActivityStore
from reteamz.wire.accounts import DictionaryEntries, DictionaryEntry
from reteamz.wire.errors import ReteamzError
from reteamz.wire.tokens import Field

ENTRIES_MOST: Final = 5_000
"""Most entries in one answer."""


@get("/api/dictionary")
async def dictionary(
    viewer: NamedDependency[Viewer],
    activity: NamedDependency[ActivityStore],
    persons_of: NamedDependency[PersonsOf],
    ids: Annotated[
        list[str] | None, QueryParameter(name="ids", description="Ids, repeated or joined by commas")
    ] = None,
    field: Annotated[Field | None, QueryParameter(name="field")] = None,
    after: Annotated[int, QueryParameter(name="after", ge=0)] = 0,
    limit: Annotated[int, QueryParameter(name="limit", ge=1, le=ENTRIES_MOST)] = ENTRIES_MOST,
) -> DictionaryEntries:
    """Return entries that the viewer may read: those asked for, or those after an id."""
    chosen = None if ids is None else _numbers(ids)
    visible = await visible_names(viewer, persons_of, activity)
    if visible is not None:
        chosen = sorted(visible if chosen is None else visible & set(chosen))
    found = await asyncio.to_thread(activity.entries, viewer.account, field, after, limit, chosen)
    return DictionaryEntries([DictionaryEntry(entry.id, entry.field, entry.text) for entry in found])


def _numbers(texts: list[str]) -> list[int]:
    parts = [part for text in texts for part in text.split(",") if part]
    if len(parts) > ENTRIES_MOST or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise ReteamzError("input_invalid", "Ids are numbers, at most 5 000 of them; ask for fewer.")
    return [int(part) for part in parts]


handlers = [dictionary]
