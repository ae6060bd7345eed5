"""Checks of signatures, the only cryptography that server and ends share (spec 1.9, 9.5, 11)."""

from __future__ import annotations

import json
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from reteamz.wire.encoding import b64decode
from reteamz.wire.errors import ReteamzError

BATCH: Final = b"reteamz/1/batch"
ENROLL: Final = b"reteamz/1/enroll"
POLL: Final = b"reteamz/1/poll"
BLOB: Final = b"reteamz/1/blob"

JwsType = Literal[
    "reteamz-roster+1",
    "reteamz-grant+1",
    "reteamz-invitation+1",
    "reteamz-join+1",
    "reteamz-recover+1",
    "reteamz-policy+1",
    "reteamz-rules+1",
    "reteamz-receipt+1",
    "reteamz-prune+1",
]


def signed_bytes(label: bytes, body: bytes) -> bytes:
    """Return what a device signs: label ‖ 0x00 ‖ body."""
    return label + b"\0" + body


def verify_request(key: Ed25519PublicKey, label: bytes, body: bytes, signature: str) -> None:
    """Check a device's signature over ``body`` (spec 9.5, 11).

    Raises:
        ReteamzError: ``signature_invalid``.
    """
    try:
        key.verify(b64decode(signature), signed_bytes(label, body))
    except (InvalidSignature, ReteamzError):
        raise ReteamzError("signature_invalid", "The signature does not fit; enrol this device again.") from None


def verify_batch(key: Ed25519PublicKey, body: bytes, signature: str) -> None:
    """Check the signature of a batch over its decoded body (spec 9.5). Raises ``signature_invalid``."""
    verify_request(key, BATCH, body, signature)


def jws_header(typ: JwsType) -> dict[str, str]:
    """Return the only protected header that a JWS of this type may have (spec 1.9)."""
    return {"alg": "Ed25519", "typ": typ}


def _members(text: bytes) -> dict[str, object]:
    pairs: list[tuple[str, object]] = json.loads(text, object_pairs_hook=list)
    if not isinstance(pairs, list) or len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("not an object with distinct keys")
    return dict(pairs)


def verify_jws(key: Ed25519PublicKey, typ: JwsType, jws: str) -> bytes:
    """Return the payload of a compact JWS with exactly the expected header (spec 1.9, RFC 7515 §5.2).

    Raises:
        ReteamzError: ``header_refused`` for any other header, ``signature_invalid``, ``base64_invalid``.
    """
    parts = jws.split(".")
    if len(parts) != 3:
        raise ReteamzError(
            "header_refused", "A signed document is not a compact JWS; reload, and tell the owner if it stays."
        )
    try:
        header = _members(b64decode(parts[0]))
    except (ValueError, TypeError, RecursionError):
        header = {}
    if header != jws_header(typ):
        raise ReteamzError(
            "header_refused", "A signed document has a header that is not allowed; do not trust this server."
        )
    try:
        key.verify(b64decode(parts[2]), f"{parts[0]}.{parts[1]}".encode("ascii"))
    except (InvalidSignature, UnicodeEncodeError):
        raise ReteamzError("signature_invalid", "A signed document was altered; do not trust this server.") from None
    return b64decode(parts[1])
