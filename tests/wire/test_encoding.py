"""Base64 and JSON are read exactly (spec 1.1, 1.3)."""

import msgspec
import pytest

from reteamz.wire.encoding import b64decode, b64encode, joined, strict_decode
from reteamz.wire.errors import CODES, ReteamzError


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    a: int
    b: str


@pytest.mark.parametrize("data", [b"", b"\0", b"\xff\xfe", bytes(range(256))])
def test_base64_round_trip(data: bytes) -> None:
    assert b64decode(b64encode(data)) == data


@pytest.mark.parametrize("text", ["AA==", "A", "AB", "A+A_", "AA A", "AA\n", "ÄAAA", "/AAA"])
def test_base64_refuses_other_spellings(text: str) -> None:
    with pytest.raises(ReteamzError) as refusal:
        b64decode(text)
    assert refusal.value.code == "base64_invalid"


def test_joined_is_zero_separated() -> None:
    assert joined("a", 12, b"\xff") == b"a\x0012\x00\xff"


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"b":"x","c":0}',
        b'{"a":1}',
        b'{"a":1,"b":"x"} 1',
        b'{"a":1,"a":1,"b":"x"}',
        b'{"a":"1","b":"x"}',
        b'{"a":1,"b":"\xff"}',
        b"",
        b"[" * 100_000,
    ],
)
def test_json_refuses_what_was_not_agreed(text: bytes) -> None:
    with pytest.raises(ReteamzError) as refusal:
        strict_decode(text, Pair)
    assert refusal.value.code == "json_invalid"


def test_json_order_is_free() -> None:
    assert strict_decode(b'{ "b": "x", "a": 1 }', Pair) == Pair(1, "x")


def test_codes_are_closed() -> None:
    assert "chain_fork" in CODES
    assert "anything" not in CODES
