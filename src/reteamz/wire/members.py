"""Members besides the owner: invitation, joining, lists, and who looked (spec 14)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from reteamz.wire import limits
from reteamz.wire.accounts import Document, Email, EntryText, Kdf, Secret, TicketView
from reteamz.wire.encoding import Hash, Id
from reteamz.wire.jwk import PublicOkp, PublicRsa
from reteamz.wire.roster import Mode, Right, Role

InvitedRole = Literal["manager", "employee"]
MemberState = Literal["waiting", "active", "removed"]
Person = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
"""Dictionary id of a person."""


class Invitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The payload of an invitation (spec 14.1): what the owner wants the one to be who redeems the ticket."""

    v: Literal[1]
    account: Id
    ticket: Id
    role: InvitedRole
    rights: Annotated[list[Right], msgspec.Meta(max_length=4)]
    departments: Annotated[list[Id], msgspec.Meta(max_length=limits.DEPARTMENTS)]
    person: Person | None


class Join(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The payload of a joining (spec 14.3): every public key of the new member, under its identity key."""

    v: Literal[1]
    account: Id
    ticket: Id
    member: Id
    identity: PublicOkp
    settings: PublicOkp
    exchange: PublicRsa
    mac: Hash


class InvitationPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ticket of type ``member`` with its signed invitation; ``label`` is how colleagues see a manager, None for an employee."""

    ticket: Id
    expires: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
    invitation: Document
    label: EntryText | None = None


class InvitationView(msgspec.Struct, frozen=True):
    """An invitation that nobody redeemed yet; ``expires`` in milliseconds."""

    ticket: str
    role: Role
    rights: list[Right]
    departments: list[str]
    person: int | None
    label: str
    expires: int


class JoinStart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Asks whose account a ticket belongs to."""

    account: Id
    ticket: Id


class JoinOffer(msgspec.Struct, frozen=True):
    """The owner's identity key, believed when it has the fingerprint of the code."""

    owner: PublicOkp
    mode: Mode


class JoinRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Redeems a ticket of type ``member`` (spec 14.3). ``auth`` is the auth key, ``bundle`` the new member's, ``join`` a JWS."""

    email: Email
    kdf: Kdf
    auth: Secret
    bundle: Document
    join: Document


class Membership(msgspec.Struct, frozen=True):
    """What the server says of the one who asks; nothing in it is believed without its signature (spec 14.5)."""

    account: str
    member: str
    state: MemberState
    owner: PublicOkp
    grant: str | None


class MemberView(msgspec.Struct, frozen=True):
    """A member in the owner's list, and what its confirmation is checked by. ``seq`` is the number of its last grant."""

    id: str
    state: MemberState
    role: Role
    rights: list[Right]
    departments: list[str]
    person: int | None
    label: str
    email: str
    exchange: PublicRsa
    seq: int
    joined: int
    join: str
    invitation: str
    ticket: TicketView | None
    redemption: int


class LookView(msgspec.Struct, frozen=True):
    """One member's looks at one page on one day: ``first`` and ``last`` in milliseconds.

    ``scope`` tells whom the page showed: everybody, ``department`` or several ("", and for employees), or ``person``.
    """

    member: str
    role: Role
    label: str
    page: str
    day: str
    scope: Literal["all", "department", "person"]
    department: str
    person: int | None
    first: int
    last: int
    count: int


class Looks(msgspec.Struct, frozen=True):
    """Looks, the latest first; ``cut`` when there are more than are listed."""

    looks: list[LookView]
    cut: bool
