"""The one writer of the activity file, and the readers around it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import duckdb

from reteamz.server.store.activity import reading, rollup
from reteamz.server.store.activity.columns import batch_columns, event_columns
from reteamz.server.store.activity.joining import join_labels, join_names, link_rows, move_names
from reteamz.server.store.activity.journal import Packer
from reteamz.server.store.activity.memory import Memory
from reteamz.server.store.activity.records import Alarm, DeviceSummary, Entry, JournalEntry, ListedBlob, Stored
from reteamz.server.store.activity.schema import connect
from reteamz.server.store.activity.tables import blob_rows, name_rows, newcomer_rows
from reteamz.wire.batch import Head
from reteamz.wire.encoding import b64encode


class StoreFailure(Exception):
    """A commit did not happen and nothing of it is stored.

    Attributes:
        code: ``disk_full``, or ``busy`` when the store needs a moment to come back.
    """

    def __init__(self, code: Literal["busy", "disk_full"], detail: str) -> None:
        super().__init__(detail)
        self.code: Literal["busy", "disk_full"] = code


class ActivityStore:
    """Batches, events and dictionary in one DuckDB file, with heads and names in memory.

    ``write`` is for one thread (the committer); everything else may be called from any thread, and blocks.
    """

    def __init__(self, path: Path, secret: bytes) -> None:
        self._path = path
        self._secret = secret
        self._packer = Packer()
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._memory = Memory(secret)
        # One at a time rewrites what is stored; a roll-up gives way.
        self._upkeep = threading.Lock()
        self._rolling: duckdb.DuckDBPyConnection | None = None
        # Number of the last commit and events since the file was opened; the same of what is rolled up.
        self._committed = (0, 0)
        self._rolled = (-1, 0)
        self._reopen()

    @classmethod
    def open(cls, path: Path, secret: bytes) -> ActivityStore:
        """Open or make the file, and load heads and dictionary.

        Args:
            path: the DuckDB file.
            secret: 16…64 bytes that only this server knows, the same for the life of the file: key of the names' hashes.

        Raises:
            duckdb.Error: the file is damaged, held by another process, or cannot be written.
        """
        return cls(path, secret)

    def _reopen(self) -> None:
        self.close()
        connection = connect(self._path)
        try:
            memory = Memory.load(connection, self._secret)
            mark = rollup.mark_of(connection)
            last, waiting = rollup.waiting(connection, mark)
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._connection, self._memory = connection, memory
            self._committed, self._rolled = (last, waiting), (mark, 0)

    def close(self) -> None:
        """Write everything to the file proper and close it; a roll-up that runs is given up."""
        with self._lock:
            connection, self._connection = self._connection, None
        self._stop_rolling()
        if connection is not None:
            connection.close()

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of the calling thread's own, with a view of what is committed.

        Raises:
            StoreFailure: the store is closed, or being opened again after a failure.
        """
        with self._lock:
            if self._connection is None:
                raise StoreFailure("busy", "the activity store is not open")
            cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    # Memory

    def head(self, device: str) -> Head:
        """Return number and hash of the last committed batch of a device; 0 and "" for none."""
        return self._memory.heads.get(device, Head(0, ""))

    def joined_accounts(self) -> list[str]:
        """Return the accounts that have names with several entries."""
        return [account for account, names in self._memory.accounts.copy().items() if names.same]

    def account_number(self, account: str) -> int:
        """Return the dense id of an account, 0 when it has stored nothing yet."""
        names = self._memory.accounts.get(account)
        return 0 if names is None else names.number

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
        if self._connection is None:
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
            self._commit(rows)
        except BaseException:
            change.undo()
            raise
        self._committed = (part, self._committed[1] + events)
        for batch, number, account in zip(batches, devices, accounts, strict=True):
            memory.advance(batch, number, account)

    def join(
        self, account: str, names: Sequence[tuple[int, str]], labels: Sequence[tuple[str, str]], now_ms: int
    ) -> None:
        """Join plain entries with their tokens, in one transaction: names by the id of the plain entry, labels by its text.

        For the thread that writes. Events follow at once; batches stay as they were signed.

        Raises:
            JoinRefused: a pair does not fit; nothing was stored.
            StoreFailure: nothing was stored, in the file or in memory.
        """
        if self._connection is None:
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

    def raise_alarm(self, account: str, alarm: Alarm) -> None:
        """Store an alarm, one for each number of a device's chain. Raises ``StoreFailure``."""
        with self.cursor() as cursor, _failures():
            cursor.execute(
                """
                INSERT INTO alarm SELECT $account, $device, $code, $seq, $sha256, $at
                WHERE NOT EXISTS (FROM alarm WHERE device = $device AND code = $code AND seq = $seq)
                """,
                {"account": account} | {name: getattr(alarm, name) for name in Alarm.__slots__},
            )

    # Roll-ups

    @property
    def mark(self) -> int:
        """Number of the last commit that is rolled up, −1 for none: what queries of roll-ups begin with."""
        return self._rolled[0]

    @property
    def unrolled(self) -> int:
        """Number of events that are not rolled up."""
        return self._committed[1] - self._rolled[1]

    def roll_up(self, least: int = rollup.SLICE) -> bool:
        """Add up the events that wait, when there are ``least`` of them; returns whether there were. Blocks; commits go on meanwhile.

        Raises:
            StoreFailure: nothing was rolled up.
        """
        with self._upkeep:
            upto, mark = self._committed, self.mark
            if self.unrolled < least or upto[0] <= mark:
                return False
            connection = self._connection
            with self.cursor() as cursor, _failures():
                self._rolling = cursor
                try:
                    cursor.execute("BEGIN TRANSACTION")
                    # Without a COMMIT closing the cursor rolls back.
                    rollup.roll(cursor, mark, upto[0])
                    cursor.execute("COMMIT")
                finally:
                    with self._lock:
                        self._rolling = None
            with self._lock:
                if self._connection is connection:
                    self._rolled = upto
            return True

    def _stop_rolling(self) -> None:
        """Let a roll-up that runs be given up; it is made again at the next turn."""
        with self._lock:
            if self._rolling is not None:
                self._rolling.interrupt()

    def _commit(self, rows: dict[str, Any], more: Callable[[duckdb.DuckDBPyConnection], None] = lambda _: None) -> None:
        """Write rows of tables, and what ``more`` changes, in one transaction."""
        connection = self._connection
        if connection is None:
            raise StoreFailure("busy", "the activity store is not open")
        try:
            with _failures():
                connection.execute("BEGIN TRANSACTION")
                for table, columns in rows.items():
                    connection.register("arriving", columns)
                    # The table names are those of this package.
                    connection.execute(f"INSERT INTO {table} SELECT * FROM arriving")
                    connection.unregister("arriving")
                more(connection)
                connection.execute("COMMIT")
        except BaseException:
            self._roll_back(connection)
            raise

    def _roll_back(self, connection: duckdb.DuckDBPyConnection) -> None:
        """End a failed transaction; a store that DuckDB gave up is opened again at the next write."""
        try:
            connection.execute("ROLLBACK")
        except duckdb.TransactionException:
            pass  # COMMIT failed: DuckDB has rolled back by itself.
        except duckdb.Error:
            self.close()
            return
        try:
            connection.execute("SELECT 1").fetchall()
        except duckdb.Error:
            self.close()

    def _recover(self) -> None:
        with _failures():
            self._reopen()

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

    def readable(self, account: str, after: int, limit: int) -> list[Entry]:
        """Return entries in the clear that no token was joined to, with ids above ``after``, in order."""
        with self.cursor() as cursor:
            return reading.readable(cursor, self.account_number(account), after, limit)

    def count_readable(self, account: str) -> int:
        """Return the number of entries in the clear that no token was joined to."""
        with self.cursor() as cursor:
            return reading.count_readable(cursor, self.account_number(account))

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

    def alarms(self, account: str) -> list[Alarm]:
        """Return the alarms of an account, newest first."""
        with self.cursor() as cursor:
            return reading.alarms(cursor, account)


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what DuckDB says of a write into a ``StoreFailure``."""
    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        full = isinstance(error, duckdb.IOException) or "No space left" in text or "Could not write" in text
        raise StoreFailure("disk_full" if full else "busy", text) from error
