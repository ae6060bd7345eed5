"""Joins the entries of one name, the plain one of before and its token, so that no report shows the name twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa

from reteamz.server.store.activity.columns import rows_table
from reteamz.server.store.activity.memory import Change
from reteamz.server.store.activity.names import AccountNames
from reteamz.server.store.activity.schema import NAME_COLUMNS
from reteamz.wire.tokens import split_plain, split_token

_PAIR: Final = (("account", pa.int32()), ("id", pa.int32()), ("other", pa.int32()))


class JoinRefused(Exception):
    """A pair that does not name a plain entry of the account and a token of the same field."""


def join_names(change: Change, account: str, pairs: Sequence[tuple[int, str]]) -> None:
    """Join plain entries, by id, with their tokens; a pair that is joined already changes nothing.

    Raises:
        JoinRefused: nothing of this change may be kept then.
    """
    names = change.account(account)
    for number, token in pairs:
        plain = split_plain(names.texts[number]) if 0 < number < len(names.texts) else None
        parts = split_token(token)
        if parts is None or (plain is None and not _joined(names, number, token)):
            raise JoinRefused
        if plain is None:
            continue
        if plain[0] != parts[0]:
            raise JoinRefused
        (known,) = change.names(names, [token], [parts[0]])
        change.join(account, number, known)


def join_labels(change: Change, account: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Join labels, which have no entry before, so that their plain text is erased with that of the names.

    Raises:
        JoinRefused: nothing of this change may be kept then.
    """
    names = change.account(account)
    for text, token in pairs:
        plain, parts = split_plain(text), split_token(token)
        if plain is None or parts is None or plain[0] != parts[0]:
            raise JoinRefused
        number, known = change.names(names, [text, token], [plain[0], parts[0]])
        change.join(account, number, known)


def _joined(names: AccountNames, number: int, token: str) -> bool:
    return 0 < number < len(names.texts) and names.first(names.ids.get(token, 0)) == names.first(number)


def link_rows(change: Change) -> dict[str, pa.Table]:
    """Return rows of ``link`` for the joins of a change."""
    if not change.joined:
        return {}
    return {"link": rows_table(_PAIR, [(names.number, stays, goes) for names, stays, goes in change.joined])}


def move_names(connection: duckdb.DuckDBPyConnection, change: Change) -> None:
    """Let every row that holds an id that goes hold the one that stays; within the running transaction.

    Ids that this change gave out are in no row yet.
    """
    fresh = {(names.number, name.id) for names, _, name in change.new_names}
    moved: list[tuple[Any, ...]] = [
        (names.number, names.first(stays), goes)
        for names, stays, goes in change.joined
        if (names.number, goes) not in fresh
    ]
    if not moved:
        return
    connection.register("moved", rows_table(_PAIR, moved))
    try:
        for table, columns in NAME_COLUMNS.items():
            for column in columns:
                # Tables and columns are those of this package.
                connection.execute(
                    f"""
                    UPDATE {table} SET {column} = moved.id FROM moved
                    WHERE {table}.account = moved.account AND {table}.{column} = moved.other
                    """
                )
    finally:
        connection.unregister("moved")
