"""Sealed blobs that wait for the server, in the spool's file: a blob and what is known of its listing change with the batches (spec 9.3, 11.4)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Final

import msgspec

from reteamz.agent.spool.cipher import LocalCipher
from reteamz.wire.batch import Media, SealedKind
from reteamz.wire.errors import ReteamzError

BLOBS_BYTES: Final = 2 * 1024 * 1024 * 1024
"""Most sealed content that waits for the server, in bytes; then the oldest is given up."""
TRIES: Final = 20
"""How often the server may refuse to take or to know a blob before it is given up."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS sealed (
    number INTEGER PRIMARY KEY AUTOINCREMENT, sha256 TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL,
    seq INTEGER, ready INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0, listing BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sealed_data (number INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS sealed_by_batch ON sealed (seq, bytes);
CREATE INDEX IF NOT EXISTS sealed_by_turn ON sealed (ready, tries, number);
CREATE TRIGGER IF NOT EXISTS sealed_gone AFTER DELETE ON sealed BEGIN DELETE FROM sealed_data WHERE number = OLD.number; END;
"""
# The data lie apart: SQLite writes a row whole when something in it changes.

Writing = Callable[[], AbstractContextManager[sqlite3.Connection]]
"""Begins a transaction of the spool."""


class Listing(msgspec.Struct, frozen=True):
    """What the next batch says of a blob (spec 9.3); ``person`` is a name, "" for nobody, ``at`` in milliseconds."""

    sha256: str
    bytes: int
    kind: SealedKind
    media: Media
    person: str
    at: int


class Waiting(msgspec.Struct, frozen=True):
    """A blob that an acknowledged batch lists."""

    number: int
    listing: Listing
    data: bytes


class _Hash(msgspec.Struct):
    sha256: str


class _Lists(msgspec.Struct):
    """Only what tells which blobs a body lists."""

    blobs: list[_Hash] = []


class Blobs:
    """The spool's sealed content. Methods with ``sql`` are part of a transaction of the spool's; the others are one of their own.

    ``seq`` of a row is the number of the batch that lists it, null for none yet; ``ready`` tells that this batch was acknowledged.
    """

    def __init__(self, cipher: LocalCipher, writing: Writing, settle: Callable[[], None], most_bytes: int) -> None:
        self._cipher = cipher
        self._writing = writing
        self._settle = settle
        self._most = most_bytes

    def put(self, listing: Listing, data: bytes, instead_of: int | None = None) -> tuple[int | None, list[Listing]]:
        """Keep a blob; return its number, and what had to be given up to make room.

        Args:
            listing: what the next batch says of it.
            data: the sealed bytes.
            instead_of: number of a blob that this one replaces. Where that one is listed or gone already, nothing is kept and the
                number returned is None.
        """
        with self._writing() as sql:
            if instead_of is not None:
                gone = sql.execute("DELETE FROM sealed WHERE number = ? AND seq IS NULL", (instead_of,)).rowcount
                if not gone:
                    return None, []
            lost = self._make_room(sql, self._most - len(data))
            sealed = self._cipher.seal(f"blob {listing.sha256}", msgspec.json.encode(listing))
            number = sql.execute(
                "INSERT INTO sealed (sha256, bytes, listing) VALUES (?, ?, ?)", (listing.sha256, len(data), sealed)
            ).lastrowid
            sql.execute("INSERT INTO sealed_data VALUES (?, ?)", (number, data))
            return number, lost

    def free(self, size: int) -> list[Listing]:
        """Give up the oldest on a full disk, one after the other, until so many bytes are free again; return what was given up."""
        lost: list[Listing] = []
        freed = 0
        while freed < size:
            try:
                # What is deleted is overwritten, which takes room in the log: begin it anew where it is.
                self._settle()
                with self._writing() as sql:
                    before = self.size(sql)
                    given = self._make_room(sql, before - 1)
                    freed += before - self.size(sql)
            except ReteamzError:
                break
            if not given:
                break
            lost += given
        with suppress(ReteamzError):
            self._settle()
        return lost

    def _make_room(self, sql: sqlite3.Connection, most_bytes: int) -> list[Listing]:
        lost: list[Listing] = []
        waiting = self.size(sql)
        while waiting > max(most_bytes, 0):
            number, sha256, size, sealed = sql.execute(
                "SELECT number, sha256, bytes, listing FROM sealed ORDER BY number LIMIT 1"
            ).fetchone()
            lost.append(self._listing(sha256, sealed))
            sql.execute("DELETE FROM sealed WHERE number = ?", (number,))
            waiting -= size
        return lost

    def unlisted(self, most: int) -> list[Listing]:
        """Return what no batch lists yet, oldest first."""
        with self._writing() as sql:
            rows = sql.execute(
                "SELECT sha256, listing FROM sealed WHERE seq IS NULL ORDER BY number LIMIT ?", (most,)
            ).fetchall()
        return [self._listing(*row) for row in rows]

    def next(self) -> Waiting | None:
        """Return the blob whose turn it is: the oldest of those that were refused least; None when none may be sent."""
        with self._writing() as sql:
            row = sql.execute(
                "SELECT number, sha256, listing FROM sealed WHERE ready = 1 ORDER BY tries, number LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            (data,) = sql.execute("SELECT data FROM sealed_data WHERE number = ?", row[:1]).fetchone()
        return Waiting(row[0], self._listing(row[1], row[2]), data)

    def delete(self, number: int) -> None:
        """Let a blob go: the server has it, or never takes it."""
        with self._writing() as sql:
            sql.execute("DELETE FROM sealed WHERE number = ?", (number,))

    def tried(self, number: int) -> bool:
        """Note that the server did not take a blob; tell whether that was the last try, with which it is gone."""
        with self._writing() as sql:
            sql.execute("UPDATE sealed SET tries = tries + 1 WHERE number = ?", (number,))
            return sql.execute("DELETE FROM sealed WHERE number = ? AND tries >= ?", (number, TRIES)).rowcount > 0

    def count(self) -> int:
        """Return how many blobs wait."""
        with self._writing() as sql:
            return int(sql.execute("SELECT count(*) FROM sealed").fetchone()[0])

    def size(self, sql: sqlite3.Connection) -> int:
        """Return how many bytes wait."""
        return int(sql.execute("SELECT coalesce(sum(bytes), 0) FROM sealed").fetchone()[0])

    def listed(self, sql: sqlite3.Connection, seq: int, body: bytes) -> None:
        """A batch was made: what it lists waits for its acknowledgement."""
        hashes = msgspec.json.decode(body, type=_Lists).blobs
        sql.executemany(
            "UPDATE sealed SET seq = ?, ready = 0 WHERE sha256 = ?", [(seq, blob.sha256) for blob in hashes]
        )

    def acknowledged(self, sql: sqlite3.Connection, seq: int) -> None:
        """Everything up to ``seq`` is on the server's disk: what is listed there may be sent."""
        sql.execute("UPDATE sealed SET ready = 1, tries = 0 WHERE seq <= ? AND ready = 0", (seq,))

    def unlist(self, sql: sqlite3.Connection, after: int) -> None:
        """The batches after ``after`` are gone or get other numbers: what they listed is listed again."""
        sql.execute("UPDATE sealed SET seq = NULL, ready = 0 WHERE seq > ?", (after,))

    def refused(self, sql: sqlite3.Connection, seq: int) -> list[Listing]:
        """The server never takes batch ``seq``: list its blobs again, but those not that were in such a batch too often."""
        sql.execute("UPDATE sealed SET tries = tries + 1 WHERE seq = ?", (seq,))
        rows = sql.execute("SELECT sha256, listing FROM sealed WHERE seq = ? AND tries >= ?", (seq, TRIES)).fetchall()
        sql.execute("DELETE FROM sealed WHERE seq = ? AND tries >= ?", (seq, TRIES))
        return [self._listing(*row) for row in rows]

    def _listing(self, sha256: str, sealed: bytes) -> Listing:
        return msgspec.json.decode(self._cipher.open(f"blob {sha256}", sealed), type=Listing)
