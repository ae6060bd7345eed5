"""Base64 and JSON, exactly (spec 1.1, 1.3)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Annotated, Any, Final, TypeVar

import msgspec

from reteamz.wire.errors import ReteamzError

T = TypeVar("T")

MAX_INTEGER: Final = 2**53 - 1

Integer = Annotated[int, msgspec.Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]
Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_INTEGER)]
Hash = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""SHA-256 in base64 (spec 1.10)."""
HashOrEmpty = Annotated[str, msgspec.Meta(pattern=r"^(?:[A-Za-z0-9_-]{43})?$")]
Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{22}$")]
"""Sixteen random bytes in base64 (spec 1.4)."""


def b64encode(data: bytes) -> str:
    """Return base64url without padding (spec 1.1)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64decode(text: str) -> bytes:
    """Return the bytes of base64url text; refuses padding, other alphabets and loose bits (spec 1.1).

    Raises:
        ReteamzError: ``base64_invalid``.
    """
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise ReteamzError(
            "base64_invalid", "A value is not base64url text; ask its sender to send it again."
        ) from None
    if b64encode(data) != text:
        raise ReteamzError("base64_invalid", "A value is not exact base64url text; ask its sender to send it again.")
    return data


def sha256(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in base64 (spec 1.10)."""
    return b64encode(hashlib.sha256(data).digest())


def joined(*parts: str | int | bytes) -> bytes:
    """Return the parts as byte strings joined by zero bytes (spec 1.6)."""
    return b"\0".join(part if isinstance(part, bytes) else str(part).encode() for part in parts)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate key")
    return members


def strict_decode(data: bytes, kind: type[T]) -> T:
    """Decode signed JSON: exact members, no duplicates, integers within ±(2⁵³−1) as ``kind`` says (spec 1.3).

    ``kind`` should forbid unknown fields. Text that encodes again to the same bytes has no duplicate key; only other text pays
    for a second, slower look.

    Raises:
        ReteamzError: ``json_invalid``.
    """
    try:
        value = msgspec.json.decode(data, type=kind)
        if msgspec.json.encode(value) != data:
            json.loads(data, object_pairs_hook=_no_duplicates)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise ReteamzError("json_invalid", "A message is not the JSON that was agreed; update this program.") from None
    return value
