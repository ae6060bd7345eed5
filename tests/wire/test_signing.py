"""Signatures and headers are exact (spec 1.9, 9.5)."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from reteamz.wire.encoding import b64encode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.signing import BATCH, signed_bytes, verify_batch, verify_jws

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
GOOD = {"alg": "Ed25519", "typ": "reteamz-roster+1"}


def jws(header: object, payload: bytes = b"{}") -> str:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    signed = f"{b64encode(text)}.{b64encode(payload)}"
    return f"{signed}.{b64encode(KEY.sign(signed.encode()))}"


def test_good_document() -> None:
    assert verify_jws(KEY.public_key(), "reteamz-roster+1", jws(GOOD, b'{"a":1}')) == b'{"a":1}'


@pytest.mark.parametrize(
    "header",
    [
        {**GOOD, "alg": "none"},
        {**GOOD, "alg": "EdDSA"},
        {**GOOD, "alg": "HS256"},
        {**GOOD, "typ": "reteamz-grant+1"},
        {**GOOD, "crit": ["b64"], "b64": False},
        {**GOOD, "zip": "DEF"},
        {**GOOD, "kid": "1"},
        {"alg": "Ed25519"},
        ["alg"],
        b'{"alg":"Ed25519","alg":"Ed25519","typ":"reteamz-roster+1"}',
        b"\xff",
        b"1",
    ],
)
def test_any_other_header_is_refused(header: object) -> None:
    with pytest.raises(ReteamzError) as refusal:
        verify_jws(KEY.public_key(), "reteamz-roster+1", jws(header))
    assert refusal.value.code == "header_refused"


def test_altered_payload_is_refused() -> None:
    head, _, signature = jws(GOOD).split(".")
    with pytest.raises(ReteamzError) as refusal:
        verify_jws(KEY.public_key(), "reteamz-roster+1", f"{head}.{b64encode(b'{ }')}.{signature}")
    assert refusal.value.code == "signature_invalid"


def test_batch_signature_covers_label_and_every_byte() -> None:
    body = b'{"v":1}'
    good = b64encode(KEY.sign(signed_bytes(BATCH, body)))
    verify_batch(KEY.public_key(), body, good)
    for wrong in (b64encode(KEY.sign(body)), good[:-1], "", "ü"):
        with pytest.raises(ReteamzError) as refusal:
            verify_batch(KEY.public_key(), body, wrong)
        assert refusal.value.code == "signature_invalid"
