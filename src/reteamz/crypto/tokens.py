"""Tokens: deterministic authenticated encryption of names (spec 4.4-4.7, RFC 5297)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from reteamz.crypto.kdf import hkdf
from reteamz.crypto.names import normalise
from reteamz.wire.encoding import b64decode, b64encode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.tokens import BUCKETS, FIELDS, LENGTHS, TOKEN, Field, split_plain, split_token

DAMAGED: Final = "⚠ damaged name"
"""Stands in running text for a token that does not authenticate."""


class TokenCipher:
    """Encrypts and decrypts the names of one epoch."""

    def __init__(self, master: bytes, epoch: int) -> None:
        """``master`` is the epoch's master key, 32 bytes (spec 2.6)."""
        self.epoch: Final = epoch
        self._siv = AESSIV(hkdf(master, "reteamz/1/token/mac") + hkdf(master, "reteamz/1/token/ctr"))
        self._headers: dict[Field, tuple[str, list[bytes]]] = {
            field: (f"rtz1.{field}.{epoch}.", [f"rtz1.{field}.{epoch}".encode()]) for field in FIELDS
        }

    def encrypt(self, field: Field, text: str) -> str:
        """Return the token of a name, "" for a text that has none (spec 4.1, 4.4)."""
        normal = normalise(field, text)
        if not normal:
            return ""
        header, associated = self._headers[field]
        return header + b64encode(self._siv.encrypt(pad(normal.encode()), associated))

    def token_of(self, entry: str) -> str:
        """Return the token of a plain entry; one whose text has none stands as U+FFFD (spec 13.1). Raises ``token_malformed``."""
        plain = split_plain(entry)
        if plain is None:
            raise ReteamzError("token_malformed", "This is not a plain entry; reload the page.")
        return self.encrypt(*plain) or self.encrypt(plain[0], "\N{REPLACEMENT CHARACTER}")

    def decrypt(self, token: str) -> str:
        """Return the name in a token.

        Raises:
            ReteamzError: ``token_malformed``, ``token_epoch_unknown``, ``token_damaged``.
        """
        parts = split_token(token)
        if parts is None:
            raise ReteamzError("token_malformed", "This is not a token; reload the page.")
        field, epoch, data = parts
        if epoch != self.epoch:
            raise ReteamzError("token_epoch_unknown", "No key of this epoch is here; ask the owner for a grant.")
        try:
            return unpad(self._siv.decrypt(b64decode(data), self._headers[field][1])).decode()
        except (InvalidTag, UnicodeDecodeError, ReteamzError):
            raise _damaged() from None


class TokenReader:
    """Decrypts tokens of every epoch it has a master key for."""

    def __init__(self, masters: Mapping[int, bytes]) -> None:
        self._ciphers = {epoch: TokenCipher(master, epoch) for epoch, master in masters.items()}

    def decrypt(self, token: str) -> str:
        """Return the name in a token. Raises as :meth:`TokenCipher.decrypt`."""
        parts = split_token(token)
        if parts is None:
            raise ReteamzError("token_malformed", "This is not a token; reload the page.")
        cipher = self._ciphers.get(parts[1])
        if cipher is None:
            raise ReteamzError("token_epoch_unknown", "No key of this epoch is here; ask the owner for a grant.")
        return cipher.decrypt(token)

    def replace(self, text: str) -> str:
        """Return running text with every token replaced by its name; a damaged one by a visible mark (spec 4.6)."""
        parts: list[str] = []
        position = 0
        for start, end in find_tokens(text):
            parts.append(text[position:start])
            try:
                parts.append(self.decrypt(text[start:end]))
            except ReteamzError:
                parts.append(DAMAGED)
            position = end
        return "".join(parts) + text[position:]


def find_tokens(text: str) -> list[tuple[int, int]]:
    """Return start and end of every token in running text (spec 4.6)."""
    return [match.span() for match in TOKEN.finditer(text) if len(match[3]) in LENGTHS]


def pad(data: bytes) -> bytes:
    """Fill to the smallest bucket: data ‖ 0x80 ‖ 0x00… (spec 4.5). ``data`` has at most 4 095 bytes."""
    bucket = BUCKETS[bisect_left(BUCKETS, len(data) + 1)]
    return (data + b"\x80").ljust(bucket, b"\0")


def unpad(padded: bytes) -> bytes:
    """Undo :func:`pad`; any other padding is refused (spec 4.5). Raises ``token_damaged``."""
    data = padded.rstrip(b"\0")
    if not data.endswith(b"\x80") or len(padded) not in BUCKETS or len(data) == 1 or pad(data[:-1]) != padded:
        raise _damaged()
    return data[:-1]


def plain_entry(field: Field, text: str) -> str:
    """Return the plain entry of a name in an account that is not encrypted, "" for none (spec 4.7)."""
    normal = normalise(field, text)
    return f"{field}:{normal}" if normal else ""


def _damaged() -> ReteamzError:
    return ReteamzError("token_damaged", "A name was altered after it was encrypted; verify the account's log.")
