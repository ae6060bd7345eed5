"""The control database: one engine, short transactions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}


class Base(DeclarativeBase):
    """Tables of every concept; each concept keeps its own in its ``tables.py``."""


class ControlStore:
    """Opens sessions on the control database.

    Args:
        url: ``sqlite:///…`` or ``postgresql://…``.
    """

    def __init__(self, url: str) -> None:
        self.url = async_url(url)
        self._engine = create_async_engine(self.url)
        if self.url.startswith("sqlite"):
            event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction; commits at the end, rolls back on an error."""
        async with self._sessions() as session, session.begin():
            yield session

    async def compact(self) -> None:
        """Write the database anew, so that nothing of what was deleted is left in its files; others wait for it."""
        async with self._engine.connect() as connection:
            alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
            if self.url.startswith("sqlite"):
                await alone.exec_driver_sql("VACUUM")
                busy = (await alone.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).one()[0]
                if busy:
                    raise TimeoutError("somebody reads the control database")
            else:
                await alone.exec_driver_sql("VACUUM FULL")

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def async_url(url: str) -> str:
    """Return the URL with the asynchronous driver."""
    parsed = make_url(url)
    return parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername)).render_as_string(False)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
