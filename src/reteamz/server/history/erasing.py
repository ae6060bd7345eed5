"""Erases an account's plain names: from both stores, then from their files, then looks for them (spec 13.5).

The steps are written down, so that a stop at any moment is followed by the same step at the next start:

    compacting   the activity store is written anew; the old file stays beside it, as what knows the names
    cleaning     the control database overwrites what it deleted
    searching    every file is read; found: some still hold names, done: none does, and the old file is removed
    stopped      there was no room for the new file, or a name without a token; nothing was changed, the owner begins again
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Account
from reteamz.server.audit.record import record
from reteamz.server.audit.tables import Audit
from reteamz.server.history.searching import Search, files_of
from reteamz.server.history.tables import Erasure
from reteamz.server.ingest.committer import Committer
from reteamz.server.mail import drop_waiting
from reteamz.server.rules.sets import readable
from reteamz.server.store.activity import ActivityStore, RestatementRefused
from reteamz.server.store.control import ControlStore
from reteamz.server.store.control.names import readable_labels
from reteamz.server.types import Now
from reteamz.wire.errors import ReteamzError

RUNNING: Final = ("compacting", "cleaning", "searching")
RETRY_S: Final = 5.0
FILES_TOLD: Final = 20

log = structlog.get_logger("reteamz.server")


class Eraser:
    """Runs erasures, one at a time.

    Args:
        control, activity: the stores.
        committer: what writes the activity store.
        data: the data folder.
        stores: files of the stores, which may be elsewhere.
        now: the server's clock, in milliseconds.
    """

    def __init__(
        self,
        control: ControlStore,
        activity: ActivityStore,
        committer: Committer,
        data: Path,
        stores: Sequence[Path],
        now: Now,
    ) -> None:
        self._control = control
        self._activity = activity
        self._committer = committer
        self._data = data
        self._stores = stores
        self._now = now
        self._wanted = asyncio.Event()
        self._stopping = False

    async def start(self, viewer: Viewer) -> None:
        """Begin to erase, or look once more after names were found.

        Raises:
            ReteamzError: ``forbidden``; ``input_invalid`` when names are left that have no token or no restatement.
        """
        viewer.require_owner()
        async with self._control.session() as session:
            account = await session.get_one(Account, viewer.account)
            row = await session.get(Erasure, viewer.account, with_for_update=True)
            if row is not None and row.state in RUNNING:
                return
            if account.mode != "encrypted" or await _readable(session, self._activity, viewer.account):
                raise _unfinished()
            state = "cleaning" if row is not None and row.state == "found" else "compacting"
            if row is None:
                row = Erasure(account=viewer.account, state=state, at=0, member=viewer.member, files=[])
                session.add(row)
            row.state, row.at, row.member, row.files = state, self._now(), viewer.member, []
            record(session, self._now(), viewer.account, viewer.member, "history_erasing")
        self._wanted.set()

    async def run(self) -> None:
        """Go on with what was begun until it is told to stop; what fails is tried again."""
        self._wanted.set()
        while not self._stopping:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                while not self._stopping and await self._step():
                    pass
            except InterruptedError:
                return
            except Exception as error:
                log.error("erasing", error=type(error).__name__)
                asyncio.get_running_loop().call_later(RETRY_S, self._wanted.set)

    def stop(self) -> None:
        """Let the step that runs be the last; the next start goes on."""
        self._stopping = True
        self._wanted.set()

    async def _step(self) -> bool:
        """Do the next step of the erasure that waits longest; tells whether there was one."""
        async with self._control.session() as session:
            row = await session.scalar(select(Erasure).where(Erasure.state.in_(RUNNING)).order_by(Erasure.at).limit(1))
        if row is None:
            return False
        if row.state == "compacting":
            await self._compact(row.account)
        elif row.state == "cleaning":
            async with self._control.session() as session:
                enabled = await session.scalar(
                    select(func.max(Audit.at)).where(Audit.account == row.account, Audit.action == "encryption_enabled")
                )
                await drop_waiting(session, row.account, enabled or 0, self._now())
            await self._control.compact()
            await self._reach(row.account, "searching")
        else:
            await self._look(row.account, row.member)
        return True

    async def _compact(self, account: str) -> None:
        try:
            await self._committer.perform(lambda: self._activity.erase_names(account))
        except RestatementRefused:
            # A batch that was on its way when encryption was enabled: the owner's end has to go on.
            await self._reach(account, "stopped")
        except ReteamzError as error:
            if error.code != "disk_full":
                raise
            await self._reach(account, "stopped")
        else:
            await self._reach(account, "cleaning")

    async def _look(self, account: str, member: str) -> None:
        entries = await asyncio.to_thread(self._activity.erased_entries, account)
        entries -= await asyncio.to_thread(self._activity.held_by_others, account, entries)
        found = await asyncio.to_thread(self._files_with, entries, self._activity.old_file(account))
        if found:
            await self._reach(account, "found", found)
            return
        await asyncio.to_thread(self._activity.forget_old_file, account)
        async with self._control.session() as session:
            record(session, self._now(), account, member, "history_encrypted")
        await self._reach(account, "done")

    def _files_with(self, entries: set[str], old: Path) -> list[str]:
        search = Search(entries)
        found = [path for path in files_of(self._data, self._stores, old) if self._holds(search, path)]
        data = self._data.resolve()
        told = [str(path.relative_to(data)) if path.is_relative_to(data) else path.name for path in found]
        return told[:FILES_TOLD]

    def _holds(self, search: Search, path: Path) -> bool:
        if self._stopping:
            raise InterruptedError
        return search.in_file(path)

    async def _reach(self, account: str, state: str, files: Sequence[str] = ()) -> None:
        async with self._control.session() as session:
            row = await session.get_one(Erasure, account)
            row.state, row.at, row.files = state, self._now(), list(files)


async def _readable(session: AsyncSession, activity: ActivityStore, account: str) -> bool:
    if await asyncio.to_thread(activity.count_readable, account):
        return True
    return bool(await readable_labels(session, account)) or await readable(session, account)


def _unfinished() -> ReteamzError:
    return ReteamzError("input_invalid", "Some names have no token yet; log in again, then encrypt history.")
