"""Private keys as JWK with exact members (spec 1.7, 2.4)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    generate_private_key,
)

from reteamz.wire.encoding import b64decode, b64encode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import Base64, PublicOkp, PublicRsa, RsaAlgorithm, rsa_key

RSA_BITS = 3072
"""Length of the RSA keys that are made, in bits (spec 2.4)."""


class PrivateOkp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An Ed25519 key pair."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
    d: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
    alg: Literal["Ed25519"]

    def public(self) -> PublicOkp:
        """Return the public half."""
        return PublicOkp(kty=self.kty, crv=self.crv, x=self.x, alg=self.alg)

    def __repr__(self) -> str:
        return f"PrivateOkp(x={self.x!r})"


class PrivateRsa(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An RSA-OAEP key pair."""

    kty: Literal["RSA"]
    n: Base64
    e: Literal["AQAB"]
    d: Base64
    p: Base64
    q: Base64
    dp: Base64
    dq: Base64
    qi: Base64
    alg: RsaAlgorithm

    def public(self) -> PublicRsa:
        """Return the public half."""
        return PublicRsa(kty=self.kty, n=self.n, e=self.e, alg=self.alg)

    def __repr__(self) -> str:
        return f"PrivateRsa(n={self.n!r})"


def make_okp() -> PrivateOkp:
    """Make an Ed25519 key pair."""
    return okp_from_seed(Ed25519PrivateKey.generate().private_bytes_raw())


def okp_from_seed(seed: bytes) -> PrivateOkp:
    """Return the Ed25519 key pair of a 32-byte seed (RFC 8032 §5.1.5)."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return PrivateOkp("OKP", "Ed25519", b64encode(key.public_key().public_bytes_raw()), b64encode(seed), "Ed25519")


def make_rsa(bits: int = RSA_BITS) -> PrivateRsa:
    """Make an RSA-OAEP-256 key pair of ``bits`` bits; takes about half a second."""
    numbers = generate_private_key(65537, bits).private_numbers()
    return PrivateRsa(
        kty="RSA",
        n=_unsigned(numbers.public_numbers.n),
        e="AQAB",
        d=_unsigned(numbers.d),
        p=_unsigned(numbers.p),
        q=_unsigned(numbers.q),
        dp=_unsigned(numbers.dmp1),
        dq=_unsigned(numbers.dmq1),
        qi=_unsigned(numbers.iqmp),
        alg="RSA-OAEP-256",
    )


def okp_key(key: PrivateOkp) -> Ed25519PrivateKey:
    """Return the key for signing. Raises ``key_refused`` when the halves do not belong together."""
    private = Ed25519PrivateKey.from_private_bytes(b64decode(key.d))
    if b64encode(private.public_key().public_bytes_raw()) != key.x:
        raise ReteamzError("key_refused", "The halves of an Ed25519 key do not belong together; restore the key.")
    return private


def rsa_private(key: PrivateRsa) -> RSAPrivateKey:
    """Return the key for decrypting (spec 2.7). Raises ``key_refused``."""
    rsa_key(key.public())
    n, d, p, q, dp, dq, qi = (_number(part) for part in (key.n, key.d, key.p, key.q, key.dp, key.dq, key.qi))
    try:
        return RSAPrivateNumbers(p, q, d, dp, dq, qi, RSAPublicNumbers(65537, n)).private_key()
    except ValueError:
        raise ReteamzError("key_refused", "The parts of an RSA key do not belong together; restore the key.") from None


def _unsigned(number: int) -> str:
    return b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _number(text: str) -> int:
    return int.from_bytes(b64decode(text), "big")
