"""Batches, voids and restarts: what an agent says, and the checks that need no key (spec 9)."""

from __future__ import annotations

from operator import add
from typing import Annotated, Final, Literal

import msgspec

from reteamz.wire import limits
from reteamz.wire.encoding import Count, Hash, HashOrEmpty, Id, strict_decode
from reteamz.wire.errors import Code, ReteamzError
from reteamz.wire.tokens import BASE64, FIELDS, LENGTHS, Field, split_plain

ACTIVE: Final = 0
IDLE: Final = 1
LOCKED: Final = 2
MEETING: Final = 3
PRIVATE: Final = 4
KINDS: Final = ("active", "idle", "locked", "meeting", "private")

Index = Annotated[int, msgspec.Meta(ge=-1, le=limits.BATCH_TOKENS)]
Event = tuple[
    Index,
    Annotated[int, msgspec.Meta(ge=0, le=4)],
    Count,
    Annotated[int, msgspec.Meta(ge=0, le=limits.DURATION_MS)],
    Annotated[int, msgspec.Meta(ge=-limits.UTC_OFFSET_MIN, le=limits.UTC_OFFSET_MIN)],
    Index,
    Index,
    Index,
    Index,
    Index,
    Count,
    Annotated[int, msgspec.Meta(ge=-1, le=2)],
]
"""person, kind, start ms, duration ms, utc offset min, app, site, title, url, doc, input, rating (spec 9.2)."""

NAME_COLUMNS: Final[tuple[tuple[int, Field], ...]] = (
    (0, "person"),
    (5, "app"),
    (6, "site"),
    (7, "title"),
    (8, "url"),
    (9, "doc"),
)
"""Positions of an event that index tokens, and the field each must have (spec 9.4)."""

_FIELDS: Final[frozenset[str]] = frozenset(FIELDS)

SealedKind = Literal["screenshot", "camera", "sound", "text", "clipboard", "chat"]
Media = Literal["image/webp", "image/jpeg", "image/png", "audio/ogg", "audio/flac", "application/json"]

NoticeCode = Literal[
    "policy_refused",
    "records_lost",
    "clock_jumped",
    "consent_given",
    "consent_refused",
    "capture_unsupported",
    "capture_failed",
]
"""What an agent tells its owner besides events (spec 17.2)."""


class RosterHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Version and hash of a roster."""

    version: Count
    sha256: HashOrEmpty


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Number and hash of the last batch of a device; 0 and "" for none."""

    seq: Count
    sha256: HashOrEmpty


class Blob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sealed blob that a batch vouches for (spec 9.3); ``at`` in milliseconds."""

    sha256: Hash
    bytes: Annotated[int, msgspec.Meta(ge=1, le=limits.BLOB_BYTES)]
    kind: SealedKind
    media: Media
    person: Index
    at: Count


class Notice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fact that the owner should know (spec 17.1); ``at`` in milliseconds, ``person`` an index into ``tokens``."""

    at: Count
    code: NoticeCode
    person: Index
    count: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A batch of events (spec 9.1). Where there are no ``notices`` the body does not have the member."""

    v: Literal[1]
    account: Id
    device: Id
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
    prev: HashOrEmpty
    epoch: Annotated[int, msgspec.Meta(ge=0, le=limits.EPOCH_MOST)]
    roster: RosterHead | None
    policy: Count
    mode: Literal["encrypted", "anonymous", "plain"]
    tokens: list[str]
    events: list[Event]
    blobs: list[Blob]
    notices: Annotated[list[Notice], msgspec.Meta(min_length=1)] = []


class Refused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The batch that a void replaces."""

    sha256: Hash
    code: str


class Void(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="mode", tag="void"):
    """Stands for a batch that the server can never accept (spec 9.7)."""

    v: Literal[1]
    account: Id
    device: Id
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
    prev: HashOrEmpty
    refused: Refused


class Lost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The head of a server that lost its tail."""

    after: Count
    sha256: HashOrEmpty


class Restart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="mode", tag="restart"):
    """Goes on after a loss on the server's side, naming it (spec 9.8)."""

    v: Literal[1]
    account: Id
    device: Id
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
    prev: HashOrEmpty
    lost: Lost


class _Mode(msgspec.Struct):
    """Only what tells one kind of body from another; everything is checked strictly afterwards."""

    mode: str = ""


RETIRING: Final[frozenset[Code]] = frozenset(
    ("batch_malformed", "batch_too_large", "token_malformed", "plain_refused", "epoch_refused", "clock_ahead")
)
"""Codes after which a batch is replaced by a void (spec 11.5)."""


def refused(code: Code, message: str) -> ReteamzError:
    """Return the error for a batch that is refused."""
    return ReteamzError(code, message)


def decode_body(body: bytes) -> Batch | Void | Restart:
    """Decode a body strictly into what it says it is.

    Raises:
        ReteamzError: ``batch_too_large`` over 1 MiB, ``batch_malformed``.
    """
    if len(body) > limits.BATCH_BYTES:
        raise refused("batch_too_large", "A batch has at most 1 MiB; send smaller batches.")
    try:
        mode = msgspec.json.decode(body, type=_Mode).mode
        if mode == "void":
            return strict_decode(body, Void)
        if mode == "restart":
            return strict_decode(body, Restart)
        batch = strict_decode(body, Batch)
    except (msgspec.MsgspecError, ReteamzError, ValueError, RecursionError):
        raise refused("batch_malformed", "The batch is not of the agreed form; update the agent.") from None
    if len(batch.events) > limits.BATCH_EVENTS or len(batch.tokens) > limits.BATCH_TOKENS:
        raise refused("batch_too_large", "A batch has at most 2 000 events and 4 000 tokens; send smaller batches.")
    if len(batch.blobs) > limits.BATCH_BLOBS:
        raise refused("batch_too_large", "A batch lists at most 256 blobs; send smaller batches.")
    if batch.notices:
        _check_notices(batch)
    return batch


def _check_notices(batch: Batch) -> None:
    if len(batch.notices) > limits.BATCH_NOTICES:
        raise refused("batch_too_large", "A batch has at most 64 notices; send smaller batches.")
    if batch.mode == "anonymous":
        raise refused("batch_malformed", "An anonymous batch has no notices; update the agent.")
    start = "person:" if batch.mode == "plain" else "rtz1.person."
    for notice in batch.notices:
        if notice.person >= 0 and not "".join(batch.tokens[notice.person : notice.person + 1]).startswith(start):
            raise refused("batch_malformed", "A notice points to something that is not a person; update the agent.")


def entry_fields(batch: Batch) -> list[Field]:
    """Return the field of every entry of ``tokens`` (spec 9.4).

    Raises:
        ReteamzError: ``token_malformed`` for an entry that is neither a token of the batch's epoch nor, in plain mode, a plain entry.
    """
    fields: list[Field] = []
    if batch.mode == "plain":
        for entry in batch.tokens:
            plain = split_plain(entry)
            if plain is None:
                raise refused("token_malformed", "A name of the batch is not a plain entry; update the agent.")
            fields.append(plain[0])
    else:
        # All of them in one go: a batch has a hundred tokens, and every one is looked at on the server. Were a token to have more or
        # fewer parts than four, "rtz1" would stand where a field, an epoch or 43 characters and more must stand.
        parts = ".".join(batch.tokens).split(".") if batch.tokens else []
        heads, found, epochs, data = parts[0::4], parts[1::4], parts[2::4], parts[3::4]
        if (
            len(parts) != 4 * len(batch.tokens)
            or not set(heads) <= {"rtz1"}
            or not set(found) <= _FIELDS
            or not set(epochs) <= {str(batch.epoch)}
            or not set(map(len, data)) <= LENGTHS
            or not BASE64.fullmatch("".join(data))
        ):
            raise refused("token_malformed", "A token of the batch is damaged or of another epoch; update the agent.")
        fields = found  # type: ignore[assignment]  # each is one of the fields, as was checked
    return fields


def check_batch(batch: Batch, now_ms: int) -> list[Field]:
    """Check everything about a batch that needs no key, and return the field of every entry (spec 9.4, 9.10).

    Args:
        batch: the decoded batch.
        now_ms: the server's clock, in milliseconds.

    Raises:
        ReteamzError: ``batch_malformed``, ``token_malformed``, ``clock_ahead``.
    """
    if batch.mode == "anonymous":
        _check_anonymous(batch)
    elif batch.mode == "plain":
        if batch.epoch or batch.roster is not None or batch.blobs:
            raise refused("batch_malformed", "A plain batch has no epoch, roster or blobs; update the agent.")
    elif not batch.epoch or batch.roster is None:
        raise refused("batch_malformed", "An encrypted batch names its epoch and roster; update the agent.")
    if len(set(batch.tokens)) != len(batch.tokens):
        raise refused("batch_malformed", "A batch names every token once; update the agent.")
    fields = entry_fields(batch)
    if batch.events:
        columns = list(zip(*batch.events, strict=True))
        _check_indexes(columns, fields)
        if max(map(add, columns[2], columns[3])) > now_ms + limits.CLOCK_AHEAD_MS:
            raise refused("clock_ahead", "The batch comes from the future; set the computer's clock right.")
    for blob in batch.blobs:
        if blob.person >= len(fields) or (blob.person >= 0 and fields[blob.person] != "person"):
            raise refused(
                "batch_malformed", "A blob of the batch points to something that is not a person; update the agent."
            )
    return fields


def _check_anonymous(batch: Batch) -> None:
    if batch.tokens or batch.blobs or batch.epoch or batch.policy or batch.roster is not None:
        raise refused("batch_malformed", "An anonymous batch has no tokens, blobs, epoch or policy; update the agent.")
    for event in batch.events:
        if event[0] != -1 or event[4:] != (0, -1, -1, -1, -1, -1, 0, -1):
            raise refused("batch_malformed", "An anonymous event has a kind and times only; update the agent.")


def _check_indexes(columns: list[tuple[int, ...]], fields: list[Field]) -> None:
    for position, field in NAME_COLUMNS:
        for index in set(columns[position]):
            if index >= len(fields) or (index >= 0 and fields[index] != field):
                raise refused("batch_malformed", f"An event's {field} is not a name of that field; update the agent.")
