"""Replaces batches by their restatements, as far as the owner signed (spec 13.2, 13.3): the bodies with names in the clear go.

Neither the hashes nor the signatures of what was restated are kept: a hash would tell who guesses a body that the guess is right. Only
the hash of the last one stays, which the next batch names; nobody can guess that body, for the hash in it is forgotten.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from reteamz.server.store.activity.columns import rows_table
from reteamz.server.store.activity.journal import Packer, token_numbers, unpack
from reteamz.server.store.activity.names import AccountNames
from reteamz.wire.batch import Batch, decode_body
from reteamz.wire.encoding import b64decode, b64encode
from reteamz.wire.prune import PruneMark, restated
from reteamz.wire.tokens import split_token

STEP_MOST: Final = 2_000
"""Most batches that are restated in one transaction."""

_BATCH: Final = (
    ("account", pa.int32()), ("device", pa.int32()), ("seq", pa.int64()), ("received_at", pa.int64()),
    ("sha256", pa.binary()), ("body", pa.binary()), ("cut", pa.int32()), ("token_ids", pa.binary()),
    ("signature", pa.binary()),
)  # fmt: skip
_MARK: Final = (
    ("account", pa.int32()), ("device", pa.int32()), ("seq", pa.int64()), ("restated", pa.binary()),
)  # fmt: skip


class RestatementRefused(Exception):
    """What the owner signed is not what is stored: a name without a token, another batch, more than a step."""


@dataclass(slots=True, frozen=True)
class Mark:
    """How far a device's batches are restated: number and hash, in base64, of the last restatement; 0 and "" for none."""

    seq: int
    restated: str


def marks(cursor: duckdb.DuckDBPyConnection, account: int) -> dict[int, Mark]:
    """Return the marks of an account's devices."""
    rows = cursor.execute(
        "SELECT device, max(seq), arg_max(restated, seq) FROM restated WHERE account = ? GROUP BY device", [account]
    ).fetchall()
    return {device: Mark(seq, b64encode(digest)) for device, seq, digest in rows}


def restatement_rows(
    cursor: duckdb.DuckDBPyConnection, packer: Packer, names: AccountNames, device: int, wanted: PruneMark
) -> tuple[dict[str, pa.Table], int]:
    """Return rows for the batches between the device's mark and the wanted one, and the number of that mark.

    Raises:
        RestatementRefused: the restatements are not those that the owner signed.
    """
    before = marks(cursor, names.number).get(device, Mark(0, ""))
    stored = cursor.execute(
        """
        SELECT seq, received_at, sha256, body, cut, token_ids FROM batch
        WHERE device = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?
        """,
        [device, before.seq, wanted.seq, STEP_MOST + 1],
    ).fetchall()
    if (
        not stored
        or len(stored) > STEP_MOST
        or (stored[-1][0], b64encode(stored[-1][2])) != (wanted.seq, wanted.sha256)
    ):
        raise RestatementRefused
    rows: list[tuple[Any, ...]] = []
    prev = before.restated
    for seq, received_at, _, packed, cut, token_ids in stored:
        message = decode_body(unpack(packed, cut, [names.texts[number] for number in token_numbers(token_ids)]))
        body = restated(message, prev, lambda entry: _token(names, entry))
        digest = hashlib.sha256(body).digest()
        prev = b64encode(digest)
        again = decode_body(body)
        tokens = again.tokens if isinstance(again, Batch) else []
        ids = [names.ids[token] for token in tokens]
        signed = b64decode(wanted.sha256) if seq == wanted.seq else digest
        rows.append((names.number, device, seq, received_at, signed, *packer.pack(body, tokens, ids), b""))
    if prev != wanted.restated:
        raise RestatementRefused
    mark = (names.number, device, wanted.seq, b64decode(prev))
    return {"batch": rows_table(_BATCH, rows), "restated": rows_table(_MARK, [mark])}, before.seq


def forget_signed(connection: duckdb.DuckDBPyConnection, device: str, number: int, after: int, until: int) -> None:
    """Delete batches, and hashes of batches, that restatements replace; within the running transaction."""
    connection.execute("DELETE FROM batch WHERE device = ? AND seq > ? AND seq <= ?", [number, after, until])
    connection.execute("UPDATE alarm SET sha256 = '' WHERE device = ? AND seq <= ?", [device, until])


def _token(names: AccountNames, entry: str) -> str:
    token = names.text(names.ids.get(entry, 0))
    if split_token(token) is None:
        raise RestatementRefused
    return token


def readable_bodies(cursor: duckdb.DuckDBPyConnection, names: AccountNames) -> int:
    """Return the number of batches that still hold an entry in the clear."""
    plain = np.array([number for number, text in enumerate(names.texts) if text and not text.startswith("rtz1.")])
    found = 0
    rows = cursor.execute("SELECT token_ids FROM batch WHERE account = ?", [names.number])
    while chunk := rows.fetchmany(10_000):
        found += sum(bool(np.isin(np.frombuffer(ids, dtype="<i4"), plain).any()) for (ids,) in chunk)
    return found
