"""Events of an export in order, outside memory: in a file of its own that only this process can read, and that it takes along."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import msgspec

from reteamz.agent.localapi.store import LocalEvent, Told
from reteamz.agent.spool.cipher import KEY_BYTES, LocalCipher

_SCHEMA: Final = """
CREATE TABLE event (bucket INTEGER NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
"""
_SPEED: Final = (
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192; PRAGMA temp_store = FILE;"
)


class Staging:
    """A table of events by bucket; the key of what lies in it is in memory only."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="reteamz-")
        self._cipher = LocalCipher(os.urandom(KEY_BYTES))
        self._sql = sqlite3.connect(Path(self._folder.name) / "staging.db")
        self._sql.executescript(_SPEED + _SCHEMA)
        self._longest: dict[int, int] = {}

    def __enter__(self) -> Staging:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sql.close()
        self._folder.cleanup()

    def add(self, bucket: int, event: Told) -> None:
        """Take an event of a bucket."""
        self._longest[bucket] = max(self._longest.get(bucket, 0), event.length // 1000 + 1)
        body = self._cipher.seal(str(bucket), msgspec.msgpack.encode(event.data))
        self._sql.execute("INSERT INTO event VALUES (?, ?, ?, ?)", (bucket, event.start, event.length, body))

    def sort(self) -> None:
        """Put everything in order; called once, before events are read."""
        self._sql.commit()
        self._sql.execute("CREATE INDEX by_time ON event (bucket, start)")

    def starts(self, bucket: int, first: int) -> Iterator[int]:
        """Yield the times (ms) from ``first`` on at which events of a bucket begin, in order."""
        query = "SELECT start FROM event WHERE bucket = ? AND start >= ? ORDER BY start"
        return (row[0] for row in self._sql.execute(query, (bucket, first)))

    def within(self, bucket: int, start: int, end: int) -> list[LocalEvent]:
        """Return what lies within [start, end) (ms) of a bucket's events, in order; the same event twice counts once."""
        rows = self._sql.execute(
            "SELECT start, length, body FROM event WHERE bucket = ? AND start >= ? AND start < ? ORDER BY start",
            (bucket, start - self._longest.get(bucket, 0), end),
        )
        found: dict[bytes, LocalEvent] = {}
        for begun, length, body in rows:
            if begun * 1000 + length > start * 1000:
                data: dict[str, Any] = msgspec.msgpack.decode(self._cipher.open(str(bucket), body))
                event = LocalEvent(0, begun, length, data).within(start, end)
                found[msgspec.msgpack.encode((event.start, event.length, data))] = event
        return list(found.values())

    def count(self, bucket: int) -> int:
        """Return how many events a bucket has."""
        return int(self._sql.execute("SELECT count(*) FROM event WHERE bucket = ?", (bucket,)).fetchone()[0])
