"""Opening of the agent's SQLite files, and what their errors mean."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from reteamz.agent.folder import disk_full, settle
from reteamz.agent.spool.cipher import damaged
from reteamz.wire.errors import ReteamzError

_FULL: Final = frozenset((sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC))
_CORRUPT: Final = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))


def meaning(error: sqlite3.Error, path: Path) -> ReteamzError:
    """Return what an error of SQLite means for the person at the computer."""
    code = getattr(error, "sqlite_errorcode", None)
    if code in _FULL:
        return disk_full(path)
    if code is None or code & 0xFF in _CORRUPT or isinstance(error, sqlite3.IntegrityError):
        return damaged(path)
    return ReteamzError("folder_unusable", f"The file {path} cannot be used ({error}); see to its folder and disk.")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn errors of SQLite into ``disk_full``, ``spool_corrupt`` or ``folder_unusable``."""
    try:
        yield
    except sqlite3.Error as error:
        raise meaning(error, path) from None


def connect(path: Path, schema: str, synchronous: Literal["FULL", "NORMAL"]) -> sqlite3.Connection:
    """Open a file (0600, or as readable as its folder) in WAL mode, check it and make its tables.

    Raises:
        ReteamzError: ``spool_corrupt``, ``disk_full``, ``folder_unusable``.
    """
    connection: sqlite3.Connection | None = None
    try:
        with explained(path):
            # SQLite gives the files beside it the mode of this one.
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            os.close(descriptor)
            settle(path)
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {synchronous}")
            connection.execute("PRAGMA secure_delete = ON")
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise damaged(path)
            connection.executescript(f"BEGIN IMMEDIATE; {schema} COMMIT;")
    except OSError as error:
        raise ReteamzError(
            "folder_unusable", f"{path} cannot be opened ({error.strerror}); make it yours, or name another with --dir."
        ) from None
    except ReteamzError:
        if connection is not None:
            connection.close()
        raise
    return connection
