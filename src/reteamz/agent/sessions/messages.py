"""What service and session helper say to each other, in MessagePack. A helper holds no key; the service believes it nothing but its own desktop."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from reteamz.agent.control import Answer, Recording, Request
from reteamz.agent.desktop.base import Look, Window
from reteamz.agent.records.record import TextKind
from reteamz.agent.records.wanted import Wanted
from reteamz.wire import limits
from reteamz.wire.batch import Media, SealedKind

FRAME_BYTES: Final = 64 * 1024
"""Longest message without a picture or sound."""
CAPTURE_BYTES: Final = limits.BLOB_BYTES
"""Longest message of a helper that was asked for sealed content."""

Words = Annotated[str, msgspec.Meta(max_length=1_000)]


class Hello(msgspec.Struct, frozen=True, tag="hello", forbid_unknown_fields=True):
    """A helper begins: which desktop it sees, and what it cannot tell, and why."""

    v: Literal[1]
    desktop: Words
    unsupported: dict[Words, Words] = {}


class Seen(msgspec.Struct, frozen=True, tag="seen", forbid_unknown_fields=True):
    """One look at the desktop; ``offset`` is the session's distance from UTC in minutes."""

    look: Look
    offset: Annotated[int, msgspec.Meta(ge=-900, le=900)]


class Captured(msgspec.Struct, frozen=True, tag="captured", forbid_unknown_fields=True):
    """A picture or a piece of sound that was wanted; answered by :class:`Taken`. Members as :meth:`Sink.captured` has them."""

    number: int
    kind: SealedKind
    media: Media
    at: int
    caption: dict[str, Any]
    data: bytes
    windows: list[Window]

    def __repr__(self) -> str:
        return f"Captured({self.kind}, {len(self.data)} bytes)"


class Written(msgspec.Struct, frozen=True, tag="written", forbid_unknown_fields=True):
    """Text that was wanted; answered by :class:`Taken`. Members as :meth:`Sink.written` has them."""

    number: int
    kind: TextKind
    at: int
    window: Window
    text: str

    def __repr__(self) -> str:
        return f"Written({self.kind}, {len(self.text)} characters)"


class Failed(msgspec.Struct, frozen=True, tag="failed", forbid_unknown_fields=True):
    """A kind that was wanted and cannot be had here, or just now."""

    kind: SealedKind
    ever: bool
    reason: Words


class Asked(msgspec.Struct, frozen=True, tag="asked", forbid_unknown_fields=True):
    """A question or decision of the person; one connection, one question."""

    request: Request


ToService = Hello | Seen | Captured | Written | Failed | Asked


class Tell(msgspec.Struct, frozen=True, tag="tell"):
    """What a helper shall show and take, sent whenever it changes. ``asked`` are sentences that the person must still answer."""

    recording: Recording
    private_until: int
    may_be_private: bool
    asked: list[str]
    recorded: list[str]
    wanted: Wanted
    port: int


class Taken(msgspec.Struct, frozen=True, tag="taken"):
    """Whether a record was kept, and what a thumbnail of it names; None when it was not."""

    number: int
    of: str | None


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """The answer to a question."""

    answer: Answer


class Goodbye(msgspec.Struct, frozen=True, tag="goodbye"):
    """Why the service ends this connection."""

    code: str
    message: str


ToHelper = Tell | Taken | Answered | Goodbye

TO_SERVICE: Final = msgspec.msgpack.Decoder(ToService)
TO_HELPER: Final = msgspec.msgpack.Decoder(ToHelper)
