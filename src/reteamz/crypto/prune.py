"""Signing and opening of prunes (spec 13.3, 13.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from reteamz.crypto.keys import PrivateOkp
from reteamz.crypto.signing import sign_jws
from reteamz.wire.batch import RosterHead
from reteamz.wire.encoding import sha256, strict_decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp, ed25519_key, thumbprint
from reteamz.wire.prune import Prune, PruneMark
from reteamz.wire.signing import verify_jws


@dataclass(frozen=True, slots=True)
class TrustedPrune:
    """What the owner signed: marks by device, and the version that no later one may fall below."""

    head: RosterHead
    marks: dict[str, PruneMark]


NOTHING = TrustedPrune(RosterHead(0, ""), {})
"""Nothing was erased."""


def sign_prune(
    settings: PrivateOkp, account: str, before: TrustedPrune, issued: int, marks: Sequence[PruneMark]
) -> str:
    """Return the prune that follows ``before``: its marks, and those given in their place; ``issued`` in milliseconds."""
    devices = before.marks | {mark.id: mark for mark in marks}
    prune = Prune(1, account, before.head.version + 1, before.head.sha256, issued, list(devices.values()))
    return sign_jws(settings, "reteamz-prune+1", msgspec.json.encode(prune))


def open_prune(
    jws: str | None, account: str, owner: str, settings: PublicOkp, known: RosterHead = NOTHING.head
) -> TrustedPrune:
    """Return what a prune says, nothing for None.

    Args:
        jws: as the server shows it.
        account: whose it must be.
        owner: thumbprint of the owner's settings key in the verified roster.
        settings: the key itself, as the server says.
        known: highest version seen here.

    Raises:
        ReteamzError: ``prune_refused``, ``prune_rollback``, and those of a bad signature.
    """
    if jws is None:
        found = NOTHING
    else:
        if thumbprint(settings) != owner:
            raise _refused("it is not signed by the owner")
        payload = verify_jws(ed25519_key(settings), "reteamz-prune+1", jws)
        try:
            prune = strict_decode(payload, Prune)
        except ReteamzError:
            raise _refused("it is not of the agreed form") from None
        marks = {mark.id: mark for mark in prune.devices}
        if prune.account != account or len(marks) != len(prune.devices) or (prune.version == 1) != (prune.prev == ""):
            raise _refused("it is another account's, or contradicts itself")
        found = TrustedPrune(RosterHead(prune.version, sha256(jws.encode())), marks)
    if found.head.version < known.version or (found.head.version == known.version and found.head != known):
        raise ReteamzError(
            "prune_rollback", "The server shows older erasures than it did; do not trust this server's reports."
        )
    return found


def _refused(reason: str) -> ReteamzError:
    return ReteamzError(
        "prune_refused", f"What the server says of erased history is refused: {reason}; do not trust its reports."
    )
