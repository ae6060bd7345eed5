"""Encryption of what lies on this computer's disk, under a key that never leaves it."""

from __future__ import annotations

import os
from typing import Final

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reteamz.wire.errors import ReteamzError

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class LocalCipher:
    """Seals rows: 12 bytes nonce ‖ AES-256-GCM(zstd(plaintext)), the row's place being the associated data.

    Args:
        key: 32 bytes out of the 0600 key file.
    """

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)
        self._compressor = zstandard.ZstdCompressor(level=3, write_content_size=True)
        self._decompressor = zstandard.ZstdDecompressor()

    def seal(self, place: str, plaintext: bytes) -> bytes:
        """Return the ciphertext of a row for exactly this place."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, self._compressor.compress(plaintext), place.encode())

    def open_packed(self, place: str, sealed: bytes) -> bytes:
        """Return the plaintext as it was compressed (one zstd frame).

        Raises:
            ReteamzError: ``spool_corrupt``.
        """
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            raise damaged() from None

    def open(self, place: str, sealed: bytes) -> bytes:
        """Return the plaintext. Raises ``spool_corrupt``."""
        try:
            return self._decompressor.decompress(self.open_packed(place, sealed))
        except zstandard.ZstdError:
            raise damaged() from None


def damaged(path: object = "of this computer") -> ReteamzError:
    """Return the error for a spool that cannot be read."""
    return ReteamzError(
        "spool_corrupt",
        f"The spool {path} is damaged or belongs to another key; keep a copy of it and enrol this computer again.",
    )
