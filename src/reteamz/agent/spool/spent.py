"""Which time of a user was told already, by day: no moment is told twice, however often an export is imported."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import msgspec

from reteamz.agent.spool.cipher import LocalCipher

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS spent (uid INTEGER NOT NULL, day INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (uid, day)) STRICT;
"""
_DAY_MS: Final = 86_400_000
_SPANS: Final = msgspec.msgpack.Decoder(list[tuple[int, int]])

Span = tuple[int, int]
"""Start and end in milliseconds."""


class Spent:
    """The rows of one spool; every method works inside a transaction of it."""

    def __init__(self, cipher: LocalCipher) -> None:
        self._cipher = cipher

    def add(self, sql: sqlite3.Connection, uid: int, spans: Iterable[Span]) -> None:
        """Remember time of a user."""
        by_day: defaultdict[int, list[Span]] = defaultdict(list)
        for start, end in spans:
            for day in range(start // _DAY_MS, (end - 1) // _DAY_MS + 1):
                by_day[day].append((max(start, day * _DAY_MS), min(end, (day + 1) * _DAY_MS)))
        for day, fresh in by_day.items():
            body = self._cipher.seal(
                f"spent {uid} {day}", msgspec.msgpack.encode(union([*self.day(sql, uid, day), *fresh]))
            )
            sql.execute("INSERT OR REPLACE INTO spent VALUES (?, ?, ?)", (uid, day, body))

    def day(self, sql: sqlite3.Connection, uid: int, day: int) -> list[Span]:
        """Return the time of a user that was told on a day (since 1970, UTC), in order."""
        row = sql.execute("SELECT body FROM spent WHERE uid = ? AND day = ?", (uid, day)).fetchone()
        return [] if row is None else _SPANS.decode(self._cipher.open(f"spent {uid} {day}", row[0]))


def union(spans: Iterable[Span]) -> list[Span]:
    """Return the same time as few spans, in order."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        elif end > start:
            joined.append((start, end))
    return joined


def free(start: int, end: int, busy: Iterable[Span]) -> list[Span]:
    """Return the parts of [start, end) that no span in ``busy`` (in order) takes."""
    parts: list[Span] = []
    for first, last in busy:
        if last <= start:
            continue
        if first >= end:
            break
        if first > start:
            parts.append((start, first))
        start = max(start, last)
    if start < end:
        parts.append((start, end))
    return parts
