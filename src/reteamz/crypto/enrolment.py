"""How an owner and a computer learn to trust each other outside the server (spec 7)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from typing import Annotated, Final

import msgspec

from reteamz.crypto.kdf import hkdf
from reteamz.wire import limits
from reteamz.wire.encoding import b64decode, b64encode, joined
from reteamz.wire.enrolment import TicketType
from reteamz.wire.errors import ReteamzError
from reteamz.wire.roster import Mode

TYPES: Final[tuple[TicketType, ...]] = ("device", "member")
MODES: Final[tuple[Mode, ...]] = ("plain", "encrypted")
_HEAD: Final = struct.Struct(">BBB16s32s16sQH16sB")
_CHECK: Final = 4


class EnrolmentCode(msgspec.Struct, frozen=True):
    """What a code carries (spec 7.2); ``owner`` is the fingerprint's 32 bytes, ``expires`` in milliseconds."""

    type: TicketType
    mode: Mode
    account: str
    owner: bytes
    ticket: str
    expires: int
    uses: int
    secret: bytes
    server: str

    def __repr__(self) -> str:
        return f"EnrolmentCode(ticket={self.ticket!r})"


class Ticket(msgspec.Struct, frozen=True):
    """What the server knows of a code (spec 7.5); ``redemptions`` counts this one."""

    id: str
    type: TicketType
    expires: int
    uses: Annotated[int, msgspec.Meta(ge=1, le=limits.TICKET_USES)]
    redemptions: int


def ticket_secret(enrol: bytes, ticket: str, type: TicketType, expires: int, uses: int) -> bytes:
    """Return the 16 bytes that only the two ends know (spec 7.1)."""
    return hmac.digest(enrol, joined("reteamz/1/ticket", ticket, type, expires, uses), "sha256")[:16]


def encode_code(code: EnrolmentCode) -> str:
    """Return a code as text for pasting: base32 in groups of eight (spec 7.2)."""
    server = code.server.encode()
    if len(server) > 255 or not 1 <= code.uses <= limits.TICKET_USES:
        raise ReteamzError("input_invalid", "A code has at most 1 000 uses and a server address of 255 characters.")
    body = (
        _HEAD.pack(
            1,
            TYPES.index(code.type),
            MODES.index(code.mode),
            b64decode(code.account),
            code.owner,
            b64decode(code.ticket),
            code.expires,
            code.uses,
            code.secret,
            len(server),
        )
        + server
    )
    text = base64.b32encode(body + hashlib.sha256(body).digest()[:_CHECK]).decode("ascii").rstrip("=")
    return "-".join(text[i : i + 8] for i in range(0, len(text), 8))


def decode_code(text: str, now: int) -> EnrolmentCode:
    """Return what a code says; ``now`` in milliseconds.

    Raises:
        ReteamzError: ``code_mistyped``, ``code_expired``.
    """
    letters = "".join(text.split()).replace("-", "").upper()
    try:
        raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
        if base64.b32encode(raw).decode("ascii").rstrip("=") != letters or len(raw) < _HEAD.size + _CHECK:
            raise ValueError("not exact")
        body, check = raw[:-_CHECK], raw[-_CHECK:]
        version, kind, mode, account, owner, ticket, expires, uses, secret, length = _HEAD.unpack_from(body)
        server = body[_HEAD.size :]
        if hashlib.sha256(body).digest()[:_CHECK] != check or version != 1 or len(server) != length:
            raise ValueError("check")
        if not 1 <= uses <= limits.TICKET_USES:
            raise ValueError("uses")
        code = EnrolmentCode(
            type=TYPES[kind],
            mode=MODES[mode],
            account=b64encode(account),
            owner=owner,
            ticket=b64encode(ticket),
            expires=expires,
            uses=uses,
            secret=secret,
            server=server.decode(),
        )
    except (ValueError, IndexError, struct.error):
        raise ReteamzError("code_mistyped", "The enrolment code is incomplete or mistyped; copy it again.") from None
    if now > expires:
        raise ReteamzError("code_expired", "The enrolment code has expired; ask the owner for a new one.")
    return code


def enrolment_mac(
    secret: bytes, account: str, ticket: str, type: TicketType, signing_thumbprint: str, exchange_thumbprint: str
) -> str:
    """Return what proves to the owner whose keys these are, in base64 (spec 7.3)."""
    key = hkdf(secret, "reteamz/1/enrol")
    return b64encode(hmac.digest(key, joined(account, ticket, type, signing_thumbprint, exchange_thumbprint), "sha256"))


def check_mac(
    enrol: bytes,
    ticket: Ticket,
    account: str,
    signing_thumbprint: str,
    exchange_thumbprint: str,
    mac: str,
    redeemed: int,
) -> None:
    """Check a redemption with the owner's enrol key; ``redeemed`` in milliseconds (spec 7.4).

    Raises:
        ReteamzError: ``enrolment_forged``, ``code_expired``, ``ticket_spent``. Nothing may be granted then.
    """
    secret = ticket_secret(enrol, ticket.id, ticket.type, ticket.expires, ticket.uses)
    expected = enrolment_mac(secret, account, ticket.id, ticket.type, signing_thumbprint, exchange_thumbprint)
    if not hmac.compare_digest(expected.encode(), mac.encode()):
        raise ReteamzError("enrolment_forged", "These keys were not made where the code was used; refuse this device.")
    if redeemed > ticket.expires:
        raise ReteamzError("code_expired", "The code was used after it expired; refuse this device, make a new code.")
    if ticket.redemptions > ticket.uses:
        raise ReteamzError("ticket_spent", "The code was used more often than allowed; refuse this device.")
