"""Sealed content: agents write it and cannot open it again (spec 5).

::

    0   4  "RTZB"                    8  8  first 8 bytes of the sealing key's thumbprint
    4   1  version 1                16  2  n
    5   1  1 RSA-OAEP, 2 RSA-OAEP-256   18  n  wrapped content key
    6   2  epoch                    18+n   AES-256-GCM ciphertext, tag last
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from reteamz.crypto.keys import PrivateRsa, rsa_private
from reteamz.wire.batch import Media, SealedKind
from reteamz.wire.encoding import joined
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicRsa, RsaAlgorithm, raw_thumbprint, rsa_key

CONTENT_BYTES: Final = 16 * 1024 * 1024
"""Largest padded content, in bytes (spec 5.3)."""
_HEAD: Final = struct.Struct(">4sBBH8sH")
_WRAPS: Final[dict[RsaAlgorithm, int]] = {"RSA-OAEP": 1, "RSA-OAEP-256": 2}
_NONCE: Final = bytes(12)
"""Constant: every content key seals one blob (spec 5.1)."""


class Context(msgspec.Struct, frozen=True):
    """What a blob is bound to (spec 5.2); ``at`` in milliseconds."""

    account: str
    device: str
    kind: SealedKind
    at: int
    media: Media

    def encoded(self) -> bytes:
        """Return the bytes that enter the authenticated data."""
        return joined("reteamz/1/sealed", self.account, self.device, self.kind, self.at, self.media)


def seal(sealing: PublicRsa, epoch: int, context: Context, caption: Mapping[str, Any], data: bytes) -> bytes:
    """Return a blob that only the owner of the sealing key opens.

    Raises:
        ReteamzError: ``blob_too_large`` over 16 MiB.
    """
    text = msgspec.json.encode(caption)
    content = struct.pack(">I", len(text)) + text + struct.pack(">I", len(data)) + data
    total = padded_length(len(content))
    if total > CONTENT_BYTES:
        raise ReteamzError("blob_too_large", "A record has at most 16 MiB; record shorter pieces.")
    key = os.urandom(32)
    wrapped = rsa_key(sealing).encrypt(key, _oaep(sealing.alg))
    head = _HEAD.pack(b"RTZB", 1, _WRAPS[sealing.alg], epoch, raw_thumbprint(sealing)[:8], len(wrapped)) + wrapped
    return head + AESGCM(key).encrypt(_NONCE, content.ljust(total, b"\0"), head + context.encoded())


def unseal(keys: Mapping[int, PrivateRsa], blob: bytes, context: Context) -> tuple[dict[str, Any], bytes]:
    """Return caption and data of a blob; ``keys`` are private sealing keys by epoch.

    The caller has matched the blob with a verified batch (spec 5.5).

    Raises:
        ReteamzError: ``blob_damaged``, ``token_epoch_unknown``.
    """
    if len(blob) < _HEAD.size:
        raise _damaged()
    magic, version, wrap, epoch, print8, length = _HEAD.unpack_from(blob)
    key = keys.get(epoch)
    if magic != b"RTZB" or version != 1:
        raise _damaged()
    if key is None:
        raise ReteamzError("token_epoch_unknown", "No key of this epoch is here; ask the owner for a grant.")
    body = _HEAD.size + length
    if wrap != _WRAPS[key.alg] or print8 != raw_thumbprint(key.public())[:8] or len(blob) < body:
        raise _damaged()
    head = blob[:body]
    try:
        content_key = rsa_private(key).decrypt(head[_HEAD.size :], _oaep(key.alg))
        content = AESGCM(content_key).decrypt(_NONCE, blob[body:], head + context.encoded())
    except (InvalidTag, ValueError):
        raise _damaged() from None
    return _opened(content)


def padded_length(length: int) -> int:
    """Return the padded length of ``length`` bytes of content (spec 5.3)."""
    total = -(-length // 4096) * 4096
    return total if total < 256 * 1024 else -(-length // 65536) * 65536


def _opened(content: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        (text_length,) = struct.unpack_from(">I", content)
        text = content[4 : 4 + text_length]
        (data_length,) = struct.unpack_from(">I", content, 4 + text_length)
        end = 8 + text_length + data_length
        caption = msgspec.json.decode(text, type=dict[str, Any])
    except (struct.error, msgspec.MsgspecError, ValueError, RecursionError):
        raise _damaged() from None
    if end > len(content) or len(content) != padded_length(end) or content[end:].strip(b"\0"):
        raise _damaged()
    return caption, content[8 + text_length : end]


def _oaep(algorithm: RsaAlgorithm) -> OAEP:
    # SHA-1 only for keys that the roster declares so (spec 2.7); OAEP does not need collision resistance.
    digest = SHA256() if algorithm == "RSA-OAEP-256" else SHA1()  # noqa: S303
    return OAEP(MGF1(digest), digest, None)


def _damaged() -> ReteamzError:
    return ReteamzError("blob_damaged", "A sealed record was altered or is not the one asked for; verify the log.")
