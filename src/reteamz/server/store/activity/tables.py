"""Rows of the small tables that come with a commit, as Arrow."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from reteamz.server.store.activity.columns import rows_table
from reteamz.server.store.activity.memory import Change
from reteamz.server.store.activity.records import Stored


def newcomer_rows(change: Change) -> dict[str, pa.Table]:
    """Return rows of ``account`` and ``device`` for those that are stored for the first time."""
    tables = {}
    if change.new_accounts:
        tables["account"] = rows_table((("id", pa.int32()), ("account", pa.string())), change.new_accounts)
    if change.new_devices:
        columns = (("id", pa.int32()), ("account", pa.int32()), ("device", pa.string()))
        tables["device"] = rows_table(columns, change.new_devices)
    return tables


def name_rows(change: Change, seen_ms: int) -> dict[str, pa.Table]:
    """Return rows of ``dictionary`` for new names; ``seen_ms`` is the server's clock in milliseconds."""
    if not change.new_names:
        return {}
    columns = (
        ("account", pa.int32()),
        ("field", pa.string()),
        ("id", pa.int32()),
        ("token_id", pa.uint64()),
        ("text", pa.string()),
        ("version", pa.int32()),
        ("first_seen", pa.int64()),
    )
    rows = [
        (names.number, field, name.id, name.token_id, name.text, 1, seen_ms) for names, field, name in change.new_names
    ]
    return {"dictionary": rows_table(columns, rows)}


def blob_rows(
    batches: Sequence[Stored], accounts: Sequence[int], devices: Sequence[int], ids: Sequence[Sequence[int]]
) -> dict[str, pa.Table]:
    """Return rows of ``blob`` for the sealed content that the batches list."""
    rows = [
        (account, device, batch.seq, blob.sha256, blob.bytes, blob.kind, blob.media, _at(numbers, blob.person), blob.at)
        for batch, account, device, numbers in zip(batches, accounts, devices, ids, strict=True)
        for blob in batch.blobs
    ]
    if not rows:
        return {}
    columns = (
        ("account", pa.int32()),
        ("device", pa.int32()),
        ("seq", pa.int64()),
        ("sha256", pa.string()),
        ("bytes", pa.int64()),
        ("kind", pa.string()),
        ("media", pa.string()),
        ("person", pa.int32()),
        ("at_ms", pa.int64()),
    )
    return {"blob": rows_table(columns, rows)}


def notice_rows(
    batches: Sequence[Stored], accounts: Sequence[int], devices: Sequence[int], ids: Sequence[Sequence[int]]
) -> dict[str, pa.Table]:
    """Return rows of ``notice`` for what computers tell their owner."""
    rows = [
        (account, device, batch.seq, batch.received_at, told.at, told.code, _at(numbers, told.person), told.count)
        for batch, account, device, numbers in zip(batches, accounts, devices, ids, strict=True)
        for told in batch.notices
    ]
    if not rows:
        return {}
    columns = (
        ("account", pa.int32()), ("device", pa.int32()), ("seq", pa.int64()), ("received_at", pa.int64()),
        ("at_ms", pa.int64()), ("code", pa.string()), ("person", pa.int32()), ("count", pa.int64()),
    )  # fmt: skip
    return {"notice": rows_table(columns, rows)}


def _at(ids: Sequence[int], index: int) -> int:
    return ids[index] if index >= 0 else 0
