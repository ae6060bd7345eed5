"""Who has the file open: one connection, a cursor for every reader, and a moment without any when the file is replaced."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import duckdb

PATIENCE_S: Final = 60.0
"""How long a reader waits for the file to be replaced, and the writer for the readers, in seconds."""


class Gate:
    """Gives out cursors of one connection. A thread that has one gets more, so that nobody waits for themselves."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._mine = threading.local()
        self._readers = 0
        self._replacing = False
        self.connection: duckdb.DuckDBPyConnection | None = None

    def take(self) -> duckdb.DuckDBPyConnection | None:
        """Return the connection, which is nobody's afterwards."""
        with self._changed:
            connection, self.connection = self.connection, None
        return connection

    def put(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let cursors be of this connection from now on."""
        with self._changed:
            self.connection = connection

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection | None]:
        """A cursor of the calling thread's own, None while nothing is open."""
        held = getattr(self._mine, "held", 0)
        with self._changed:
            if not held:
                self._changed.wait_for(lambda: not self._replacing, PATIENCE_S)
            cursor = None if self.connection is None else self.connection.cursor()
            self._readers += 1
        self._mine.held = held + 1
        try:
            yield cursor
        finally:
            if cursor is not None:
                cursor.close()
            self._mine.held = held
            with self._changed:
                self._readers -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """A moment in which nobody reads; tells whether it came: False when readers did not finish in time."""
        with self._changed:
            self._replacing = True
            alone = self._changed.wait_for(lambda: self._readers == 0, PATIENCE_S)
        try:
            yield alone
        finally:
            with self._changed:
                self._replacing = False
                self._changed.notify_all()
