"""The outbox: one chain, whole after every stop, unreadable on disk, and never half of anything."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from reteamz.agent.batches import BatchMaker
from reteamz.agent.spool.cipher import LocalCipher
from reteamz.agent.spool.spool import Make, Spool
from reteamz.wire.batch import Batch, Head, Refused, Restart, Void, decode_body
from reteamz.wire.encoding import b64encode, sha256
from reteamz.wire.errors import ReteamzError

KEY = bytes(range(32))
DEVICE = b64encode(bytes(16))
CANARY = "a title that nobody may find"


def open_spool(folder: Path, key: bytes = KEY, device: str = DEVICE, most: int = 2**30) -> Spool:
    return Spool(folder / "spool.db", LocalCipher(key), device, lambda body: "s" + sha256(body), most_bytes=most)


def body(number: int, note: str = "") -> Make:
    """Return the maker of a small batch that is told apart by its policy."""

    def make(seq: int, prev: str) -> bytes:
        token = f"rtz1.title.1.{b64encode(note.encode().ljust(32))}" if note else ""
        batch = Batch(1, DEVICE, DEVICE, seq, prev, 1, None, number, "encrypted", [token] if token else [], [], [])
        return msgspec.json.encode(batch)

    return make


def drained(spool: Spool) -> list[Batch | Void | Restart]:
    """Take everything out, and check the chain on the way."""
    found = []
    prev = spool.acknowledged().sha256
    while (oldest := spool.oldest()) is not None:
        message = decode_body(oldest.body)
        assert (oldest.seq, oldest.sha256) == (message.seq, sha256(oldest.body))
        assert oldest.signature == "s" + oldest.sha256
        assert message.prev == prev
        prev = oldest.sha256
        found.append(message)
        spool.acknowledge(oldest.seq)
    return found


def test_batches_come_out_as_they_went_in(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    spool.append([body(1), body(2)], b"pending")
    spool.append([body(3)], b"later")
    spool.close()
    spool = open_spool(tmp_path)
    assert (spool.head().seq, spool.waiting(), spool.pending()) == (3, 3, b"later")
    messages = drained(spool)
    assert [message.policy for message in messages if isinstance(message, Batch)] == [1, 2, 3]
    assert spool.acknowledged() == spool.head()
    spool.close()
    assert open_spool(tmp_path).head().seq == 3


def test_nothing_readable_lies_on_the_disk(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    spool.append([body(1, CANARY)], CANARY.encode())
    whole = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert len(whole) > 4_000
    assert CANARY.encode() not in whole
    assert b64encode(CANARY.encode())[:30].encode() not in whole
    assert b"rtz1" not in whole, "not even tokens"
    assert {oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == {"0o600"}


def test_a_maker_that_fails_leaves_everything_as_it_was(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    spool.append([body(1)], b"before")

    def fails(_seq: int, _prev: str) -> bytes:
        raise ReteamzError("internal", "")

    with pytest.raises(ReteamzError):
        spool.append([body(2), fails], b"after")
    assert (spool.head().seq, spool.waiting(), spool.pending()) == (1, 1, b"before")


def test_more_than_it_may_hold_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, most=100_000)

    def fill() -> None:
        for number in range(10_000):
            spool.append([body(number)], b"held")

    with pytest.raises(ReteamzError) as refused:
        fill()
    assert refused.value.code == "disk_full"
    waiting = spool.waiting()
    assert waiting > 50
    assert len(drained(spool)) == waiting
    spool.append([body(1)], b"")


def test_a_void_takes_the_number_and_the_rest_follows_it(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    maker = BatchMaker(DEVICE, DEVICE)
    spool.append([body(1)], b"")
    first = drained(spool)[0]
    spool.append([body(2), body(3), body(4)], b"")
    oldest = spool.oldest()
    assert oldest is not None
    refused = Refused(oldest.sha256, "token_malformed")
    spool.replace_oldest(maker.void(refused), lambda replaced: [body(20)] if replaced.seq == 2 else [])
    messages = drained(spool)
    assert first.seq == 1
    assert [message.seq for message in messages] == [2, 3, 4, 5]
    assert isinstance(messages[0], Void)
    assert messages[0].refused == refused
    assert [message.policy for message in messages if isinstance(message, Batch)] == [3, 4, 20]


def test_a_restart_uses_no_number_twice(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    maker = BatchMaker(DEVICE, DEVICE)
    spool.append([body(number) for number in range(1, 6)], b"")
    hashes = {}
    while (oldest := spool.oldest()) is not None:
        hashes[oldest.seq] = oldest.sha256
        spool.acknowledge(oldest.seq)
    spool.append([body(6), body(7)], b"")
    lost = Head(3, hashes[3])
    assert spool.knows(lost)
    assert not spool.knows(Head(3, "A" * 43))
    assert spool.knows(Head(0, ""))
    spool.restart(maker.restart(lost), 3)
    oldest = spool.oldest()
    assert oldest is not None
    message = decode_body(oldest.body)
    assert isinstance(message, Restart)
    assert (message.seq, message.lost.after, message.lost.sha256) == (8, 3, hashes[3])
    numbers = []
    while (oldest := spool.oldest()) is not None:
        numbers.append(oldest.seq)
        spool.acknowledge(oldest.seq)
    assert numbers == [8, 9, 10]


def refusal(folder: Path, **how: object) -> str:
    with pytest.raises(ReteamzError) as refused:
        open_spool(folder, **how).oldest()  # type: ignore[arg-type]  # passed on
    assert "enrol this computer again" in refused.value.message
    return refused.value.code


def test_another_key_or_device_is_told(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    spool.append([body(1)], b"pending")
    spool.close()
    assert refusal(tmp_path, key=bytes(32)) == "spool_corrupt"
    assert refusal(tmp_path, device=b64encode(bytes([1]) * 16)) == "spool_corrupt"
    assert open_spool(tmp_path).waiting() == 1


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE outbox SET body = x'00' WHERE seq = 1",
        "UPDATE outbox SET body = (SELECT body FROM outbox WHERE seq = 2) WHERE seq = 1",
        "UPDATE outbox SET sha256 = (SELECT sha256 FROM outbox WHERE seq = 2) WHERE seq = 1",
        "DELETE FROM outbox WHERE seq = 2",
        "DELETE FROM outbox WHERE seq = 3",
        "DELETE FROM outbox",
        "UPDATE pending SET body = (SELECT body FROM outbox WHERE seq = 1)",
        "UPDATE chain SET seq = 9",
    ],
)
def test_a_row_that_was_changed_is_told_and_nothing_is_sent_of_it(tmp_path: Path, damage: str) -> None:
    spool = open_spool(tmp_path)
    spool.append([body(1), body(2), body(3)], b"pending")
    spool.close()
    connection = sqlite3.connect(tmp_path / "spool.db")
    connection.execute(damage)
    connection.commit()
    connection.close()
    assert refusal(tmp_path) == "spool_corrupt"


def test_a_file_that_is_none_is_told_and_kept(tmp_path: Path) -> None:
    noise = os.urandom(20_000)
    (tmp_path / "spool.db").write_bytes(noise)
    assert refusal(tmp_path) == "spool_corrupt"
    assert (tmp_path / "spool.db").read_bytes() == noise


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.agent.spool.full_disk", str(tmp_path / "spool.db")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert json.loads(ran.stdout) == {
        "codes": ["disk_full"] * 3,
        "same": [1, 1, "before"],
        "later": [2001, 2001, "after"],
    }
