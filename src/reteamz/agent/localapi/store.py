"""Buckets and events of local watchers, sealed under a key that never leaves this computer; in memory before confirmation."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from reteamz.agent.localapi.times import bad, from_ms
from reteamz.agent.spool.cipher import LocalCipher
from reteamz.agent.spool.database import connect, explained

KEPT_MS: Final = 3 * 24 * 3_600_000
"""How long events stay for their clients' own reads."""
_BATCH: Final = 500

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS bucket (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, bucket INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS event_by_time ON event (bucket, start);
CREATE TABLE IF NOT EXISTS setting (owner INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
"""


class Bucket(msgspec.Struct, frozen=True):
    """Where one watcher's events lie; ``owner`` is the user who made it, ``created`` in milliseconds."""

    number: int
    owner: int
    id: str
    type: str
    client: str
    hostname: str
    created: int
    data: dict[str, Any]


class LocalEvent(msgspec.Struct, frozen=True):
    """One event; times in milliseconds."""

    id: int
    start: int
    end: int
    data: dict[str, Any]

    def shown(self) -> dict[str, Any]:
        """Return the event as ActivityWatch's clients read it."""
        return {
            "id": self.id,
            "timestamp": from_ms(self.start),
            "duration": (self.end - self.start) / 1000,
            "data": self.data,
        }


class LocalStore:
    """Every method may be called from any thread; what it returns is stored. Raises those of the spool."""

    def __init__(self, cipher: LocalCipher, path: Path | None) -> None:
        """``path`` None keeps everything in memory, until :meth:`settle`."""
        self._cipher = cipher
        self._lock = threading.RLock()
        self._path = path or Path(":memory:")
        if path is None:
            self._sql = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            self._sql.executescript(_SCHEMA)
        else:
            self._sql = connect(path, _SCHEMA, "NORMAL")
        self.kept = path is not None
        """Whether events lie on disk."""
        self._buckets: dict[tuple[int, str], Bucket] = {}
        for number, body in self._sql.execute("SELECT id, body FROM bucket").fetchall():
            bucket = msgspec.json.decode(cipher.open(f"bucket {number}", body), type=Bucket)
            self._buckets[bucket.owner, bucket.id] = bucket

    def settle(self, path: Path) -> None:
        """Go on on disk, with everything that was in memory."""
        with self._lock, explained(path):
            disk = connect(path, _SCHEMA, "NORMAL")
            self._sql.backup(disk)
            self._sql.close()
            self._sql, self._path, self.kept = disk, path, True

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, explained(self._path):
            self._sql.execute("BEGIN IMMEDIATE")
            try:
                yield self._sql
                self._sql.execute("COMMIT")
            except BaseException:
                if self._sql.in_transaction:
                    self._sql.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._sql.close()

    def buckets(self, owner: int) -> list[Bucket]:
        """Return a user's buckets."""
        with self._lock:
            return [bucket for bucket in self._buckets.values() if bucket.owner == owner]

    def bucket(self, owner: int, id: str) -> Bucket | None:
        """Return a user's bucket of this id."""
        with self._lock:
            return self._buckets.get((owner, id))

    def add_bucket(self, bucket: Bucket) -> bool:
        """Make a bucket; False when there is one of this id."""
        with self._writing() as sql:
            if (bucket.owner, bucket.id) in self._buckets:
                return False
            number = sql.execute("INSERT INTO bucket (owner, body) VALUES (?, x'')", (bucket.owner,)).lastrowid or 0
            made = msgspec.structs.replace(bucket, number=number)
            body = self._cipher.seal(f"bucket {number}", msgspec.json.encode(made))
            sql.execute("UPDATE bucket SET body = ? WHERE id = ?", (body, number))
            self._buckets[bucket.owner, bucket.id] = made
            return True

    def delete_bucket(self, bucket: Bucket) -> None:
        """Delete a bucket with its events."""
        with self._writing() as sql:
            sql.execute("DELETE FROM event WHERE bucket = ?", (bucket.number,))
            sql.execute("DELETE FROM bucket WHERE id = ?", (bucket.number,))
            self._buckets.pop((bucket.owner, bucket.id), None)

    def insert(self, bucket: Bucket, events: list[tuple[int, int, dict[str, Any]]]) -> list[LocalEvent]:
        """Store events (start, end, data) and return them with their ids."""
        with self._writing() as sql:
            return [self._insert(sql, bucket, *event) for event in events]

    def _insert(
        self, sql: sqlite3.Connection, bucket: Bucket, start: int, end: int, data: dict[str, Any]
    ) -> LocalEvent:
        cursor = sql.execute(
            "INSERT INTO event (bucket, start, end, body) VALUES (?, ?, ?, x'')", (bucket.number, start, end)
        )
        number = cursor.lastrowid or 0
        body = self._cipher.seal(f"event {number}", msgspec.json.encode(data))
        sql.execute("UPDATE event SET body = ? WHERE id = ?", (body, number))
        return LocalEvent(number, start, end, data)

    def heartbeat(self, bucket: Bucket, start: int, end: int, data: dict[str, Any], pulse: int) -> LocalEvent:
        """Merge a heartbeat into the newest event, or store it.

        Neighbours merge when their data is equal and start ≤ t ≤ end + pulse, inclusive. One from before the newest event is stored by
        itself: it overwrites nothing.
        """
        with self._writing() as sql:
            row = sql.execute(
                "SELECT id, start, end, body FROM event WHERE bucket = ? ORDER BY start DESC, id DESC LIMIT 1",
                (bucket.number,),
            ).fetchone()
            last = None if row is None else self._event(row)
            if last is not None and last.data == data and last.start <= start <= last.end + pulse:
                longer = max(last.end, end)
                if longer > last.end:
                    sql.execute("UPDATE event SET end = ? WHERE id = ?", (longer, last.id))
                return LocalEvent(last.id, last.start, longer, data)
            return self._insert(sql, bucket, start, end, data)

    def events(
        self, bucket: Bucket, start: int | None = None, end: int | None = None, limit: int = -1
    ) -> list[LocalEvent]:
        """Return events that touch [start, end], newest first; ``limit`` −1 for all."""
        with self._lock, explained(self._path):
            rows = self._sql.execute(
                """
                SELECT id, start, end, body FROM event
                WHERE bucket = ? AND (? IS NULL OR end >= ?) AND (? IS NULL OR start <= ?)
                ORDER BY start DESC, id DESC LIMIT ?
                """,
                (bucket.number, start, start, end, end, limit),
            ).fetchall()
        return [self._event(row) for row in rows]

    def count(self, bucket: Bucket, start: int | None, end: int | None) -> int:
        """Return how many events touch [start, end]."""
        with self._lock, explained(self._path):
            row = self._sql.execute(
                "SELECT count(*) FROM event WHERE bucket = ? AND (? IS NULL OR end >= ?) AND (? IS NULL OR start <= ?)",
                (bucket.number, start, start, end, end),
            ).fetchone()
        return int(row[0])

    def event(self, bucket: Bucket, id: int) -> LocalEvent | None:
        """Return one event."""
        with self._lock, explained(self._path):
            row = self._sql.execute(
                "SELECT id, start, end, body FROM event WHERE bucket = ? AND id = ?", (bucket.number, id)
            ).fetchone()
        return None if row is None else self._event(row)

    def delete_event(self, bucket: Bucket, id: int) -> bool:
        """Delete one event; tell whether there was one."""
        with self._writing() as sql:
            return sql.execute("DELETE FROM event WHERE bucket = ? AND id = ?", (bucket.number, id)).rowcount > 0

    def settings(self, owner: int) -> dict[str, Any]:
        """Return a user's settings."""
        with self._lock, explained(self._path):
            row = self._sql.execute("SELECT body FROM setting WHERE owner = ?", (owner,)).fetchone()
        if row is None:
            return {}
        return msgspec.json.decode(self._cipher.open(f"setting {owner}", row[0]), type=dict[str, Any])

    def change_setting(self, owner: int, key: str, value: Any) -> None:
        """Set one of a user's settings; None removes it."""
        with self._writing() as sql:
            settings = self.settings(owner)
            settings[key] = value
            if value is None:
                del settings[key]
            encoded = msgspec.json.encode(settings)
            if len(encoded) > 1024 * 1024:
                raise bad("Settings have at most 1 MiB.")
            sql.execute(
                "INSERT OR REPLACE INTO setting VALUES (?, ?)",
                (owner, self._cipher.seal(f"setting {owner}", encoded)),
            )

    def forget(self, before: int) -> None:
        """Delete events that ended before (ms), a few at a time."""
        with self._writing() as sql:
            sql.execute("DELETE FROM event WHERE id IN (SELECT id FROM event WHERE end < ? LIMIT ?)", (before, _BATCH))

    def _event(self, row: tuple[int, int, int, bytes]) -> LocalEvent:
        number, start, end, body = row
        return LocalEvent(number, start, end, msgspec.json.decode(self._cipher.open(f"event {number}", body)))
