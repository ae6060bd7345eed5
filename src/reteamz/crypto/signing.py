"""Signatures that ends make (spec 1.9, 9.5, 11); ``reteamz.wire.signing`` checks them."""

from __future__ import annotations

import msgspec

from reteamz.crypto.keys import PrivateOkp, okp_key
from reteamz.wire.encoding import b64encode
from reteamz.wire.signing import BATCH, JwsType, jws_header, signed_bytes


def sign_jws(key: PrivateOkp, typ: JwsType, payload: msgspec.Struct | bytes) -> str:
    """Return a compact JWS over ``payload`` (RFC 7515, RFC 9864)."""
    body = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
    signed = f"{b64encode(msgspec.json.encode(jws_header(typ)))}.{b64encode(body)}"
    return f"{signed}.{b64encode(okp_key(key).sign(signed.encode('ascii')))}"


def sign_request(key: PrivateOkp, label: bytes, body: bytes) -> str:
    """Return a device's signature over label ‖ 0x00 ‖ body, in base64 (spec 11)."""
    return b64encode(okp_key(key).sign(signed_bytes(label, body)))


def sign_batch(key: PrivateOkp, body: bytes) -> str:
    """Return the signature of a batch over its decoded body, in base64 (spec 9.5)."""
    return sign_request(key, BATCH, body)
