"""Passwords and the keys that come from them (spec 1.5, 2.1-2.3)."""

from __future__ import annotations

import os
import unicodedata
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from reteamz.wire import limits
from reteamz.wire.accounts import Kdf
from reteamz.wire.encoding import b64decode, b64encode
from reteamz.wire.errors import ReteamzError

KEY_BYTES: Final = 32
SALT_BYTES: Final = 16


def new_kdf() -> Kdf:
    """Return parameters for a new password (spec 2.1)."""
    return Kdf("PBKDF2-SHA256", b64encode(os.urandom(SALT_BYTES)), limits.KDF_ITERATIONS)


def stretch(password: str, kdf: Kdf, least: int = 0) -> bytes:
    """Return the 32 bytes of a stretched password (spec 2.1, RFC 8018 §5.2).

    Args:
        password: as typed; normalised to NFKC, not trimmed.
        kdf: the parameters, as a server may have sent them.
        least: the iterations that this account used last, 0 when unknown.

    Raises:
        ReteamzError: ``kdf_refused`` before anything is derived.
    """
    if not max(limits.KDF_ITERATIONS_LEAST, least) <= kdf.iterations <= limits.KDF_ITERATIONS_MOST:
        raise ReteamzError("kdf_refused", "The server asks for an unsafe password derivation; do not log in to it.")
    derive = PBKDF2HMAC(SHA256(), KEY_BYTES, b64decode(kdf.salt), kdf.iterations)
    return derive.derive(unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass"))


def hkdf(secret: bytes, info: str) -> bytes:
    """Return HKDF-SHA-256 with empty salt, 32 bytes (spec 1.5, RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, None, info.encode("ascii")).derive(secret)


def auth_key(stretched: bytes) -> bytes:
    """Return the 32 bytes that log in; the server keeps their SHA-256 (spec 2.2)."""
    return hkdf(stretched, "reteamz/1/auth")


def wrap_key(stretched: bytes) -> bytes:
    """Return the 32 bytes that open the member bundle (spec 2.3)."""
    return hkdf(stretched, "reteamz/1/wrap")
