"""What the store does about names from before encryption: joins them with their tokens, and erases them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence, Set
from pathlib import Path

import pyarrow as pa

from reteamz.server.store.activity import reading
from reteamz.server.store.activity.compacting import old_file, plain_entries, take_its_place, write_new
from reteamz.server.store.activity.file import ActivityFile, StoreFailure, failures
from reteamz.server.store.activity.joining import join_labels, join_names, link_rows, move_names
from reteamz.server.store.activity.journal import Packer
from reteamz.server.store.activity.records import Entry
from reteamz.server.store.activity.restating import (
    Mark,
    RestatementRefused,
    forget_signed,
    marks,
    readable_bodies,
    restatement_rows,
)
from reteamz.server.store.activity.tables import name_rows, newcomer_rows
from reteamz.wire.prune import PruneMark


class HistoryStore(ActivityFile):
    """Joining and erasing. What changes the file is for the thread that writes."""

    def account_number(self, account: str) -> int:
        """Return the dense id of an account, 0 when it has stored nothing yet."""
        names = self._memory.accounts.get(account)
        return 0 if names is None else names.number

    def join(
        self, account: str, names: Sequence[tuple[int, str]], labels: Sequence[tuple[str, str]], now_ms: int
    ) -> None:
        """Join plain entries with their tokens, in one transaction: names by the id of the plain entry, labels by its text.

        For the thread that writes. Events follow at once; batches stay as they were signed.

        Raises:
            JoinRefused: a pair does not fit; nothing was stored.
            StoreFailure: nothing was stored, in the file or in memory.
        """
        if self._gate.connection is None:
            self._recover()
        change = self._memory.change()
        try:
            join_names(change, account, names)
            join_labels(change, account, labels)
            rows = newcomer_rows(change) | name_rows(change, now_ms) | link_rows(change)
            if rows:
                # A roll-up that began before would bring back the ids that go.
                self._stop_rolling()
                with self._upkeep:
                    self._commit(rows, lambda connection: move_names(connection, change))
        except BaseException:
            change.undo()
            raise

    def check_mark(self, account: str, wanted: PruneMark) -> None:
        """Require what is stored to give the restatements that the owner signed; for any thread.

        Raises:
            RestatementRefused: it gives others.
        """
        self._restatements(account, wanted)

    def restate(self, account: str, wanted: PruneMark) -> None:
        """Put restatements in the place of a device's batches up to a mark that the owner signed (spec 13.3).

        A mark that is reached already changes nothing.

        Raises:
            RestatementRefused: what is stored gives other restatements; nothing was changed.
            StoreFailure: nothing was changed.
        """
        if self._gate.connection is None:
            self._recover()
        found = self._restatements(account, wanted)
        if found is not None:
            rows, number, after = found
            with self._aside:
                self._commit(rows, lambda connection: forget_signed(connection, wanted.id, number, after, wanted.seq))

    def _restatements(self, account: str, wanted: PruneMark) -> tuple[dict[str, pa.Table], int, int] | None:
        """Return rows, the device's dense id and its mark so far; None when the wanted mark is reached."""
        names, known = self._memory.accounts.get(account), self._memory.devices.get(wanted.id)
        if names is None or known is None or known.account != names.number:
            raise RestatementRefused
        with self.cursor() as cursor:
            if marks(cursor, names.number).get(known.number) == Mark(wanted.seq, wanted.restated):
                return None
            rows, after = restatement_rows(cursor, Packer(), names, known.number, wanted)
        return rows, known.number, after

    def erase_names(self, account: str) -> None:
        """Write the file anew without an account's plain entries, and let it take the old one's place.

        For the thread that writes: commits wait until it is done, readers for a moment. What was done already is not done again.

        Raises:
            RestatementRefused: names without a token, or batches that hold some, are left; nothing was changed.
            StoreFailure: nothing was changed.
        """
        if self._gate.connection is None:
            self._recover()
        number = self.account_number(account)
        if not number or old_file(self._path, number).exists():
            return
        with self.cursor() as cursor:
            if reading.count_readable(cursor, number) or readable_bodies(cursor, self._memory.accounts[account]):
                raise RestatementRefused
        # Nothing may be committed between the copy and the moment in which it takes the place of the old file.
        self._stop_rolling()
        with self._upkeep, self._aside, failures():
            connection = self._gate.connection
            if connection is None:
                raise StoreFailure("busy", "the activity store is not open")
            if shutil.disk_usage(self._path.parent).free < self._path.stat().st_size:
                raise StoreFailure("disk_full", "no room for a second file")
            write_new(connection, self._path, number)
            with self._gate.alone() as alone:
                if not alone:
                    raise StoreFailure("busy", "somebody reads for too long")
                self.close()
                try:
                    take_its_place(self._path, number)
                finally:
                    self._reopen()

    def joined_accounts(self) -> list[str]:
        """Return the accounts that have names with several entries."""
        return [account for account, names in self._memory.accounts.copy().items() if names.same]

    def readable(self, account: str, after: int, limit: int) -> list[Entry]:
        """Return entries in the clear that no token was joined to, with ids above ``after``, in order."""
        with self.cursor() as cursor:
            return reading.readable(cursor, self.account_number(account), after, limit)

    def count_readable(self, account: str) -> int:
        """Return the number of entries in the clear that no token was joined to."""
        with self.cursor() as cursor:
            return reading.count_readable(cursor, self.account_number(account))

    def erased_entries(self, account: str) -> set[str]:
        """Return the plain entries that are being erased, as the file of before knows them; none once it is gone."""
        return plain_entries(self._path, self.account_number(account))

    def forget_old_file(self, account: str) -> None:
        """Remove the file of before."""
        old_file(self._path, self.account_number(account)).unlink(missing_ok=True)

    def old_file(self, account: str) -> Path:
        """Return where the file of before lies while an account's history is being erased."""
        return old_file(self._path, self.account_number(account))

    def held_by_others(self, account: str, entries: Set[str]) -> set[str]:
        """Return those of some entries that other accounts have, in the clear as well."""
        others = [names for one, names in self._memory.accounts.copy().items() if one != account]
        return {entry for entry in entries if any(entry in names.ids for names in others)}

    def count_plain(self, account: str) -> int:
        """Return the number of an account's entries in the clear, joined or not."""
        names = self._memory.accounts.get(account)
        with self.cursor() as cursor:
            return 0 if names is None else reading.count_plain(cursor, names.number)

    def progress(self, account: str) -> tuple[int, int]:
        """Return how many batches of an account are restated, and how many there are."""
        with self.cursor() as cursor:
            return reading.progress(cursor, self.account_number(account))
