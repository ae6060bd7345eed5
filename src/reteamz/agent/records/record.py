"""One record of sealed content, as a source makes it and before it is sealed (spec 5)."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from reteamz.wire.batch import Media, SealedKind

TextKind = Literal["text", "clipboard", "chat"]

TEXT_BYTES: Final = 16 * 1024
"""Longest text of one record, in bytes of UTF-8; the rest is cut off."""
TEXTS_BYTES: Final = 128 * 1024
"""Text records of a kind travel together, up to so many bytes."""


class Record(msgspec.Struct, frozen=True):
    """What a source recorded; ``at`` in milliseconds, ``caption`` as spec 5.6 has it, names in it as the policy allows them."""

    kind: SealedKind
    media: Media
    at: int
    person: str
    caption: dict[str, Any]
    data: bytes

    def __repr__(self) -> str:
        return f"Record({self.kind}, {len(self.data)} bytes)"


class Text(msgspec.Struct, frozen=True):
    """What was typed, copied or said in one window; ``at`` in milliseconds."""

    at: int
    app: str
    title: str
    site: str
    text: str

    def __repr__(self) -> str:
        return f"Text({len(self.text)} characters)"


class Texts(msgspec.Struct, frozen=True):
    """The data of a blob of text records (spec 5.7)."""

    v: Literal[1]
    records: list[Text]


def clipped(text: str, most: int = TEXT_BYTES) -> str:
    """Return the text, without what has no UTF-8, cut at a character boundary to ``most`` bytes."""
    raw = text.encode("utf-8", "replace")
    return raw.decode() if len(raw) <= most else raw[:most].decode("utf-8", "ignore")
