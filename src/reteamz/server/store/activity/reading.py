"""Queries for journal, dictionary, blobs, devices and alarms. Each takes the calling thread's cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import duckdb

from reteamz.server.store.activity.journal import token_numbers, unpack
from reteamz.server.store.activity.records import Alarm, Entry, JournalEntry, ListedBlob

# The texts of this store are entries: a token, a plain entry, or "" once it was erased.
_READABLE: Final = """
FROM dictionary WHERE account = ? AND text <> '' AND NOT starts_with(text, 'rtz1.')
AND id NOT IN (SELECT id FROM link WHERE account = ?) AND id NOT IN (SELECT other FROM link WHERE account = ?)
"""


def batch_hash(cursor: duckdb.DuckDBPyConnection, device: int, seq: int) -> bytes | None:
    """Return the raw hash of a batch, None when there is none of that number."""
    row = cursor.execute("SELECT sha256 FROM batch WHERE device = ? AND seq = ?", [device, seq]).fetchone()
    return None if row is None else row[0]


def journal(
    cursor: duckdb.DuckDBPyConnection, device: int, texts: Sequence[str], after: int, limit: int
) -> list[JournalEntry]:
    """Return the signed bytes of a device's batches in order; ``texts`` are the account's names by id."""
    rows = cursor.execute(
        """
        SELECT seq, body, cut, token_ids, signature, received_at FROM batch
        WHERE device = ? AND seq > ? ORDER BY seq LIMIT ?
        """,
        [device, after, limit],
    ).fetchall()
    return [
        JournalEntry(seq, unpack(body, cut, [texts[number] for number in token_numbers(ids)]), signature, received_at)
        for seq, body, cut, ids, signature, received_at in rows
    ]


def entries(
    cursor: duckdb.DuckDBPyConnection,
    account: int,
    field: str | None,
    after: int,
    limit: int,
    ids: Sequence[int] | None,
) -> list[Entry]:
    """Return dictionary entries of an account in the order of their ids; one for a name that has several.

    Labels are not among them: they are here for the day on which their plain text is erased.
    """
    rows = cursor.execute(
        """
        SELECT id, field, text FROM dictionary
        WHERE account = $account AND id > $after AND ($field IS NULL OR field = $field)
          AND field NOT IN ('label', 'computer')
          AND ($ids::INTEGER[] IS NULL OR id IN (SELECT unnest($ids::INTEGER[])))
          AND id NOT IN (SELECT other FROM link WHERE account = $account)
        ORDER BY id LIMIT $limit
        """,
        {"account": account, "after": after, "field": field, "ids": None if ids is None else list(ids), "limit": limit},
    ).fetchall()
    return [Entry(*row) for row in rows]


def last_entry(cursor: duckdb.DuckDBPyConnection, account: int) -> int:
    """Return the highest id that ``entries`` tells, 0 for none."""
    row = cursor.execute(
        """
        SELECT coalesce(max(id), 0) FROM dictionary
        WHERE account = $account AND field NOT IN ('label', 'computer')
          AND id NOT IN (SELECT other FROM link WHERE account = $account)
        """,
        {"account": account},
    ).fetchone()
    return 0 if row is None else row[0]


def readable(cursor: duckdb.DuckDBPyConnection, account: int, after: int, limit: int) -> list[Entry]:
    """Return entries in the clear that no token was joined to, in the order of their ids."""
    rows = cursor.execute(
        f"SELECT id, field, text {_READABLE} AND id > ? ORDER BY id LIMIT ?", [account, account, account, after, limit]
    ).fetchall()
    return [Entry(*row) for row in rows]


def count_readable(cursor: duckdb.DuckDBPyConnection, account: int) -> int:
    """Return how many entries :func:`readable` would return."""
    row = cursor.execute(f"SELECT count(*) {_READABLE}", [account, account, account]).fetchone()
    return 0 if row is None else int(row[0])


def count_plain(cursor: duckdb.DuckDBPyConnection, account: int) -> int:
    """Return the number of entries in the clear, joined or not."""
    row = cursor.execute(
        "SELECT count(*) FROM dictionary WHERE account = ? AND text <> '' AND NOT starts_with(text, 'rtz1.')", [account]
    ).fetchone()
    return 0 if row is None else int(row[0])


def progress(cursor: duckdb.DuckDBPyConnection, account: int) -> tuple[int, int]:
    """Return how many batches are restated, and how many there are. A restatement has no signature."""
    row = cursor.execute(
        "SELECT count(*) FILTER (octet_length(signature) = 0), count(*) FROM batch WHERE account = ?", [account]
    ).fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


def counts(cursor: duckdb.DuckDBPyConnection, account: int) -> dict[str, int]:
    """Return the number of names by field; two entries that were joined are one name."""
    rows = cursor.execute(
        """
        SELECT field, count(*) FROM dictionary
        WHERE account = $account AND id NOT IN (SELECT other FROM link WHERE account = $account) GROUP BY field
        """,
        {"account": account},
    )
    return dict(rows.fetchall())


def summaries(cursor: duckdb.DuckDBPyConnection, account: int, mark: int) -> list[tuple[int, int, int]]:
    """Return device, number of events and end of the last one in milliseconds; ``mark`` is that of the roll-ups."""
    rows: list[tuple[int, int, int]] = cursor.execute(
        """
        SELECT device, sum(visits)::BIGINT, max(last_ms) FROM (
            SELECT device, visits, last_ms FROM rollup_day WHERE account = $account AND part <= $mark
            UNION ALL
            SELECT device, 1, start_ms + duration_ms FROM event WHERE account = $account AND part > $mark
        ) GROUP BY device
        """,
        {"account": account, "mark": mark},
    ).fetchall()
    return rows


def listed_blob(cursor: duckdb.DuckDBPyConnection, device: int, sha256: str) -> ListedBlob | None:
    """Return the first listing of a blob by a device."""
    row = cursor.execute(
        """
        SELECT account.account, bytes, kind, media, person, at_ms FROM blob JOIN account ON account.id = blob.account
        WHERE device = ? AND sha256 = ? ORDER BY seq LIMIT 1
        """,
        [device, sha256],
    ).fetchone()
    return None if row is None else ListedBlob(*row)


def blob_persons(cursor: duckdb.DuckDBPyConnection, account: int, sha256: str) -> list[int]:
    """Return the persons that the listings of a blob name, 0 for a listing that names nobody."""
    rows = cursor.execute(
        "SELECT DISTINCT person FROM blob WHERE account = ? AND sha256 = ?", [account, sha256]
    ).fetchall()
    return [person for (person,) in rows]


def notices(
    cursor: duckdb.DuckDBPyConnection, account: int, limit: int, offset: int, each: int | None
) -> tuple[int, list[Any]]:
    """Return how many notices there are, and device, number of the batch, time, code, person and count of some.

    They come by the server's clock: a computer whose own is wrong would else stay in front for years.
    """
    whole = cursor.execute("SELECT count(*) FROM notice WHERE account = $account", {"account": account}).fetchone()
    order = "received_at DESC, seq DESC, at_ms DESC, code, person"
    rows = cursor.execute(
        f"""
        SELECT device, seq, at_ms, code, person, count FROM (
            SELECT *, row_number() OVER (PARTITION BY device ORDER BY {order}) AS place
            FROM notice WHERE account = $account
        ) WHERE $each IS NULL OR place <= $each ORDER BY {order}, device LIMIT $limit OFFSET $offset
        """,
        {"account": account, "each": each, "limit": limit, "offset": offset},
    ).fetchall()
    return whole[0] if whole else 0, rows


def alarms(cursor: duckdb.DuckDBPyConnection, account: str) -> list[Alarm]:
    """Return the alarms of an account, newest first."""
    rows = cursor.execute(
        "SELECT device, code, seq, sha256, at_ms FROM alarm WHERE account = ? ORDER BY at_ms DESC, seq DESC", [account]
    ).fetchall()
    return [Alarm(*row) for row in rows]
