"""Messages about names from before encryption was enabled (spec 13)."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from reteamz.wire.accounts import DictionaryEntry, EntryText

PAIRS_MOST: Final = 500
"""Most pairs in one message, of names and of labels."""

DictionaryId = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class ReadableNames(msgspec.Struct, frozen=True):
    """What still has only an entry in the clear: ``left`` names and labels in all, and some of them."""

    left: int
    entries: list[DictionaryEntry]
    labels: list[str]


class JoinPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tokens for names, by the id of the plain entry, and for labels, by their plain entry."""

    names: Annotated[list[tuple[DictionaryId, EntryText]], msgspec.Meta(max_length=PAIRS_MOST)] = []
    labels: Annotated[list[tuple[EntryText, EntryText]], msgspec.Meta(max_length=PAIRS_MOST)] = []


class Joined(msgspec.Struct, frozen=True):
    """How many names and labels are left."""

    left: int
