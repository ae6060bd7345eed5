"""What goes into the activity store and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reteamz.wire.batch import Blob, Event, Notice, NoticeCode
from reteamz.wire.tokens import Field


@dataclass(slots=True, frozen=True)
class Stored:
    """One accepted batch, void or restart on its way into the store.

    Attributes:
        account, device: identifiers (spec 1.4).
        seq: number of the batch.
        sha256: raw SHA-256 of the body, 32 bytes.
        body: the decoded bytes that were signed.
        signature: raw signature, 64 bytes.
        received_at: the server's clock, in milliseconds.
        tokens, fields: entries of the batch and the field of each.
        events, blobs, notices: as decoded (spec 9.2, 9.3, 17.1).
    """

    account: str
    device: str
    seq: int
    sha256: bytes
    body: bytes
    signature: bytes
    received_at: int
    tokens: list[str]
    fields: list[Field]
    events: list[Event]
    blobs: list[Blob]
    notices: Sequence[Notice] = ()


@dataclass(slots=True, frozen=True)
class Entry:
    """One dictionary entry: its id within the account, its field, its text (spec 4.4 or 4.7)."""

    id: int
    field: str
    text: str


@dataclass(slots=True, frozen=True)
class JournalEntry:
    """One batch as it was signed; ``received_at`` in milliseconds."""

    seq: int
    body: bytes
    signature: bytes
    received_at: int


@dataclass(slots=True, frozen=True)
class ListedBlob:
    """A sealed blob that a committed batch vouches for (spec 9.3). ``person`` is a dictionary id, 0 for none."""

    account: str
    bytes: int
    kind: str
    media: str
    person: int
    at: int


@dataclass(slots=True, frozen=True)
class ToldNotice:
    """A notice of the batch ``seq`` of a device (spec 17.1). ``person`` is a dictionary id, 0 for none; ``at`` in milliseconds."""

    device: str
    seq: int
    at: int
    code: NoticeCode
    person: int
    count: int


@dataclass(slots=True, frozen=True)
class DeviceSummary:
    """Number of events of a device, and the end of its last one in milliseconds."""

    events: int
    last_ms: int


@dataclass(slots=True, frozen=True)
class Alarm:
    """Something the owner must know of a device's chain.

    ``chain_fork`` at a number with another hash (spec 9.9), ``chain_gap`` at a restart: what lies before it is lost (spec 9.8).
    """

    device: str
    code: str
    seq: int
    sha256: str
    at: int
