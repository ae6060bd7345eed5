"""Buckets and events of local watchers, sealed under a key that never leaves this computer; in memory before confirmation."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from reteamz.agent.localapi.times import bad, from_duration, from_ms
from reteamz.agent.samples import Clock
from reteamz.agent.spool.cipher import LocalCipher
from reteamz.agent.spool.database import connect, explained
from reteamz.wire.errors import ReteamzError

KEPT_MS: Final = 3 * 24 * 3_600_000
"""How long events stay for their clients' own reads, from when they were told last."""
MOST_BYTES: Final = 256 * 1024 * 1024
"""Most that events take; beyond it a user's oldest are forgotten before their time."""
_BATCH: Final = 2_000

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS bucket (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, bucket INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, body BLOB NOT NULL,
    beyond INTEGER NOT NULL DEFAULT 0, told INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS event_by_time ON event (bucket, start);
CREATE TABLE IF NOT EXISTS setting (owner INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
"""
_SELECT: Final = "SELECT id, start, end, beyond, body FROM event"
_LET_GO: Final = """
DELETE FROM event WHERE id IN (SELECT id FROM event WHERE bucket IN (SELECT bucket FROM own) ORDER BY told, id LIMIT ?)
"""
_ADDED: Final = ("beyond", "told")
"""Columns of events that files of earlier versions lack: microseconds of the end, and when it was told (ms)."""


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


class Told(msgspec.Struct, frozen=True):
    """What a client tells: ``start`` in milliseconds, ``length`` in microseconds."""

    start: int
    length: int
    data: dict[str, Any]

    @property
    def end(self) -> int:
        """Return the end in milliseconds."""
        return self.start + self.length // 1000


class LocalEvent(msgspec.Struct, frozen=True):
    """One event; ``start`` in milliseconds, ``length`` in microseconds."""

    id: int
    start: int
    length: int
    data: dict[str, Any]

    @property
    def end(self) -> int:
        """Return the end in milliseconds."""
        return self.start + self.length // 1000

    def within(self, start: int | None, end: int | None) -> LocalEvent:
        """Return the part of the event that lies between two times (ms)."""
        first = self.start if start is None else max(self.start, start)
        last = self.start * 1000 + self.length
        if end is not None:
            last = min(last, end * 1000)
        return LocalEvent(self.id, first, max(0, last - first * 1000), self.data)

    def shown(self) -> dict[str, Any]:
        """Return the event as ActivityWatch's clients read it."""
        return {
            "id": self.id,
            "timestamp": from_ms(self.start),
            "duration": from_duration(self.length),
            "data": self.data,
        }


class LocalStore:
    """Every method may be called from any thread; what it returns is stored. Raises those of the spool."""

    def __init__(self, cipher: LocalCipher, path: Path | None, now: Clock, most_bytes: int = MOST_BYTES) -> None:
        """``path`` None keeps everything in memory, until :meth:`settle`; ``most_bytes`` is the bound of all events."""
        self._cipher = cipher
        self._most = most_bytes
        self._now = now
        self._lock = threading.RLock()
        self._path = path or Path(":memory:")
        if path is None:
            self._sql = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            self._sql.executescript(_SCHEMA)
        else:
            self._sql = _opened(path)
        self.kept = path is not None
        """Whether events lie on disk."""
        self._buckets: dict[tuple[int, str], Bucket] = {}
        for number, body in self._sql.execute("SELECT id, body FROM bucket").fetchall():
            bucket = msgspec.json.decode(cipher.open(f"bucket {number}", body), type=Bucket)
            self._buckets[bucket.owner, bucket.id] = bucket

    def settle(self, path: Path) -> None:
        """Go on on disk, with everything that was in memory."""
        with self._lock, explained(path):
            disk = _opened(path)
            self._sql.backup(disk)
            self._sql.close()
            self._sql, self._path, self.kept = disk, path, True

    @contextmanager
    def _writing(self, bucket: Bucket | None = None) -> Iterator[sqlite3.Connection]:
        with self._reading(bucket):
            self._sql.execute("BEGIN IMMEDIATE")
            try:
                if bucket is not None:
                    self._make_room(self._sql, bucket.owner)
                yield self._sql
                self._sql.execute("COMMIT")
            except BaseException:
                if self._sql.in_transaction:
                    self._sql.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self, bucket: Bucket | None = None) -> Iterator[None]:
        with self._lock, explained(self._path):
            # One that was deleted meanwhile may have left its number to somebody else's.
            known = bucket and self._buckets.get((bucket.owner, bucket.id))
            if bucket is not None and (known is None or known.number != bucket.number):
                raise ReteamzError("not_found", "There is no such bucket any more; create it first.")
            yield

    def _make_room(self, sql: sqlite3.Connection, owner: int) -> None:
        """Let a user's oldest events go when events take all they may. Raises ``disk_full`` when the others' take it."""
        numbers = [(bucket.number,) for bucket in self._buckets.values() if bucket.owner == owner]
        while self._used(sql) > self._most:
            sql.execute("CREATE TEMP TABLE IF NOT EXISTS own (bucket INTEGER PRIMARY KEY)")
            sql.execute("DELETE FROM own")
            sql.executemany("INSERT INTO own VALUES (?)", numbers)
            if not sql.execute(_LET_GO, (_BATCH,)).rowcount:
                raise ReteamzError("disk_full", "Other users' events take all the room there is; try again later.")

    @staticmethod
    def _used(sql: sqlite3.Connection) -> int:
        pages = sql.execute("PRAGMA page_count").fetchone()[0] - sql.execute("PRAGMA freelist_count").fetchone()[0]
        return int(pages * sql.execute("PRAGMA page_size").fetchone()[0])

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
            made = self._made(sql, bucket)
        self._buckets[bucket.owner, bucket.id] = made
        return True

    def _made(self, sql: sqlite3.Connection, bucket: Bucket) -> Bucket:
        number = sql.execute("INSERT INTO bucket (owner, body) VALUES (?, x'')", (bucket.owner,)).lastrowid or 0
        made = msgspec.structs.replace(bucket, number=number)
        body = self._cipher.seal(f"bucket {number}", msgspec.json.encode(made))
        sql.execute("UPDATE bucket SET body = ? WHERE id = ?", (body, number))
        return made

    def delete_bucket(self, bucket: Bucket) -> None:
        """Delete a bucket with its events."""
        with self._writing(bucket) as sql:
            sql.execute("DELETE FROM event WHERE bucket = ?", (bucket.number,))
            sql.execute("DELETE FROM bucket WHERE id = ?", (bucket.number,))
            self._buckets.pop((bucket.owner, bucket.id), None)

    def change_bucket(self, bucket: Bucket) -> None:
        """Replace what is known of a bucket that there is."""
        with self._writing(bucket) as sql:
            body = self._cipher.seal(f"bucket {bucket.number}", msgspec.json.encode(bucket))
            sql.execute("UPDATE bucket SET body = ? WHERE id = ?", (body, bucket.number))
            self._buckets[bucket.owner, bucket.id] = bucket

    def insert(self, bucket: Bucket, events: list[Told]) -> list[LocalEvent]:
        """Store events and return them with their ids, the oldest first."""
        with self._writing(bucket) as sql:
            return [self._insert(sql, bucket, event) for event in sorted(events, key=lambda event: event.start)]

    def bring(self, told: list[tuple[Bucket, list[Told]]]) -> None:
        """Make buckets with their events, all of them or none. Raises ``input_invalid`` when there is one of the same id."""
        with self._writing() as sql:
            for owner in {bucket.owner for bucket, _ in told}:
                self._make_room(sql, owner)
            made: dict[tuple[int, str], Bucket] = {}
            for bucket, events in told:
                if (bucket.owner, bucket.id) in self._buckets or (bucket.owner, bucket.id) in made:
                    raise bad("A bucket of this id already exists; delete it first. Nothing was imported.")
                fresh = made[bucket.owner, bucket.id] = self._made(sql, bucket)
                for event in sorted(events, key=lambda event: event.start):
                    self._insert(sql, fresh, event)
        self._buckets |= made

    def _insert(self, sql: sqlite3.Connection, bucket: Bucket, event: Told) -> LocalEvent:
        cursor = sql.execute(
            "INSERT INTO event (bucket, start, end, body, beyond, told) VALUES (?, ?, ?, x'', ?, ?)",
            (bucket.number, event.start, event.end, event.length % 1000, self._now()),
        )
        number = cursor.lastrowid or 0
        body = self._cipher.seal(f"event {number}", msgspec.json.encode(event.data))
        sql.execute("UPDATE event SET body = ? WHERE id = ?", (body, number))
        return LocalEvent(number, event.start, event.length, event.data)

    def heartbeat(self, bucket: Bucket, beat: Told, pulse: int) -> LocalEvent:
        """Merge a heartbeat into the event that was told last, or store it; ``pulse`` in microseconds.

        They merge when their data is equal and start ≤ t ≤ end + pulse, inclusive, as in ActivityWatch's core. A late one is stored by itself:
        it overwrites nothing.
        """
        with self._writing(bucket) as sql:
            row = sql.execute(f"{_SELECT} WHERE bucket = ? ORDER BY id DESC LIMIT 1", (bucket.number,)).fetchone()
            last = None if row is None else self._event(row)
            if last is None or last.data != beat.data:
                return self._insert(sql, bucket, beat)
            since = (beat.start - last.start) * 1000
            if not 0 <= since <= last.length + pulse:
                return self._insert(sql, bucket, beat)
            merged = LocalEvent(last.id, last.start, max(last.length, since + beat.length), last.data)
            sql.execute(
                "UPDATE event SET end = ?, beyond = ?, told = ? WHERE id = ?",
                (merged.end, merged.length % 1000, self._now(), last.id),
            )
            return merged

    def events(
        self, bucket: Bucket, start: int | None = None, end: int | None = None, limit: int = -1
    ) -> list[LocalEvent]:
        """Return what lies within [start, end] (ms) of events that touch it, newest first; ``limit`` −1 for all."""
        with self._reading(bucket):
            rows = self._sql.execute(
                f"""
                {_SELECT} WHERE bucket = ? AND (? IS NULL OR end >= ?) AND (? IS NULL OR start <= ?)
                ORDER BY start DESC, id DESC LIMIT ?
                """,
                (bucket.number, start, start, end, end, limit),
            ).fetchall()
        return [self._event(row).within(start, end) for row in rows]

    def last_told(self, bucket: Bucket) -> int | None:
        """Return the end of the newest event (ms), None without events."""
        with self._reading(bucket):
            row = self._sql.execute(
                "SELECT end FROM event WHERE bucket = ? ORDER BY start DESC, id DESC LIMIT 1", (bucket.number,)
            ).fetchone()
        return None if row is None else int(row[0])

    def count(self, bucket: Bucket, start: int | None, end: int | None) -> int:
        """Return how many events touch [start, end]."""
        with self._reading(bucket):
            row = self._sql.execute(
                "SELECT count(*) FROM event WHERE bucket = ? AND (? IS NULL OR end >= ?) AND (? IS NULL OR start <= ?)",
                (bucket.number, start, start, end, end),
            ).fetchone()
        return int(row[0])

    def event(self, bucket: Bucket, id: int) -> LocalEvent | None:
        """Return one event."""
        with self._reading(bucket):
            row = self._sql.execute(f"{_SELECT} WHERE bucket = ? AND id = ?", (bucket.number, id)).fetchone()
        return None if row is None else self._event(row)

    def delete_event(self, bucket: Bucket, id: int) -> bool:
        """Delete one event; tell whether there was one."""
        with self._writing(bucket) as sql:
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
        """Delete events that were told before (ms), a few at a time."""
        with self._writing() as sql:
            sql.execute("DELETE FROM event WHERE id IN (SELECT id FROM event WHERE told < ? LIMIT ?)", (before, _BATCH))

    def _event(self, row: tuple[int, int, int, int, bytes]) -> LocalEvent:
        number, start, end, beyond, body = row
        data = msgspec.json.decode(self._cipher.open(f"event {number}", body))
        return LocalEvent(number, start, (end - start) * 1000 + beyond, data)


def _opened(path: Path) -> sqlite3.Connection:
    sql = connect(path, _SCHEMA, "NORMAL")
    with explained(path):
        known = {row[1] for row in sql.execute("PRAGMA table_info(event)")}
        for column in _ADDED:
            if column not in known:
                sql.execute(f"ALTER TABLE event ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")
                if column == "told":
                    sql.execute("UPDATE event SET told = end")
        sql.execute("CREATE INDEX IF NOT EXISTS event_by_told ON event (told)")
    return sql
