"""The DuckDB file: opened, written in transactions, rolled up, and opened again when it failed."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Self

import duckdb

from reteamz.server.store.activity import rollup
from reteamz.server.store.activity.compacting import clear
from reteamz.server.store.activity.gate import Gate
from reteamz.server.store.activity.journal import Packer
from reteamz.server.store.activity.memory import Memory
from reteamz.server.store.activity.schema import connect


class StoreFailure(Exception):
    """A commit did not happen and nothing of it is stored.

    Attributes:
        code: ``disk_full``, or ``busy`` when the store needs a moment to come back.
    """

    def __init__(self, code: Literal["busy", "disk_full"], detail: str) -> None:
        super().__init__(detail)
        self.code: Literal["busy", "disk_full"] = code


class ActivityFile:
    """One connection to the file, a cursor for every reader, and what is in memory of it."""

    def __init__(self, path: Path, secret: bytes) -> None:
        self._path = path
        self._secret = secret
        self._packer = Packer()
        self._gate = Gate()
        self._lock = threading.Lock()
        self._memory = Memory(secret)
        # One at a time rewrites what is stored; a roll-up gives way.
        self._upkeep = threading.Lock()
        # Held by those who write beside the writer, and while the file is written anew.
        self._aside = threading.Lock()
        self._rolling: duckdb.DuckDBPyConnection | None = None
        # Number of the last commit and events since the file was opened; the same of what is rolled up.
        self._committed = (0, 0)
        self._rolled = (-1, 0)
        clear(path)
        self._reopen()

    @classmethod
    def open(cls, path: Path, secret: bytes) -> Self:
        """Open or make the file, and load heads and dictionary.

        Args:
            path: the DuckDB file.
            secret: 16…64 bytes that only this server knows, the same for the life of the file: key of the names' hashes.

        Raises:
            duckdb.Error: the file is damaged, held by another process, or cannot be written.
        """
        return cls(path, secret)

    def _reopen(self) -> None:
        self.close()
        connection = connect(self._path)
        try:
            memory = Memory.load(connection, self._secret)
            mark = rollup.mark_of(connection)
            last, waiting = rollup.waiting(connection, mark)
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._memory = memory
            self._committed, self._rolled = (last, waiting), (mark, 0)
        self._gate.put(connection)

    def close(self) -> None:
        """Write everything to the file proper and close it; a roll-up that runs is given up."""
        connection = self._gate.take()
        self._stop_rolling()
        if connection is not None:
            connection.close()

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of the calling thread's own, with a view of what is committed.

        Raises:
            StoreFailure: the store is closed, or being opened again after a failure.
        """
        with self._gate.cursor() as cursor:
            if cursor is None:
                raise StoreFailure("busy", "the activity store is not open")
            yield cursor

    # Roll-ups

    @property
    def mark(self) -> int:
        """Number of the last commit that is rolled up, −1 for none: what queries of roll-ups begin with."""
        return self._rolled[0]

    @property
    def rolled(self) -> tuple[int, bool]:
        """The mark, and whether there are events after it: without any, a query need not look for them."""
        with self._lock:
            return self._rolled[0], self.unrolled > 0

    @property
    def unrolled(self) -> int:
        """Number of events that are not rolled up."""
        return self._committed[1] - self._rolled[1]

    def roll_up(self, least: int = rollup.SLICE) -> bool:
        """Add up the events that wait, when there are ``least`` of them; returns whether there were. Blocks; commits go on meanwhile.

        Raises:
            StoreFailure: nothing was rolled up.
        """
        with self._upkeep:
            upto, mark = self._committed, self.mark
            if self.unrolled < least or upto[0] <= mark:
                return False
            connection = self._gate.connection
            with self.cursor() as cursor, failures():
                self._rolling = cursor
                try:
                    cursor.execute("BEGIN TRANSACTION")
                    # Without a COMMIT closing the cursor rolls back.
                    rollup.roll(cursor, mark, upto[0])
                    cursor.execute("COMMIT")
                finally:
                    with self._lock:
                        self._rolling = None
            with self._lock:
                if self._gate.connection is connection:
                    self._rolled = upto
            return True

    def _stop_rolling(self) -> None:
        """Let a roll-up that runs be given up; it is made again at the next turn."""
        with self._lock:
            if self._rolling is not None:
                self._rolling.interrupt()

    def _commit(self, rows: dict[str, Any], more: Callable[[duckdb.DuckDBPyConnection], None] = lambda _: None) -> None:
        """Write what ``more`` changes, and rows of tables, in one transaction."""
        connection = self._gate.connection
        if connection is None:
            raise StoreFailure("busy", "the activity store is not open")
        try:
            with failures():
                connection.execute("BEGIN TRANSACTION")
                more(connection)
                for table, columns in rows.items():
                    connection.register("arriving", columns)
                    # The table names are those of this package.
                    connection.execute(f"INSERT INTO {table} SELECT * FROM arriving")
                    connection.unregister("arriving")
                connection.execute("COMMIT")
        except BaseException:
            self._roll_back(connection)
            raise

    def _roll_back(self, connection: duckdb.DuckDBPyConnection) -> None:
        """End a failed transaction; a store that DuckDB gave up is opened again at the next write."""
        try:
            connection.execute("ROLLBACK")
        except duckdb.TransactionException:
            pass  # COMMIT failed: DuckDB has rolled back by itself.
        except duckdb.Error:
            self.close()
            return
        try:
            connection.execute("SELECT 1").fetchall()
        except duckdb.Error:
            self.close()

    def _recover(self) -> None:
        with failures():
            self._reopen()


@contextmanager
def failures() -> Iterator[None]:
    """Turn what DuckDB or the file system says of a write into a ``StoreFailure``."""
    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        full = isinstance(error, duckdb.IOException) or "No space left" in text or "Could not write" in text
        raise StoreFailure("disk_full" if full else "busy", text) from error
    except OSError as error:
        raise StoreFailure("disk_full" if error.errno == errno.ENOSPC else "busy", str(error)) from error
