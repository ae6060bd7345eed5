"""Names as a batch tells them: tokens, or plain entries in accounts that are not encrypted (spec 4)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from reteamz.crypto.tokens import TokenCipher, plain_entry
from reteamz.wire.tokens import Field

CACHE: Final = 20_000
"""Names whose token is remembered: windows come back."""


class TokenNames:
    """Encrypts names under one epoch; remembers the last ones in memory."""

    def __init__(self, master: bytes, epoch: int) -> None:
        """``master`` is the epoch's master key, 32 bytes."""
        self.epoch: Final = epoch
        self._entry = lru_cache(CACHE)(TokenCipher(master, epoch).encrypt)

    def entry(self, field: Field, text: str) -> str | None:
        """Return the token of a name, None for a text that has none."""
        return self._entry(field, text) or None


class PlainNames:
    """Names as they are."""

    def entry(self, field: Field, text: str) -> str | None:
        """Return the plain entry of a name, None for a text that has none."""
        return plain_entry(field, text) or None
