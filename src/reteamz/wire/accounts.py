"""Messages between a member's end and the server: sign-up, log-in, keys (server page, "Accounts and access")."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from reteamz.wire import limits
from reteamz.wire.batch import RosterHead
from reteamz.wire.encoding import Count, Hash, HashOrEmpty, Id
from reteamz.wire.jwk import PublicOkp, PublicRsa
from reteamz.wire.roster import Mode, Right, Role

Document = Annotated[str, msgspec.Meta(max_length=limits.DOCUMENT_BYTES)]
_ATOM: Final = r"[^@\s\x00-\x1f\x7f-\x9f\"(),.:;<>\[\]\\]+"
_ADDRESS: Final = rf"^(?!.*=\?)(?=[^@]{{1,64}}@[^@]{{1,255}}$){_ATOM}(\.{_ATOM})*@{_ATOM}(\.{_ATOM})*$(?!\n)"
Email = Annotated[str, msgspec.Meta(pattern=_ADDRESS, max_length=320)]
"""One address: nothing that the head of a mail reads as two, as a name, or as encoded words (RFC 5322, RFC 2047)."""
Secret = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""32 bytes in base64."""
Totp = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{6}$")]
EntryText = Annotated[str, msgspec.Meta(min_length=1, max_length=6000)]
"""A token or a plain entry (spec 4.4, 4.7)."""


class Kdf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a password is stretched (spec 2.1); ``salt`` is base64 of 16 bytes."""

    name: Literal["PBKDF2-SHA256"]
    salt: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{22}$")]
    iterations: Count


class Signup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new account with its owner. ``auth`` is the auth key (spec 2.2), ``roster`` version 1, ``devices`` its device list."""

    email: Email
    account: Id
    member: Id
    mode: Mode
    timezone: Annotated[str, msgspec.Meta(max_length=64)]
    company: EntryText
    kdf: Kdf
    auth: Secret
    bundle: Document
    identity: PublicOkp
    settings: PublicOkp
    exchange: PublicRsa
    roster: Document
    devices: Document


class LoginStart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Asks how to stretch the password."""

    email: Email


class LoginKdf(msgspec.Struct, frozen=True):
    """The answer; the same for ever, also for an address that is unknown."""

    kdf: Kdf


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Logs in with the auth key, and the code of an authenticator where one is set up."""

    email: Email
    auth: Secret
    totp: Totp | None = None


class LoggedIn(msgspec.Struct, frozen=True):
    """Who logged in; the session is in the cookie."""

    account: str
    member: str


class AccountView(msgspec.Struct, frozen=True):
    """The viewer's own account. ``alerts`` counts those that the viewer has not seen."""

    account: str
    member: str
    email: str
    company: str
    timezone: str
    mode: Mode
    epoch: int
    role: Role
    rights: list[Right]
    totp: bool
    roster: RosterHead
    kdf: Kdf
    alerts: int = 0


class BundleView(msgspec.Struct, frozen=True):
    """The viewer's member bundle (spec 3.1)."""

    bundle: str


class BundlePut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Replaces the bundle whose SHA-256 is ``base``. With a new password: ``kdf``, ``auth``, and the auth key so far."""

    bundle: Document
    base: HashOrEmpty
    kdf: Kdf | None = None
    auth: Secret | None = None
    old_auth: Secret | None = None


class SessionView(msgspec.Struct, frozen=True):
    """A place where the member is logged in; times in milliseconds."""

    id: str
    created: int
    seen: int
    client: str
    current: bool


class TotpStart(msgspec.Struct, frozen=True):
    """A secret for an authenticator, not yet in force."""

    secret: str
    uri: str


class TotpEnable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Puts a secret in force, with a code that it gave."""

    secret: Annotated[str, msgspec.Meta(pattern=r"^[A-Z2-7]{32}$")]
    code: Totp


class TotpDisable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ends the second factor."""

    code: Totp


class RosterView(msgspec.Struct, frozen=True):
    """One version of the roster with its device list."""

    version: int
    roster: str
    devices: str


class Rosters(msgspec.Struct, frozen=True):
    """Versions in their order."""

    rosters: list[RosterView]


class GrantPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A grant for the one whose exchange key has this thumbprint (spec 8)."""

    recipient: Hash
    grant: Document


class RosterPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next roster with what goes with it, stored together or not at all."""

    roster: Document
    devices: Document
    bundle: Document | None = None
    base: HashOrEmpty = ""
    grants: list[GrantPost] = []


class MemberKeysView(msgspec.Struct, frozen=True):
    """Public keys of a member, to be matched with the roster's thumbprints."""

    id: str
    identity: PublicOkp
    settings: PublicOkp
    exchange: PublicRsa


class TicketView(msgspec.Struct, frozen=True):
    """What the server knows of a ticket (spec 7.5); times in milliseconds."""

    id: str
    type: Literal["device", "member"]
    expires: int
    uses: int
    redemptions: int


class DeviceKeysView(msgspec.Struct, frozen=True):
    """Public keys of a device and how it came (spec 7.3); ``redemption`` counts redemptions of the ticket up to this one."""

    id: str
    state: Literal["waiting", "confirmed", "removed"]
    signing: PublicOkp
    exchange: PublicRsa
    ticket: TicketView | None
    redemption: int
    mac: str
    redeemed: int
    platform: str
    seq: int
    """Number of the last grant for it, 0 for none."""


class KeysView(msgspec.Struct, frozen=True):
    """Public keys of everyone in the account."""

    members: list[MemberKeysView]
    devices: list[DeviceKeysView]


class TicketPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ticket for computers that a code will redeem (spec 7.1); ``expires`` in milliseconds. Members are invited otherwise."""

    ticket: Id
    type: Literal["device"]
    expires: Count
    uses: Annotated[int, msgspec.Meta(ge=1, le=limits.TICKET_USES)]


class DeviceView(msgspec.Struct, frozen=True):
    """A device in the list; times in milliseconds, 0 for never."""

    id: str
    state: Literal["waiting", "confirmed", "removed"]
    computer: str
    platform: str
    version: str
    enrolled: int
    seen: int
    events: int
    head: RosterHead


class PersonView(msgspec.Struct, frozen=True):
    """A person; ``id`` is the dictionary's."""

    id: int
    name: str
    department: str | None


class PersonPut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Puts a person into a department, or into none."""

    department: Id | None


class DepartmentView(msgspec.Struct, frozen=True):
    """A department; ``name`` is a label."""

    id: str
    name: str
    people: int


class DepartmentPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new or another name."""

    name: EntryText


class DictionaryEntry(msgspec.Struct, frozen=True):
    """One entry: id within the account, field, text (spec 4.4 or 4.7)."""

    id: int
    field: str
    text: str


class DictionaryEntries(msgspec.Struct, frozen=True):
    """Entries in the order of their ids."""

    entries: list[DictionaryEntry]


class RatingPut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rates a name as spec 9.2 counts ratings; None takes its rating away. Without a department it holds everywhere."""

    rating: Literal[0, 1, 2] | None
    department: Id | None = None


class RatingView(msgspec.Struct, frozen=True):
    """An explicit rating; ``name`` is a dictionary id, ``department`` None for the whole account."""

    name: int
    department: str | None
    rating: int


class AuditView(msgspec.Struct, frozen=True):
    """Who did what; ``at`` in milliseconds."""

    id: int
    at: int
    member: str
    action: str
    subject: str


class AuditPage(msgspec.Struct, frozen=True):
    """Newest first."""

    entries: list[AuditView]
    page: int
    pages: int
    count: int
