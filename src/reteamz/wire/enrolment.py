"""Requests of an agent before and after it was confirmed (spec 7, 11)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from reteamz.wire.batch import Head
from reteamz.wire.encoding import Count, Hash, HashOrEmpty, Id
from reteamz.wire.jwk import PublicOkp, PublicRsa
from reteamz.wire.policy import PolicyView
from reteamz.wire.rules import RulesView

TicketType = Literal["device", "member"]
DeviceState = Literal["waiting", "confirmed", "removed"]


class Enroll(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Redeems a ticket (spec 11.1)."""

    v: Literal[1]
    account: Id
    ticket: Id
    device: Id
    signing: PublicOkp
    exchange: PublicRsa
    mac: Hash
    platform: Literal["linux", "windows", "macos"]


class Enrolled(msgspec.Struct, frozen=True):
    """Answer to a redemption."""

    state: DeviceState


class Poll(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Asks for what concerns this device (spec 11.2); ``at`` in milliseconds, ``rules`` and ``policy`` the versions that it obeys, 0 for none, ``grant`` the
    hash of the last grant that it accepted, "" for none.
    """

    v: Literal[1]
    account: Id
    device: Id
    at: Count
    version: Annotated[str, msgspec.Meta(max_length=64)]
    computer: Annotated[str, msgspec.Meta(max_length=6000)] | None
    rules: Count = 0
    policy: Count = 0
    grant: HashOrEmpty = ""


class Polled(msgspec.Struct, frozen=True):
    """Answer to a poll; nothing in it is believed without its own signature."""

    state: DeviceState
    owner: PublicOkp
    grant: str | None
    head: Head
    now: Count
    rules: RulesView | None = None
    policy: PolicyView | None = None


class BatchStored(msgspec.Struct, frozen=True):
    """A batch is on disk."""

    seq: int
    sha256: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Every error of the server."""

    code: str
    message: str
    head: Head | None = None
