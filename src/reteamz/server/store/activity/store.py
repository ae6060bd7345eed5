"""The one writer of the activity file, and the readers around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reteamz.server.store.activity import reading
from reteamz.server.store.activity.columns import batch_columns, event_columns
from reteamz.server.store.activity.file import StoreFailure, failures
from reteamz.server.store.activity.history import HistoryStore
from reteamz.server.store.activity.records import (
    Alarm,
    DeviceSummary,
    Entry,
    JournalEntry,
    ListedBlob,
    Stored,
    ToldNotice,
)
from reteamz.server.store.activity.tables import blob_rows, name_rows, newcomer_rows, notice_rows
from reteamz.wire.batch import Head
from reteamz.wire.encoding import b64encode

__all__ = ["ActivityStore", "StoreFailure"]


class ActivityStore(HistoryStore):
    """Batches, events and dictionary in one DuckDB file, with heads and names in memory.

    ``write`` and what changes history are for one thread (the committer); everything else may be called from any thread, and blocks.
    """

    # Memory

    def head(self, device: str) -> Head:
        """Return number and hash of the last committed batch of a device; 0 and "" for none."""
        return self._memory.heads.get(device, Head(0, ""))

    def device_numbers(self, account: str) -> dict[str, int]:
        """Return the dense ids of an account's devices that have stored something."""
        owned = self._memory.devices.copy()
        number = self.account_number(account)
        return {device: known.number for device, known in owned.items() if known.account == number}

    def name(self, account: str, id: int) -> str:
        """Return the entry text of a dictionary id, "" for 0 and for ids that the account does not have."""
        names = self._memory.accounts.get(account)
        return "" if names is None else names.text(id)

    def first(self, account: str, id: int) -> int:
        """Return the id that stands for the name of an entry: another one when two entries turned out to be one name."""
        names = self._memory.accounts.get(account)
        return id if names is None else names.first(id)

    def id_of(self, account: str, text: str) -> int:
        """Return the dictionary id of an entry text, 0 when the account does not have it."""
        names = self._memory.accounts.get(account)
        return 0 if names is None else names.first(names.ids.get(text, 0))

    # Writing

    def write(self, batches: Sequence[Stored]) -> None:
        """Store batches, their events, names and blobs in one transaction; returns when they are on disk.

        Batches of one device come in the order of their numbers, and follow its head: the caller has checked that.

        Raises:
            StoreFailure: nothing was stored, in the file or in memory.
        """
        if self._gate.connection is None:
            self._recover()
        memory = self._memory
        part, events = self._committed[0] + 1, sum(len(batch.events) for batch in batches)
        change = memory.change()
        try:
            accounts, devices, ids = [], [], []
            for batch in batches:
                names = change.account(batch.account)
                accounts.append(names.number)
                devices.append(change.device(batch.device, names.number))
                ids.append(change.names(names, batch.tokens, batch.fields))
            packed = [self._packer.pack(batch.body, batch.tokens, row) for batch, row in zip(batches, ids, strict=True)]
            rows: dict[str, Any] = {"batch": batch_columns(batches, accounts, devices, packed)}
            ids = [memory.accounts[batch.account].firsts(row) for batch, row in zip(batches, ids, strict=True)]
            if events:
                rows["event"] = event_columns(batches, accounts, devices, ids, part)
            rows |= newcomer_rows(change)
            rows |= name_rows(change, batches[0].received_at)
            rows |= blob_rows(batches, accounts, devices, ids)
            rows |= notice_rows(batches, accounts, devices, ids)
            self._commit(rows)
        except BaseException:
            change.undo()
            raise
        self._committed = (part, self._committed[1] + events)
        for batch, number, account in zip(batches, devices, accounts, strict=True):
            memory.advance(batch, number, account)

    def raise_alarm(self, account: str, alarm: Alarm) -> None:
        """Store an alarm, one for each number of a device's chain. Raises ``StoreFailure``."""
        with self._aside, self.cursor() as cursor, failures():
            cursor.execute(
                """
                INSERT INTO alarm SELECT $account, $device, $code, $seq, $sha256, $at
                WHERE NOT EXISTS (FROM alarm WHERE device = $device AND code = $code AND seq = $seq)
                """,
                {"account": account} | {name: getattr(alarm, name) for name in Alarm.__slots__},
            )

    # Reading

    def batch_hash(self, device: str, seq: int) -> str | None:
        """Return the hash of a committed batch in base64, or None when the device has none of that number."""
        known = self._memory.devices.get(device)
        if known is None:
            return None
        with self.cursor() as cursor:
            raw = reading.batch_hash(cursor, known.number, seq)
        return None if raw is None else b64encode(raw)

    def journal(self, account: str, device: str, after: int, limit: int) -> list[JournalEntry]:
        """Return batches of a device as they were signed, numbers above ``after``, in order."""
        known = self._memory.devices.get(device)
        if known is None or known.account != self.account_number(account):
            return []
        texts = self._memory.accounts[account].texts
        with self.cursor() as cursor:
            return reading.journal(cursor, known.number, texts, after, limit)

    def entries(
        self,
        account: str,
        field: str | None = None,
        after: int = 0,
        limit: int = 5000,
        ids: Sequence[int] | None = None,
    ) -> list[Entry]:
        """Return dictionary entries with ids above ``after``, in order; of one field, or of the ids asked for."""
        names = self._memory.accounts.get(account)
        if names is None:
            return []
        firsts = None if ids is None else [names.first(number) for number in ids]
        with self.cursor() as cursor:
            found = reading.entries(cursor, names.number, field, after, limit, firsts)
        return [Entry(entry.id, entry.field, names.text(entry.id)) for entry in found]

    def counts(self, account: str) -> dict[str, int]:
        """Return how many names of each field an account holds."""
        with self.cursor() as cursor:
            return reading.counts(cursor, self.account_number(account))

    def last_name(self, account: str) -> int:
        """Return the highest id that ``entries`` tells, 0 for none: what is being committed is not among them yet."""
        with self.cursor() as cursor:
            return reading.last_entry(cursor, self.account_number(account))

    def summaries(self, account: str) -> dict[str, DeviceSummary]:
        """Return what each device of an account has stored."""
        devices = {number: device for device, number in self.device_numbers(account).items()}
        with self.cursor() as cursor:
            return {
                devices[number]: DeviceSummary(events, last_ms)
                for number, events, last_ms in reading.summaries(cursor, self.account_number(account), self.mark)
                if number in devices
            }

    def listed_blob(self, device: str, sha256: str) -> ListedBlob | None:
        """Return what a committed batch of the device says of a blob (spec 11.4), None when no batch lists it."""
        known = self._memory.devices.get(device)
        if known is None:
            return None
        with self.cursor() as cursor:
            return reading.listed_blob(cursor, known.number, sha256)

    def blob_persons(self, account: str, sha256: str) -> list[int]:
        """Return the persons that an account's batches name for a blob, 0 for nobody; empty when no batch lists it."""
        with self.cursor() as cursor:
            return reading.blob_persons(cursor, self.account_number(account), sha256)

    def notices(
        self, account: str, limit: int, offset: int = 0, each: int | None = None
    ) -> tuple[int, list[ToldNotice]]:
        """Return how many notices an account has, and some of them, those that came last first; ``each`` bounds those of one device."""
        devices = {number: device for device, number in self.device_numbers(account).items()}
        with self.cursor() as cursor:
            count, rows = reading.notices(cursor, self.account_number(account), limit, offset, each)
        return count, [ToldNotice(devices[number], *told) for number, *told in rows]

    def alarms(self, account: str) -> list[Alarm]:
        """Return the alarms of an account, newest first."""
        with self.cursor() as cursor:
            return reading.alarms(cursor, account)
