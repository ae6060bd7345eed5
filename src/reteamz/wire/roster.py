"""Roster and device list as they are signed (spec 6)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from reteamz.wire import limits
from reteamz.wire.batch import Head
from reteamz.wire.encoding import Count, Hash, HashOrEmpty, Id
from reteamz.wire.jwk import PublicRsa, RsaAlgorithm

Mode = Literal["plain", "encrypted"]
Role = Literal["owner", "manager", "employee"]
Right = Literal["settings", "ratings", "sealed", "backup"]


class MemberEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member of the account (spec 6.2); ``added`` in milliseconds, keys as thumbprints."""

    id: Id
    state: Literal["active", "removed"]
    role: Role
    rights: list[Right]
    departments: list[str]
    added: Count
    identity: Hash
    settings: Hash
    exchange: Hash
    alg: RsaAlgorithm


class DevicesHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hash and length of the device list of the same version (spec 6.3)."""

    sha256: Hash
    count: Count


class Roster(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The payload of a roster (spec 6.1)."""

    v: Literal[1]
    account: Id
    version: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
    prev: HashOrEmpty
    issued: Count
    mode: Mode
    epoch: Annotated[int, msgspec.Meta(ge=0, le=limits.EPOCH_MOST)]
    sealing: PublicRsa | None
    members: list[MemberEntry]
    devices: DevicesHead


class DeviceEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A device of the account (spec 6.3)."""

    id: Id
    state: Literal["confirmed", "removed"]
    added: Count
    signing: Hash
    exchange: Hash
    alg: RsaAlgorithm
    last: Head | None


class DeviceList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The device list document."""

    v: Literal[1]
    account: Id
    version: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
    devices: list[DeviceEntry]
