"""Messages about names from before encryption was enabled (spec 13)."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from reteamz.wire.accounts import DictionaryEntry, Document, EntryText

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


HistoryState = Literal["plain", "none", "readable", "compacting", "cleaning", "searching", "stopped", "found", "done"]
"""An account that is not encrypted; one without names from before; names that the server can read; then how far their erasure is."""


class HistoryView(msgspec.Struct, frozen=True):
    """How far the history from before encryption is encrypted.

    Attributes:
        state: see ``HistoryState``; ``at`` is when it was reached, in milliseconds, 0 where nobody asked for anything.
        left: names and labels without a token.
        names: entries in the clear that the server still has.
        restated, batches: how many batches are restated, and how many there are.
        files: files of the server that still hold names.
        prune: the newest prune (spec 13.3).
    """

    state: HistoryState
    at: int
    left: int
    names: int
    restated: int
    batches: int
    files: list[str]
    prune: str | None


class PrunePost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next prune."""

    prune: Document
