"""Fingerprints that people compare (spec 1.11, 1.12)."""

from __future__ import annotations

import hashlib

from reteamz.wire.jwk import PublicOkp, PublicRsa, raw_thumbprint


def owner_fingerprint(identity: PublicOkp) -> bytes:
    """Return the 32 bytes of the owner's fingerprint."""
    return hashlib.sha256(b"reteamz/1/owner\0" + raw_thumbprint(identity)).digest()


def device_fingerprint(signing: PublicOkp, exchange: PublicRsa) -> bytes:
    """Return the 32 bytes of a device's fingerprint."""
    return hashlib.sha256(b"reteamz/1/device\0" + raw_thumbprint(signing) + raw_thumbprint(exchange)).digest()


def show(fingerprint: bytes) -> str:
    """Return 12 groups of five digits, one for every two of the first 24 bytes."""
    return " ".join(f"{int.from_bytes(fingerprint[2 * i : 2 * i + 2], 'big') % 100_000:05}" for i in range(12))
