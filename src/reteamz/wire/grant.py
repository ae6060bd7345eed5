"""The signed outside of a grant (spec 8.1)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from reteamz.wire import limits
from reteamz.wire.batch import RosterHead
from reteamz.wire.encoding import Hash, Id


class Grant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The payload of a grant; ``key`` is a compact JWE to the recipient's exchange key."""

    v: Literal[1]
    account: Id
    recipient: Hash
    roster: RosterHead
    epoch: Annotated[int, msgspec.Meta(ge=1, le=limits.EPOCH_MOST)]
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
    signers: list[Hash]
    key: Annotated[str, msgspec.Meta(max_length=limits.DOCUMENT_BYTES)]


class GrantState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a recipient remembers of the last grant it accepted; ``sha256`` is the hash of its JWS."""

    seq: int
    epoch: int
    roster: RosterHead
    sha256: Hash
    signers: list[Hash]
