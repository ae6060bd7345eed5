"""Sealed content in the spool: what becomes of a blob follows what becomes of the batch that lists it, whatever happens in between."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.agent.spool.test_spool import DEVICE, KEY

from reteamz.agent.batches import BatchMaker, Terms
from reteamz.agent.names import TokenNames
from reteamz.agent.rules import unrated
from reteamz.agent.samples import Event
from reteamz.agent.spool.blobs import TRIES, Listing
from reteamz.agent.spool.cipher import LocalCipher
from reteamz.agent.spool.spool import Spool
from reteamz.wire import limits
from reteamz.wire.batch import Batch, Head, Lost, Refused, Restart, RosterHead, check_batch, decode_body
from reteamz.wire.encoding import sha256

TERMS = Terms("encrypted", 1, RosterHead(1, "A" * 43), 0)
NAMES = TokenNames(bytes(32), 1)
MAKER = BatchMaker(DEVICE, DEVICE)
MOST = 40_000


def open_spool(folder: Path, most: int = MOST) -> Spool:
    return Spool(folder / "spool.db", LocalCipher(KEY), DEVICE, lambda body: "s" + sha256(body), most_blobs=most)


def listing(data: bytes, person: str = "Otti Marsh") -> Listing:
    return Listing(sha256(data), len(data), "screenshot", "image/webp", person, 1_000)


def flush(spool: Spool, events: list[Event] | None = None) -> None:
    spool.append(list(MAKER.batches(TERMS, NAMES, unrated, events or [], spool.blobs.unlisted(1_024))), b"")


def test_a_blob_is_listed_then_acknowledged_then_sent(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    blob = os.urandom(5_000)
    spool.blobs.put(listing(blob), blob)
    assert spool.blobs.next() is None, "no batch lists it"
    flush(spool)
    assert spool.blobs.next() is None, "the batch is not acknowledged"
    assert spool.blobs.unlisted(9) == []
    spool.acknowledge(1)
    waiting = spool.blobs.next()
    assert waiting is not None
    assert (waiting.data, waiting.listing) == (blob, listing(blob))
    spool.blobs.delete(waiting.number)
    assert spool.blobs.count() == 0


def test_a_batch_without_events_lists_at_most_256(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, 10**9)
    blobs = [os.urandom(50) for _ in range(600)]
    for blob in blobs:
        spool.blobs.put(listing(blob), blob)
    flush(spool)
    hashes = []
    while (oldest := spool.oldest()) is not None:
        batch = decode_body(oldest.body)
        assert isinstance(batch, Batch)
        check_batch(batch, 10_000)
        assert len(batch.blobs) in (limits.BATCH_BLOBS, 600 - 2 * limits.BATCH_BLOBS)
        assert len(batch.tokens) == 1
        hashes += [blob.sha256 for blob in batch.blobs]
        spool.acknowledge(oldest.seq)
    assert hashes == [sha256(blob) for blob in blobs]


def test_without_a_grant_nothing_is_listed() -> None:
    blob = os.urandom(50)
    for mode in ("anonymous", "plain"):
        terms = Terms(mode, 0, None, 0)  # type: ignore[arg-type]  # both are modes
        assert list(MAKER.batches(terms, NAMES, unrated, [], [listing(blob)])) == []


def test_a_name_of_who_is_recorded_is_not_readable_on_disk(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    blob = os.urandom(50)
    spool.blobs.put(listing(blob, "Canary Person"), blob)
    whole = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert blob in whole
    assert b"Canary" not in whole


def test_the_oldest_is_given_up_first(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    blobs = [os.urandom(15_000) for _ in range(4)]
    lost = [spool.blobs.put(listing(blob, f"P{number}"), blob)[1] for number, blob in enumerate(blobs)]
    assert [[given.person for given in each] for each in lost] == [[], [], ["P0"], ["P1"]]
    assert [blob.sha256 for blob in spool.blobs.unlisted(9)] == [sha256(blob) for blob in blobs[2:]]


def test_what_is_listed_is_not_replaced(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    first, second, third = (os.urandom(50) for _ in range(3))
    number, _ = spool.blobs.put(listing(first), first)
    number, _ = spool.blobs.put(listing(second), second, number)
    assert [blob.sha256 for blob in spool.blobs.unlisted(9)] == [sha256(second)]
    flush(spool)
    assert spool.blobs.put(listing(third), third, number) == (None, [])
    assert spool.blobs.count() == 1


def test_a_refused_batch_lists_its_blobs_again_but_not_for_ever(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    blob = os.urandom(50)
    spool.blobs.put(listing(blob), blob)
    for _ in range(TRIES):
        flush(spool)
        oldest = spool.oldest()
        assert oldest is not None
        lost = spool.replace_oldest(MAKER.void(Refused(oldest.sha256, "batch_malformed")), lambda _: [])
        spool.acknowledge(oldest.seq)
    assert lost == [listing(blob)]
    assert spool.blobs.count() == 0


def test_a_spool_from_before_sealed_content_opens(tmp_path: Path) -> None:
    open_spool(tmp_path).close()
    with sqlite3.connect(tmp_path / "spool.db") as old:
        old.execute("DROP TABLE sealed")
    old.close()
    assert open_spool(tmp_path).blobs.count() == 0


def test_on_a_full_disk_the_newest_takes_the_place_of_the_oldest(tmp_path: Path) -> None:
    program = Path(__file__).with_name("full_disk_of_blobs.py")
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path / "spool.db")], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told["codes"]) == {"disk_full"}
    assert told["freed"] == [f"P{number}" for number in range(len(told["freed"]))]
    assert told["kept"] == told["later"] == [f"P{number}" for number in range(len(told["freed"]), 60)]


class Server:
    """A server that stores batches, and may come back as it was some time ago."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, str, list[str]]] = []

    def head(self) -> Head:
        return Head(*self.batches[-1][:2]) if self.batches else Head(0, "")


class Life(RuleBasedStateMachine):
    """Any order of recording, listing, sending, losing acknowledgements, refusing, restoring, restarting the agent."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.spool = open_spool(Path(self.folder.name))
        self.server = Server()
        self.made: dict[str, bytes] = {}
        self.lost: set[str] = set()
        self.arrived: set[str] = set()
        self.clock = 0

    @initialize()
    def begin(self) -> None:
        self.record(10)

    @rule(size=st.integers(1, 9_000))
    def record(self, size: int) -> None:
        blob = os.urandom(size)
        self.made[sha256(blob)] = blob
        _, lost = self.spool.blobs.put(listing(blob), blob)
        self.lost |= {given.sha256 for given in lost}

    @rule(events=st.integers(0, 3))
    def flush(self, events: int) -> None:
        self.clock += events
        flush(
            self.spool,
            [Event(n, n + 1, 0, 0, "p", "a", "", "", "", "", 0) for n in range(self.clock, self.clock + events)],
        )

    @rule(answered=st.booleans())
    def send(self, answered: bool) -> None:
        oldest = self.spool.oldest()
        if oldest is None:
            return
        message, head = decode_body(oldest.body), self.server.head()
        here = isinstance(message, Restart) and message.lost == Lost(head.seq, head.sha256)
        if oldest.seq > head.seq + 1 and not here:
            if self.spool.made(head):
                self.spool.acknowledge(head.seq)
            else:
                assert self.spool.knows(head)
                self.spool.restart(MAKER.restart(head), head.seq)
            return
        if oldest.seq > head.seq:
            hashes = [blob.sha256 for blob in message.blobs] if isinstance(message, Batch) else []
            self.server.batches.append((oldest.seq, oldest.sha256, hashes))
        if answered:
            self.spool.acknowledge(oldest.seq)

    @rule()
    def refuse(self) -> None:
        oldest, head = self.spool.oldest(), self.server.head()
        if oldest is None or oldest.seq != head.seq + 1 or isinstance(decode_body(oldest.body), Restart):
            return
        if oldest.seq != self.spool.acknowledged().seq + 1:
            return
        lost = self.spool.replace_oldest(MAKER.void(Refused(oldest.sha256, "batch_malformed")), lambda _: [])
        self.lost |= {given.sha256 for given in lost}

    @rule(answered=st.booleans())
    def deliver(self, answered: bool) -> None:
        waiting = self.spool.blobs.next()
        if waiting is None:
            return
        assert self.made[waiting.listing.sha256] == waiting.data
        if any(waiting.listing.sha256 in hashes for _, _, hashes in self.server.batches):
            self.arrived.add(waiting.listing.sha256)
            if answered:
                self.spool.blobs.delete(waiting.number)
        else:
            assert self.server.head().seq < self.spool.acknowledged().seq, "only while the server lost its tail"
            if self.spool.blobs.tried(waiting.number):
                self.lost.add(waiting.listing.sha256)

    @precondition(lambda self: len(self.server.batches) > 1)
    @rule(kept=st.integers(0, 5))
    def restore(self, kept: int) -> None:
        del self.server.batches[kept:]

    @rule()
    def restart(self) -> None:
        self.spool.close()
        self.spool = open_spool(Path(self.folder.name))

    @invariant()
    def nothing_is_missing(self) -> None:
        here = {row[0] for row in self.spool._connection.execute("SELECT sha256 FROM sealed")}
        assert here | self.lost | self.arrived == set(self.made)
        numbers = [
            self.spool._connection.execute(f"SELECT number FROM {table} ORDER BY number").fetchall()
            for table in ("sealed", "sealed_data")
        ]
        assert numbers[0] == numbers[1]
        # Whatever waits for an acknowledgement is listed by exactly the batch that waits.
        for sha, seq in self.spool._connection.execute(
            "SELECT sha256, seq FROM sealed WHERE seq > ?", (self.spool.acknowledged().seq,)
        ):
            row = self.spool._connection.execute(
                "SELECT seq, sha256, signature, body FROM outbox WHERE seq = ?", (seq,)
            ).fetchone()
            batch = decode_body(self.spool._outgoing(row).body)
            assert isinstance(batch, Batch)
            assert sha in [blob.sha256 for blob in batch.blobs]

    def teardown(self) -> None:
        # In the end everything arrives.
        for _ in range(400):
            self.flush(1)
            self.send(True)
            self.deliver(True)
            if not self.spool.blobs.count() and not self.spool.waiting():
                break
        assert self.spool.blobs.count() == 0
        assert self.lost | self.arrived == set(self.made)
        self.spool.close()
        self.folder.cleanup()


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
