"""Notices that wait for their batch, sealed in the spool's file (spec 17.3)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

import msgspec

from reteamz.agent.spool.cipher import LocalCipher
from reteamz.wire.batch import NoticeCode
from reteamz.wire.encoding import MAX_INTEGER

NOTICES: Final = 256
"""Most notices that wait."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS notices (one INTEGER PRIMARY KEY CHECK (one = 1), body BLOB NOT NULL) STRICT;
"""


class Noticed(msgspec.Struct, frozen=True):
    """A fact that the owner should know; ``at`` in milliseconds, ``person`` a name, "" for nobody in particular."""

    at: int
    code: NoticeCode
    person: str
    count: int


_LIST: Final = msgspec.json.Decoder(list[Noticed])


class Notices:
    """The row of one spool; every method works inside a transaction of it."""

    def __init__(self, cipher: LocalCipher) -> None:
        self._cipher = cipher

    def waiting(self, sql: sqlite3.Connection) -> list[Noticed]:
        """Return what waits, what happened last at the end."""
        row = sql.execute("SELECT body FROM notices").fetchone()
        return [] if row is None else _LIST.decode(self._cipher.open("notices", row[0]))

    def add(self, sql: sqlite3.Connection, found: Iterable[Noticed]) -> None:
        """Let notices wait, with those that do."""
        body = msgspec.json.encode(joined([*self.waiting(sql), *found]))
        sql.execute("INSERT OR REPLACE INTO notices VALUES (1, ?)", (self._cipher.seal("notices", body),))

    def take(self, sql: sqlite3.Connection) -> list[Noticed]:
        """Return what waits; it no longer does."""
        taken = self.waiting(sql)
        sql.execute("DELETE FROM notices")
        return taken


def joined(notices: Iterable[Noticed]) -> list[Noticed]:
    """Return notices in the order in which they happened last, equal ones as one.

    Of more than ``NOTICES`` the oldest lose their name: they are counted among those of nobody.
    """
    kept: dict[tuple[NoticeCode, str], Noticed] = {}

    def add(notice: Noticed) -> None:
        key = (notice.code, notice.person)
        before = kept.pop(key, None)
        count = min(notice.count + (before.count if before is not None else 0), MAX_INTEGER)
        kept[key] = msgspec.structs.replace(notice, count=count)

    for notice in notices:
        add(notice)
    while len(kept) > NOTICES:
        # There are far fewer codes than places: somebody is named.
        oldest = next(notice for notice in kept.values() if notice.person)
        del kept[oldest.code, oldest.person]
        add(msgspec.structs.replace(oldest, person=""))
    return list(kept.values())
