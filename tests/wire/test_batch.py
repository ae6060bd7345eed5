"""What a batch may say is checked without a key (spec 9)."""

from typing import Any

import msgspec
import pytest

from reteamz.wire.batch import Batch, Restart, Void, check_batch, decode_body
from reteamz.wire.errors import ReteamzError

NOW = 1_700_000_000_000
APP = "rtz1.app.1." + "A" * 43
PERSON = "rtz1.person.1." + "A" * 43


def body(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "v": 1,
        "account": "A" * 22,
        "device": "B" * 22,
        "seq": 1,
        "prev": "",
        "epoch": 1,
        "roster": {"version": 1, "sha256": "C" * 43},
        "policy": 0,
        "mode": "encrypted",
        "tokens": [APP, PERSON],
        "events": [[1, 0, NOW, 1000, 60, 0, -1, -1, -1, -1, 3, -1]],
        "blobs": [],
    }
    fields.update(changes)
    return msgspec.json.encode({name: value for name, value in fields.items() if value is not ...})


ANONYMOUS = {
    "mode": "anonymous",
    "epoch": 0,
    "roster": None,
    "tokens": [],
    "events": [[-1, 0, NOW, 5, 0, -1, -1, -1, -1, -1, 0, -1]],
}
PLAIN = {"mode": "plain", "epoch": 0, "roster": None, "tokens": ["app:writer", "person:x"]}


def check(data: bytes) -> None:
    batch = decode_body(data)
    assert isinstance(batch, Batch)
    check_batch(batch, NOW)


@pytest.mark.parametrize("changes", [{}, ANONYMOUS, PLAIN, {"events": [], "tokens": []}])
def test_good_batches_pass(changes: dict[str, Any]) -> None:
    check(body(**changes))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"v": 2}, "batch_malformed"),
        ({"tokens": [f"{APP}\n{PERSON}", "junk"]}, "token_malformed"),
        ({"tokens": [APP, f"{PERSON}\n"]}, "token_malformed"),
        ({"tokens": [APP, ""]}, "token_malformed"),
        ({"tokens": [APP, PERSON.replace(".1.", ".2.")]}, "token_malformed"),
        ({"seq": 0}, "batch_malformed"),
        ({"seq": 2**53}, "batch_malformed"),
        ({"prev": "x"}, "batch_malformed"),
        ({"extra": 1}, "batch_malformed"),
        ({"epoch": ...}, "batch_malformed"),
        ({"epoch": 0}, "batch_malformed"),
        ({"roster": None}, "batch_malformed"),
        ({"mode": "other"}, "batch_malformed"),
        ({"tokens": [APP, APP]}, "batch_malformed"),
        ({"tokens": [APP[:-1], PERSON]}, "token_malformed"),
        ({"tokens": ["app:clear", PERSON]}, "token_malformed"),
        ({"tokens": ["rtz1.app.2." + "A" * 43, PERSON]}, "token_malformed"),
        ({"events": [[0, 0, NOW, 1, 0, 0, -1, -1, -1, -1, 0, -1]]}, "batch_malformed"),
        ({"events": [[1, 0, NOW, 1, 0, 2, -1, -1, -1, -1, 0, -1]]}, "batch_malformed"),
        ({"events": [[1, 5, NOW, 1, 0, 0, -1, -1, -1, -1, 0, -1]]}, "batch_malformed"),
        ({"events": [[1, 0, NOW, -1, 0, 0, -1, -1, -1, -1, 0, -1]]}, "batch_malformed"),
        ({"events": [[1, 0, NOW, 25 * 3600 * 1000, 0, 0, -1, -1, -1, -1, 0, -1]]}, "clock_ahead"),
        ({"events": [[1, 0, NOW, 1, 0, 0, -1, -1, -1, -1, 0, -1]] * 2001}, "batch_too_large"),
        ({**ANONYMOUS, "tokens": [APP]}, "batch_malformed"),
        ({**ANONYMOUS, "epoch": 1}, "batch_malformed"),
        ({**ANONYMOUS, "events": [[-1, 0, NOW, 5, 60, -1, -1, -1, -1, -1, 0, -1]]}, "batch_malformed"),
        ({**PLAIN, "epoch": 1}, "batch_malformed"),
        ({**PLAIN, "tokens": ["secret", "person:x"]}, "token_malformed"),
    ],
)
def test_bad_batches_get_a_code(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ReteamzError) as refusal:
        check(body(**changes))
    assert refusal.value.code == code


def test_oversized_body_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(ReteamzError) as refusal:
        decode_body(b"[" * (1024 * 1024 + 1))
    assert refusal.value.code == "batch_too_large"


def test_void_and_restart_are_told_apart() -> None:
    common = {"epoch": ..., "roster": ..., "policy": ..., "tokens": ..., "events": ..., "blobs": ...}
    void = decode_body(body(**common, mode="void", refused={"sha256": "D" * 43, "code": "clock_ahead"}))
    restart = decode_body(body(**common, seq=9, mode="restart", lost={"after": 0, "sha256": ""}))
    assert isinstance(void, Void)
    assert isinstance(restart, Restart)
    with pytest.raises(ReteamzError):
        decode_body(body(mode="void"))
