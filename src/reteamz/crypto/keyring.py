"""The keys of an account's epochs (spec 2.5, 3.2)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated

import msgspec

from reteamz.crypto.keys import PrivateRsa, make_rsa
from reteamz.wire.encoding import b64decode, b64encode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicRsa

Secret32 = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""32 bytes in base64."""


class EpochKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Master key (base64) and sealing key pair of one epoch; members without the right ``sealed`` have no sealing key."""

    master: Secret32
    sealing: PrivateRsa | None = None

    def __repr__(self) -> str:
        return "EpochKeys(…)"


Keyring = Mapping[str, EpochKeys]
"""Keys by epoch in decimal (spec 3.2)."""


def new_epoch() -> EpochKeys:
    """Make the keys of a new epoch (spec 2.5)."""
    return EpochKeys(b64encode(os.urandom(32)), make_rsa())


def masters(keyring: Keyring) -> dict[int, bytes]:
    """Return the master keys by epoch, for :class:`reteamz.crypto.tokens.TokenReader`."""
    return {int(epoch): b64decode(keys.master) for epoch, keys in keyring.items()}


def sealing_keys(keyring: Keyring) -> dict[int, PrivateRsa]:
    """Return the private sealing keys by epoch, for :func:`reteamz.crypto.sealing.unseal`."""
    return {int(epoch): keys.sealing for epoch, keys in keyring.items() if keys.sealing is not None}


def sealing_public(keyring: Keyring, epoch: int) -> PublicRsa:
    """Return the public sealing key of an epoch. Raises ``forbidden`` where the keyring has none."""
    sealing = keyring[str(epoch)].sealing
    if sealing is None:
        raise ReteamzError("forbidden", "These keys do not open sealed content; ask the owner of the account.")
    return sealing.public()
