"""Restatements of batches, and the document by which an owner vouches for them once the signed bodies are erased (spec 13)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, Literal

import msgspec

from reteamz.wire.batch import Batch, Lost, Refused, Restart, Void
from reteamz.wire.encoding import Count, Hash, HashOrEmpty, Id
from reteamz.wire.tokens import split_token

NO_HASH: Final = "A" * 43
"""32 zero bytes: stands where the hash of something forgotten stood."""

Seq = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]


class PruneMark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A device's batches up to ``seq`` are restated: the last one was signed with hash ``sha256``, its restatement has ``restated``."""

    id: Id
    seq: Seq
    sha256: Hash
    restated: Hash


class Prune(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The payload of a prune (spec 13.3); ``issued`` in milliseconds."""

    v: Literal[1]
    account: Id
    version: Seq
    prev: HashOrEmpty
    issued: Count
    devices: list[PruneMark]


def must_be_restated(message: Batch | Void | Restart) -> bool:
    """Tell whether a batch has to be restated: it holds names in the clear, or the hash of a body that does (spec 13.2)."""
    if isinstance(message, Void):
        return message.refused.code == "plain_refused"
    return isinstance(message, Batch) and message.mode == "plain"


def restated(message: Batch | Void | Restart, prev: str, token_of: Callable[[str], str]) -> bytes:
    """Return the restatement of a verified batch (spec 13.2).

    Args:
        message: as it was signed.
        prev: hash of the restatement of the batch before, "" at the first.
        token_of: plain entry → token.
    """
    change = msgspec.structs.replace
    if isinstance(message, Void):
        return msgspec.json.encode(change(message, prev=prev, refused=Refused(NO_HASH, "")))
    if isinstance(message, Restart):
        return msgspec.json.encode(change(message, prev=prev, lost=Lost(message.lost.after, prev)))
    if message.mode != "plain":
        return msgspec.json.encode(change(message, prev=prev))
    tokens = [token_of(entry) for entry in message.tokens]
    parts = split_token(tokens[0]) if tokens else None
    epoch = 0 if parts is None else parts[1]
    return msgspec.json.encode(change(message, prev=prev, mode="encrypted", epoch=epoch, roster=None, tokens=tokens))
