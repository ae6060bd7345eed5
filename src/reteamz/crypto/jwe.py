"""Compact JWE with an exact protected header (spec 1.9, RFC 7516)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, RSAKey

from reteamz.crypto.keys import PrivateRsa, rsa_private
from reteamz.wire.encoding import b64decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicRsa, rsa_key

Header = Mapping[str, Any]


def encrypt_with(key: bytes, header: Header, plaintext: bytes) -> str:
    """Encrypt with a shared key of 32 bytes; ``header`` says ``dir`` and ``A256GCM``."""
    return jwe.encrypt_compact(dict(header), plaintext, OctKey.import_key(key), registry=_registry(header))


def decrypt_with(key: bytes, header: Header, text: str) -> bytes:
    """Decrypt what has exactly ``header``. Raises ``header_refused``, ``bundle_damaged``."""
    require_header(text, header)
    return _decrypt(text, OctKey.import_key(key), header)


def encrypt_to(recipient: PublicRsa, header: Header, plaintext: bytes) -> str:
    """Encrypt to a recipient's exchange key, whose ``alg`` is the header's (spec 8.2)."""
    rsa_key(recipient)
    key = RSAKey.import_key({"kty": "RSA", "n": recipient.n, "e": recipient.e})
    return jwe.encrypt_compact(dict(header), plaintext, key, registry=_registry(header))


def decrypt_as(recipient: PrivateRsa, header: Header, text: str) -> bytes:
    """Decrypt what was encrypted to ``recipient`` with exactly ``header``. Raises ``header_refused``, ``bundle_damaged``."""
    require_header(text, header)
    rsa_private(recipient)
    key = RSAKey.import_key(
        {name: getattr(recipient, name) for name in ("kty", "n", "e", "d", "p", "q", "dp", "dq", "qi")}
    )
    return _decrypt(text, key, header)


def header_of(text: str) -> dict[str, Any]:
    """Return the protected header of a compact JWE, not yet trusted. Raises ``header_refused``."""
    parts = text.split(".")
    try:
        if len(parts) != 5:
            raise ValueError("not five parts")
        for part in parts:
            b64decode(part)
        pairs: Any = json.loads(b64decode(parts[0]), object_pairs_hook=_distinct)
    except (ValueError, ReteamzError, RecursionError):
        raise _refused() from None
    if not isinstance(pairs, dict):
        raise _refused()
    return pairs


def require_header(text: str, header: Header) -> None:
    """Require exactly ``header``, no member more or less. Raises ``header_refused``."""
    if header_of(text) != dict(header):
        raise _refused()


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _registry(header: Header) -> jwe.JWERegistry:
    # The exact header was or will be required by ourselves; the registry would refuse members that RFC 7516 does not name.
    return jwe.JWERegistry(algorithms=[header["alg"], header["enc"]], strict_check_header=False)


def _decrypt(text: str, key: OctKey | RSAKey, header: Header) -> bytes:
    try:
        plaintext = jwe.decrypt_compact(text, key, registry=_registry(header)).plaintext
    except (JoseError, ValueError):
        plaintext = None
    if plaintext is None:
        raise ReteamzError("bundle_damaged", "The keys cannot be opened: the password, code or key does not fit.")
    return plaintext


def _refused() -> ReteamzError:
    return ReteamzError("header_refused", "Encrypted keys have a header that is not allowed; do not trust this server.")
