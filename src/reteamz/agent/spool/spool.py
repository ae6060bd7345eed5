"""Outbox and pending events in one SQLite file: numbers, hashes and bodies change in the same transaction (spec 9.5-9.8)."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Final

import msgspec

from reteamz.agent.spool.blobs import BLOBS_BYTES, SCHEMA, Blobs, Listing
from reteamz.agent.spool.cipher import LocalCipher, damaged
from reteamz.agent.spool.database import connect, explained
from reteamz.agent.spool.notices import SCHEMA as NOTICES
from reteamz.agent.spool.notices import Noticed, Notices
from reteamz.agent.spool.spent import SCHEMA as SPENT
from reteamz.agent.spool.spent import Span, Spent
from reteamz.wire.batch import Batch, Head, decode_body
from reteamz.wire.encoding import sha256
from reteamz.wire.errors import ReteamzError

OUTBOX_BYTES: Final = 512 * 1024 * 1024
"""Most that waits for the server, in bytes on disk: half a year without a connection."""
REMEMBERED: Final = 200_000
"""How many acknowledged batches are known by their hash: more than a year."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS chain (
    one INTEGER PRIMARY KEY CHECK (one = 1), device TEXT NOT NULL,
    seq INTEGER NOT NULL, sha256 TEXT NOT NULL, acked_seq INTEGER NOT NULL, acked_sha256 TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, signature TEXT NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS acknowledged (seq INTEGER PRIMARY KEY, sha256 TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS pending (one INTEGER PRIMARY KEY CHECK (one = 1), body BLOB NOT NULL) STRICT;
"""

Make = Callable[[int, str], bytes]
"""Makes a body for a number and the hash of the batch before."""
Tell = Callable[[list[Noticed]], Iterable[Make]]
"""Makes batches of notices."""
Sign = Callable[[bytes], str]
"""Signs a body (spec 9.5)."""


class Outgoing(msgspec.Struct, frozen=True):
    """A signed body that the server did not acknowledge yet; ``packed`` is the body as one zstd frame."""

    seq: int
    sha256: str
    signature: str
    packed: bytes
    body: bytes


class Spool:
    """The agent's outbox. Every method may be called from any thread, and is either done and on disk or did not happen.

    Args:
        path: the SQLite file; made when missing.
        cipher: seals what lies in it.
        device: identifier of the device whose chain this is.
        sign: signs bodies with the device's key.
        most_bytes: bound of the outbox.
        most_blobs: bound of sealed content, in bytes.

    Raises:
        ReteamzError: ``spool_corrupt``, ``disk_full``, ``folder_unusable`` from every method.
    """

    def __init__(
        self,
        path: Path,
        cipher: LocalCipher,
        device: str,
        sign: Sign,
        *,
        most_bytes: int = OUTBOX_BYTES,
        most_blobs: int = BLOBS_BYTES,
    ) -> None:
        self._path = path
        self._cipher = cipher
        self._sign = sign
        self._most = most_bytes
        self._lock = threading.RLock()
        self._connection = connect(path, _SCHEMA + SCHEMA + SPENT + NOTICES, "FULL")
        self.blobs: Final = Blobs(cipher, self._transaction, self._settle, most_blobs)
        """Sealed content that waits."""
        self._spent = Spent(cipher)
        self._notices = Notices(cipher)
        try:
            with self._transaction() as sql:
                sql.execute("INSERT OR IGNORE INTO chain VALUES (1, ?, 0, '', 0, '')", (device,))
                if sql.execute("SELECT device FROM chain").fetchone() != (device,):
                    raise damaged(path)
            self._check()
        except ReteamzError:
            self._connection.close()
            raise

    def _check(self) -> None:
        """The outbox must run without a gap from the acknowledged batch to the head."""
        with self._lock, explained(self._path):
            head, acked = self.head(), self.acknowledged()
            rows = self._connection.execute("SELECT seq, sha256 FROM outbox ORDER BY seq").fetchall()
            if rows and (
                rows[-1] != (head.seq, head.sha256) or [row[0] for row in rows] != list(range(rows[0][0], head.seq + 1))
            ):
                raise damaged(self._path)
            if not rows and head != acked:
                raise damaged(self._path)
            self.pending()
            self.noticed()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, explained(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _settle(self) -> None:
        """Write the log into the file, so that its next entry begins at its front."""
        with self._lock, explained(self._path):
            self._connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def head(self) -> Head:
        """Return number and hash of the last batch made."""
        with self._lock, explained(self._path):
            return Head(*self._connection.execute("SELECT seq, sha256 FROM chain").fetchone())

    def acknowledged(self) -> Head:
        """Return number and hash of the last batch that the server acknowledged."""
        with self._lock, explained(self._path):
            return Head(*self._connection.execute("SELECT acked_seq, acked_sha256 FROM chain").fetchone())

    def waiting(self) -> int:
        """Return how many batches wait for the server."""
        with self._lock, explained(self._path):
            return int(self._connection.execute("SELECT count(*) FROM outbox").fetchone()[0])

    def spent(self, uid: int, day: int) -> list[Span]:
        """Return the time of a user that batches told on a day (since 1970, UTC), in order."""
        with self._lock, explained(self._path):
            return self._spent.day(self._connection, uid, day)

    def append(
        self,
        makers: list[Make],
        pending: bytes,
        spent: Mapping[int, list[Span]] | None = None,
        tell: Tell | None = None,
    ) -> None:
        """Add batches at the end of the chain and replace the pending events, all in one transaction.

        Args:
            makers: make their bodies.
            pending: the events that go on waiting.
            spent: the time that the batches tell, by user.
            tell: makes batches of the notices that wait, which are gone by this; None lets them wait.

        Raises:
            ReteamzError: also ``disk_full`` when more waits than may.
        """
        with self._transaction() as sql:
            if makers or tell is not None:
                pages = (
                    sql.execute("PRAGMA page_count").fetchone()[0] - sql.execute("PRAGMA freelist_count").fetchone()[0]
                )
                used = pages * sql.execute("PRAGMA page_size").fetchone()[0]
                if used - self.blobs.size(sql) > self._most:
                    raise ReteamzError(
                        "disk_full", "The spool holds all it may; connect this computer to the server, nothing is lost."
                    )
            self._extend(sql, makers if tell is None else chain(makers, tell(self._notices.take(sql))))
            self._keep(sql, pending)
            for uid, spans in (spent or {}).items():
                self._spent.add(sql, uid, spans)

    def keep(self, pending: bytes) -> None:
        """Replace the pending events."""
        with self._transaction() as sql:
            self._keep(sql, pending)

    def pending(self) -> bytes:
        """Return the pending events as they were given, empty for none."""
        with self._lock, explained(self._path):
            row = self._connection.execute("SELECT body FROM pending").fetchone()
            return b"" if row is None else self._cipher.open("pending", row[0])

    def notice(self, found: Iterable[Noticed]) -> None:
        """Let notices wait for their batch."""
        with self._transaction() as sql:
            self._notices.add(sql, found)

    def noticed(self) -> list[Noticed]:
        """Return the notices that wait for their batch, what happened last at the end."""
        with self._lock, explained(self._path):
            return self._notices.waiting(self._connection)

    def oldest(self) -> Outgoing | None:
        """Return the first batch that waits, None when the outbox is empty."""
        with self._lock, explained(self._path):
            row = self._connection.execute(
                "SELECT seq, sha256, signature, body FROM outbox ORDER BY seq LIMIT 1"
            ).fetchone()
        return None if row is None else self._outgoing(row)

    def acknowledge(self, seq: int) -> None:
        """Let everything up to ``seq`` go: the server has it on disk. Its hashes stay, to know a server that lost its tail."""
        with self._transaction() as sql:
            row = sql.execute("SELECT seq, sha256 FROM outbox WHERE seq = ?", (seq,)).fetchone()
            if row is None:
                return
            sql.execute("INSERT INTO acknowledged SELECT seq, sha256 FROM outbox WHERE seq <= ?", (seq,))
            sql.execute("DELETE FROM outbox WHERE seq <= ?", (seq,))
            sql.execute("DELETE FROM acknowledged WHERE seq <= ?", (seq - REMEMBERED,))
            sql.execute("UPDATE chain SET acked_seq = ?, acked_sha256 = ?", row)
            self.blobs.acknowledged(sql, seq)

    def knows(self, head: Head) -> bool:
        """Tell whether the server's head is a batch of ours that it acknowledged before, or none at all."""
        if head.seq == 0:
            return head.sha256 == ""
        with self._lock, explained(self._path):
            row = self._connection.execute("SELECT sha256 FROM acknowledged WHERE seq = ?", (head.seq,)).fetchone()
        return row is not None and row[0] == head.sha256

    def made(self, head: Head) -> bool:
        """Tell whether the server's head is a batch that waits here: its acknowledgement was lost."""
        with self._lock, explained(self._path):
            row = self._connection.execute("SELECT sha256 FROM outbox WHERE seq = ?", (head.seq,)).fetchone()
        return row is not None and row[0] == head.sha256

    def replace_oldest(
        self,
        make: Make,
        again: Callable[[Outgoing], list[Make]],
        noticed: Callable[[Outgoing], list[Noticed]] = lambda _: [],
    ) -> list[Listing]:
        """Replace the oldest batch by another of the same number (a void, spec 9.7), chain the rest anew behind it.

        Args:
            make: makes the body that takes its number.
            again: makers for what the replaced batch held and that is worth telling in another form; they go to the end.
            noticed: returns what of its notices waits again.

        Returns:
            Sealed content that was in such a batch too often, and is given up.
        """
        with self._transaction() as sql:
            row = sql.execute("SELECT seq, sha256, signature, body FROM outbox ORDER BY seq LIMIT 1").fetchone()
            if row is None:
                return []
            oldest = self._outgoing(row)
            if oldest.seq != self.acknowledged().seq + 1:
                # Only a restart stands away from what was acknowledged, and a restart is never replaced.
                raise damaged(self._path)
            sql.execute("DELETE FROM outbox WHERE seq = ?", (oldest.seq,))
            lost = self.blobs.refused(sql, oldest.seq)
            self.blobs.unlist(sql, oldest.seq - 1)
            behind = self._set_aside(sql)
            sql.execute("UPDATE chain SET seq = acked_seq, sha256 = acked_sha256")
            self._extend(sql, chain([make], self._moved(sql, behind), again(oldest)))
            if found := noticed(oldest):
                self._notices.add(sql, found)
        return lost

    def restart(self, make: Make, after: int) -> None:
        """Put a restart (spec 9.8) at the next number, and what waits behind it under new numbers. No number is used twice.

        Sealed content that batches after ``after`` listed, and that is still here, is listed again.
        """
        with self._transaction() as sql:
            self.blobs.unlist(sql, after)
            behind = self._set_aside(sql)
            self._extend(sql, chain([make], self._moved(sql, behind)))

    def _set_aside(self, sql: sqlite3.Connection) -> list[int]:
        """Give what waits negative numbers and return the old ones: a month of batches need not fit into memory."""
        numbers = [row[0] for row in sql.execute("SELECT seq FROM outbox ORDER BY seq")]
        sql.execute("UPDATE outbox SET seq = -seq")
        return numbers

    def _moved(self, sql: sqlite3.Connection, numbers: list[int]) -> Iterator[Make]:
        """Yield makers of the same bodies under the next numbers; voids and restarts told of numbers that are gone."""
        for number in numbers:
            row = sql.execute("SELECT -seq, sha256, signature, body FROM outbox WHERE seq = ?", (-number,)).fetchone()
            sql.execute("DELETE FROM outbox WHERE seq = ?", (-number,))
            body = self._outgoing(row).body
            if isinstance(decode_body(body), Batch):
                yield _again(body)

    def _outgoing(self, row: tuple[int, str, str, bytes]) -> Outgoing:
        place = f"outbox {row[0]} {row[1]}"
        body = self._cipher.open(place, row[3])
        if sha256(body) != row[1]:
            raise damaged(self._path)
        return Outgoing(row[0], row[1], row[2], self._cipher.open_packed(place, row[3]), body)

    def _extend(self, sql: sqlite3.Connection, makers: Iterable[Make]) -> None:
        seq, prev = sql.execute("SELECT seq, sha256 FROM chain").fetchone()
        for make in makers:
            seq += 1
            body = make(seq, prev)
            prev = sha256(body)
            sql.execute(
                "INSERT INTO outbox VALUES (?, ?, ?, ?)",
                (seq, prev, self._sign(body), self._cipher.seal(f"outbox {seq} {prev}", body)),
            )
            self.blobs.listed(sql, seq, body)
        sql.execute("UPDATE chain SET seq = ?, sha256 = ?", (seq, prev))

    def _keep(self, sql: sqlite3.Connection, pending: bytes) -> None:
        if pending:
            sql.execute("INSERT OR REPLACE INTO pending VALUES (1, ?)", (self._cipher.seal("pending", pending),))
        else:
            sql.execute("DELETE FROM pending")


def _again(body: bytes) -> Make:
    """Return a maker of the same body under another number."""
    members = msgspec.json.decode(body, type=dict[str, msgspec.Raw])

    def make(seq: int, prev: str) -> bytes:
        return msgspec.json.encode({**members, "seq": seq, "prev": prev})

    return make
