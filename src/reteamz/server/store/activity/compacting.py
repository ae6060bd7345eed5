"""Writes the store anew without the plain entries of an account, and puts it in the place of the old file.

DuckDB keeps deleted rows in its file, so what is erased is gone only from a new one. The old file stays beside it, under a name of its own,
until nothing of what it knew is found anywhere else: it is the only place that still knows what to look for.

    activity.duckdb             the store
    activity.duckdb.new         being written; thrown away when it is found at a start
    activity.duckdb.before-3    the store as it was before history of account 3 was erased
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import duckdb

from reteamz.server.store.activity.schema import TABLES

_PLAIN: Final = "text <> '' AND NOT starts_with(text, 'rtz1.')"


def old_file(path: Path, account: int) -> Path:
    """Return where the store of before lies while its account's history is being erased."""
    return path.with_name(f"{path.name}.before-{account}")


def _new_file(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def clear(path: Path) -> None:
    """Throw away what an interruption left half-written; before the store is opened."""
    for left in (_new_file(path), Path(f"{_new_file(path)}.wal")):
        left.unlink(missing_ok=True)
    for old in path.parent.glob(f"{path.name}.before-*"):
        # The link was made, but the new file had not taken its place.
        if path.exists() and old.samefile(path):
            old.unlink()


def write_new(connection: duckdb.DuckDBPyConnection, path: Path, account: int) -> None:
    """Write the new file from what is committed; blocks as long as all of it takes to copy. Nobody may commit meanwhile."""
    clear(path)
    (current,) = connection.execute("SELECT current_database()").fetchall()[0]
    fresh = str(_new_file(path)).replace("'", "''")
    connection.execute(f"ATTACH '{fresh}' AS fresh")
    try:
        connection.execute("USE fresh")
        connection.execute(TABLES)
        connection.execute(f'USE "{current}"')
        # Rows keep their order, so that days still lie together.
        connection.execute("SET preserve_insertion_order = true")
        tables = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'fresh' ORDER BY table_name"
        ).fetchall()
        for (table,) in tables:
            # The table names are those of this package.
            connection.execute(f'DELETE FROM fresh."{table}"')
            connection.execute(f'INSERT INTO fresh."{table}" BY NAME SELECT {_columns(table, account)} FROM "{table}"')
        connection.execute("CHECKPOINT fresh")
    except BaseException:
        _leave(connection, current)
        clear(path)
        raise
    _leave(connection, current)


def _leave(connection: duckdb.DuckDBPyConnection, current: str) -> None:
    connection.execute(f'USE "{current}"')
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("DETACH fresh")


def _columns(table: str, account: int) -> str:
    if table != "dictionary":
        return "*"
    erased = f"account = {account:d} AND {_PLAIN}"
    # The keyed hash goes as well: with the server's secret it would tell who guesses a name that the guess is right.
    return (
        f"* REPLACE (CASE WHEN {erased} THEN '' ELSE text END AS text,"
        f" CASE WHEN {erased} THEN 0 ELSE token_id END::UBIGINT AS token_id)"
    )


def take_its_place(path: Path, account: int) -> None:
    """Put the new file in the place of the old one; nobody may have either open."""
    fresh = _new_file(path)
    _to_disk(fresh)
    old = old_file(path, account)
    os.link(path, old)
    try:
        fresh.replace(path)
    except OSError:
        # An old file says that the new one is in its place, which it is not.
        old.unlink()
        raise
    _to_disk(path.parent)


def plain_entries(path: Path, account: int) -> set[str]:
    """Return the plain entries that the store of before knew; none when there is no such file."""
    old = old_file(path, account)
    if not old.exists():
        return set()
    with duckdb.connect(str(old), read_only=True) as connection:
        rows = connection.execute(f"SELECT text FROM dictionary WHERE account = ? AND {_PLAIN}", [account]).fetchall()
    return {text for (text,) in rows}


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
