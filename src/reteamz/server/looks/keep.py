"""Keeps looks: the first of a day at once, further ones together, once a minute."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Account
from reteamz.server.looks.tables import Look, LookPerson
from reteamz.server.store.control import ControlStore

FLUSH_S: Final = 60.0
PERSONS_MOST: Final = 20
"""So many chosen persons are written one by one; more of them as what they are part of."""

Key = tuple[str, date, str, str, str, str]
"""Account, day, member, page, scope, subject."""
Whom = tuple[str, str, frozenset[int]]
"""Scope, subject and persons of a look, as :class:`reteamz.server.looks.tables.Look` has them."""
EVERYBODY: Final[Whom] = ("all", "", frozenset())


@dataclass(slots=True)
class Seen:
    """What is known of one key; ``more`` looks are not written yet."""

    persons: frozenset[int]
    last: int
    more: int = 0


class Looks:
    """Writes looks down. One object serves the process; its writes follow one another."""

    def __init__(self, control: ControlStore) -> None:
        self._control = control
        self._seen: dict[Key, Seen] = {}
        self._zones: dict[str, ZoneInfo] = {}
        self._writing = asyncio.Lock()

    async def note(self, viewer: Viewer, path: str, whom: Sequence[Whom], now: int) -> None:
        """Note that a page could show some people to the viewer. What employees see is themselves: that is no look.

        Args:
            viewer: who looks.
            path: address of the page or of its report, such as ``/timeline`` or ``/api/reports/timeline``.
            whom: people, as :func:`whom_of` tells them.
            now: the server's clock, in milliseconds.
        """
        if viewer.role == "employee":
            return
        day, page = await self._day(viewer.account, now), page_of(path)
        fresh: dict[Key, Seen] = {}
        for scope, subject, persons in whom:
            key = (viewer.account, day, viewer.member, page, scope, subject)
            known = self._seen.get(key)
            if known is not None and persons <= known.persons:
                known.last, known.more = now, known.more + 1
            else:
                fresh[key] = Seen(persons, now, 1)
        if fresh:
            await self._write(fresh)

    async def flush(self) -> None:
        """Write what was counted since, and forget the days before the newest."""
        waiting = {key: seen for key, seen in self._seen.items() if seen.more}
        if waiting:
            await self._write(waiting)
        newest = max((key[1] for key in self._seen), default=None)
        # A day's difference is between accounts in the east and in the west.
        self._seen = {key: seen for key, seen in self._seen.items() if newest and (newest - key[1]).days <= 1}

    async def _day(self, account: str, now: int) -> date:
        """Return the account's local day."""
        zone = self._zones.get(account)
        if zone is None:
            async with self._control.session() as session:
                zone = ZoneInfo((await session.get_one(Account, account)).timezone)
            self._zones[account] = zone
        return datetime.fromtimestamp(now / 1000, zone).date()

    async def _write(self, looks: dict[Key, Seen]) -> None:
        async with self._writing:
            taken = {key: (seen, seen.more) for key, seen in looks.items()}
            async with self._control.session() as session:
                for key, (seen, more) in taken.items():
                    await _add(session, key, seen, more)
            for key, (seen, more) in taken.items():
                known = self._seen.setdefault(key, seen)
                known.persons |= seen.persons
                if known is seen:
                    known.more -= more


async def _add(session: AsyncSession, key: Key, seen: Seen, more: int) -> None:
    """Count further looks of a key, and write down whom they could show."""
    account, day, member, page, scope, subject = key
    row = await session.scalar(
        select(Look).where(
            Look.account == account,
            Look.day == day,
            Look.member == member,
            Look.page == page,
            Look.scope == scope,
            Look.subject == subject,
        )
    )
    if row is None:
        row = Look(
            account=account, day=day, member=member, page=page, scope=scope, subject=subject, first=seen.last, last=seen.last, count=0
        )  # fmt: skip
        session.add(row)
        await session.flush()
    row.last, row.count = max(row.last, seen.last), row.count + more
    told = set(await session.scalars(select(LookPerson.person).where(LookPerson.look == row.id)))
    session.add_all(LookPerson(look=row.id, account=account, person=person) for person in sorted(seen.persons - told))


def page_of(path: str) -> str:
    """Return the page that an address belongs to: a report counts as the page that shows it."""
    return (path.removeprefix("/api/reports").removeprefix("/api").strip("/") or "overview")[:64]


def whom_of(
    viewer: Viewer, chosen: Collection[int], departments: Collection[str], persons: frozenset[int] | None
) -> list[Whom]:
    """Return whom a page can show.

    Args:
        viewer: who looks.
        chosen, departments: persons and departments that the viewer asked for.
        persons: what they got of them, None for everybody.
    """
    if persons is None:
        return [EVERYBODY]
    if not persons:
        return []
    if chosen and len(persons) <= PERSONS_MOST:
        return [("person", str(person), frozenset((person,))) for person in sorted(persons)]
    among = tuple(departments or viewer.departments)
    return [("department", among[0] if len(among) == 1 else "", persons)]
