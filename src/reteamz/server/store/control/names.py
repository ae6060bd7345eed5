"""Which columns of the control database speak of names, so that nothing is forgotten when names change.

A column says so itself: ``info=NAME`` where it holds the dictionary id of a name, ``info=ENTRY`` where it holds a token or plain entry,
``info=PROSE`` where it holds text that may quote some.
``tests/server/store/test_names.py`` walks every table: a new column has to be one of these, or be known to hold neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Column, Table, and_, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.store.control.base import Base

NAME: Final[dict[Any, Any]] = {"holds": "name"}
"""The dictionary id of a name: follows when two entries turn out to be one name."""
ENTRY: Final[dict[Any, Any]] = {"holds": "entry"}
"""A token or a plain entry (spec 4.4, 4.7), "" for none: becomes a token when encryption is enabled later."""

PROSE: Final[dict[Any, Any]] = {"holds": "prose"}
"""Text that may quote names: emptied when history is encrypted."""


def columns_with(info: Mapping[Any, Any]) -> Iterator[tuple[Table, Column[Any]]]:
    """Return the columns that say so of themselves, with their tables."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.info == info:
                yield table, column


def account_column(table: Table) -> Column[Any]:
    """Return the column that tells whose row it is."""
    return table.c.id if table.name == "account" else table.c.account


async def follow_names(session: AsyncSession, account: str, first: Callable[[int], int]) -> None:
    """Let everything that speaks of a name hold the first id it got; where that id has a row of its own, its row stays.

    Args:
        session: the transaction.
        account: whose.
        first: dictionary id → id that stands for its name.
    """
    for table, column in columns_with(NAME):
        theirs = account_column(table) == account
        for number in list(await session.scalars(select(column).where(theirs, column.is_not(None)).distinct())):
            stays = first(number)
            if stays == number:
                continue
            taken = _taken(table, column, stays)
            if taken is not None:
                await session.execute(delete(table).where(theirs, column == number, taken))
            await session.execute(update(table).where(theirs, column == number).values({column: stays}))


def _taken(table: Table, column: Column[Any], stays: int) -> Any:
    """Return the condition that a row would meet another one of the same key, None where ids are no part of a key."""
    if column.name not in table.primary_key.columns:
        return None
    other = table.alias()
    same = [other.c[key.name] == key for key in table.primary_key.columns if key.name != column.name]
    return exists().where(and_(other.c[column.name] == stays, *same))


async def readable_labels(session: AsyncSession, account: str) -> list[str]:
    """Return the plain entries that an account's rows hold, each once."""
    found: set[str] = set()
    for table, column in columns_with(ENTRY):
        rows = await session.scalars(select(column).where(account_column(table) == account).distinct())
        found.update(text for text in rows if text and not text.startswith("rtz1."))
    return sorted(found)


async def replace_label(session: AsyncSession, account: str, text: str, token: str) -> None:
    """Put a token in the place of a plain entry, wherever the account has it."""
    for table, column in columns_with(ENTRY):
        await session.execute(
            update(table).where(account_column(table) == account, column == text).values({column: token})
        )
