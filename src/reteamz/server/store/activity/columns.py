"""Accepted batches as Arrow columns, without a Python object per event."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from reteamz.server.store.activity.records import Stored
from reteamz.server.store.activity.schema import KIND_ORDER

_DAY_MS: Final = 86_400_000
_EVENT_FIELDS: Final = 12
_KINDS: Final = np.argsort(np.array(KIND_ORDER)).astype(np.uint8)


def event_columns(
    batches: Sequence[Stored], accounts: Sequence[int], devices: Sequence[int], ids: Sequence[Sequence[int]], part: int
) -> pa.Table:
    """Return the rows of ``event`` for several batches.

    Args:
        batches: accepted batches.
        accounts, devices: dense ids, one for each batch.
        ids: dictionary ids of each batch's tokens, in their order.
        part: number of the commit.
    """
    counts = np.array([len(batch.events) for batch in batches])
    total = int(counts.sum())
    flat = chain.from_iterable(chain.from_iterable(batch.events for batch in batches))
    values = np.fromiter(flat, dtype=np.int64, count=total * _EVENT_FIELDS).reshape(total, _EVENT_FIELDS).T
    # One lookup table for all: place 0 is "none", then the tokens of the first batch, of the second, …
    lookup = np.fromiter(chain((0,), chain.from_iterable(ids)), dtype=np.int32)
    sizes = np.array([len(numbers) for numbers in ids])
    base = np.repeat(np.cumsum(sizes) - sizes + 1, counts)

    def named(position: int) -> npt.NDArray[np.int32]:
        index = values[position]
        return lookup[np.where(index < 0, 0, index + base)]

    start, offset = values[2], values[4]
    return pa.table(
        {
            "account": np.repeat(np.array(accounts, dtype=np.int32), counts),
            "device": np.repeat(np.array(devices, dtype=np.int32), counts),
            "person": named(0),
            # An event belongs to the local day on which it starts; agents cut at local midnight.
            "day": pa.array(((start + offset * 60_000) // _DAY_MS).astype(np.int32)).cast(pa.date32()),
            "start_ms": np.ascontiguousarray(start),
            "duration_ms": values[3].astype(np.int32),
            "utc_offset": offset.astype(np.int16),
            "kind": _KINDS[values[1]],
            "app": named(5),
            "site": named(6),
            "title": named(7),
            "url": named(8),
            "doc": named(9),
            "input": np.ascontiguousarray(values[10]),
            "rating": values[11].astype(np.int8),
            "seq": np.repeat(np.array([batch.seq for batch in batches], dtype=np.int64), counts),
            "part": np.full(total, part, dtype=np.int64),
        }
    )


def batch_columns(
    batches: Sequence[Stored],
    accounts: Sequence[int],
    devices: Sequence[int],
    packed: Sequence[tuple[bytes, int, bytes]],
) -> pa.Table:
    """Return the rows of ``batch``, the journal; ``packed`` as ``Packer.pack`` returns it."""
    return pa.table(
        {
            "account": pa.array(accounts, pa.int32()),
            "device": pa.array(devices, pa.int32()),
            "seq": pa.array([batch.seq for batch in batches], pa.int64()),
            "received_at": pa.array([batch.received_at for batch in batches], pa.int64()),
            "sha256": pa.array([batch.sha256 for batch in batches], pa.binary()),
            "body": pa.array([body for body, _, _ in packed], pa.binary()),
            "cut": pa.array([cut for _, cut, _ in packed], pa.int32()),
            "token_ids": pa.array([ids for _, _, ids in packed], pa.binary()),
            "signature": pa.array([batch.signature for batch in batches], pa.binary()),
        }
    )


def rows_table(names: Sequence[tuple[str, pa.DataType]], rows: Sequence[tuple[object, ...]]) -> pa.Table:
    """Return an Arrow table of a few rows."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table({name: pa.array(column, kind) for (name, kind), column in zip(names, columns, strict=True)})
