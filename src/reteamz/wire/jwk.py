"""Public keys as JWK with exact members, and their thumbprints (spec 1.7, 1.8)."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from reteamz.wire.encoding import b64decode, b64encode
from reteamz.wire.errors import ReteamzError

Base64 = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]+$", max_length=1024)]
RsaAlgorithm = Literal["RSA-OAEP-256", "RSA-OAEP"]


class PublicOkp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An Ed25519 public key."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
    alg: Literal["Ed25519"]


class PublicRsa(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An RSA-OAEP public key."""

    kty: Literal["RSA"]
    n: Base64
    e: Literal["AQAB"]
    alg: RsaAlgorithm


def raw_thumbprint(key: PublicOkp | PublicRsa) -> bytes:
    """Return the 32 bytes of the RFC 7638 thumbprint."""
    if isinstance(key, PublicOkp):
        text = f'{{"crv":"Ed25519","kty":"OKP","x":"{key.x}"}}'
    else:
        text = f'{{"e":"AQAB","kty":"RSA","n":"{key.n}"}}'
    return hashlib.sha256(text.encode("ascii")).digest()


def thumbprint(key: PublicOkp | PublicRsa) -> str:
    """Return the RFC 7638 SHA-256 thumbprint in base64 (43 characters)."""
    return b64encode(raw_thumbprint(key))


def ed25519_raw(key: PublicOkp) -> bytes:
    """Return the 32 bytes of the key. Raises ``key_refused``."""
    raw = b64decode(key.x)
    if len(raw) != 32:
        raise ReteamzError("key_refused", "An Ed25519 key does not have 32 bytes; make the key again.")
    return raw


def ed25519_key(key: PublicOkp) -> Ed25519PublicKey:
    """Return the key for checking signatures. Raises ``key_refused``."""
    return Ed25519PublicKey.from_public_bytes(ed25519_raw(key))


def rsa_key(key: PublicRsa) -> RSAPublicKey:
    """Return the key; 2048…4096 bits, e = 65537 (spec 2.7). Raises ``key_refused``."""
    raw = b64decode(key.n)
    modulus = int.from_bytes(raw, "big")
    if raw[:1] == b"\0" or not 2048 <= modulus.bit_length() <= 4096 or modulus % 2 == 0:
        raise ReteamzError("key_refused", "An RSA key does not have 2048 to 4096 bits; make the key again.")
    return RSAPublicNumbers(65537, modulus).public_key()
