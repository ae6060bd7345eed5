"""Heads, devices and names in memory: loaded at start, changed by the one writer, taken back when a commit fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from reteamz.server.store.activity.names import AccountNames, NewName, keyed_hash
from reteamz.server.store.activity.records import Stored
from reteamz.wire.batch import Head
from reteamz.wire.encoding import b64encode
from reteamz.wire.tokens import Field


@dataclass(slots=True, frozen=True)
class KnownDevice:
    """Dense ids of a device and of its account."""

    number: int
    account: int


class Memory:
    """What every commit needs to know. Other threads read single entries; the writer alone changes them."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.accounts: dict[str, AccountNames] = {}
        self.devices: dict[str, KnownDevice] = {}
        self.heads: dict[str, Head] = {}

    @classmethod
    def load(cls, connection: duckdb.DuckDBPyConnection, secret: bytes) -> Memory:
        """Read everything from the file. Raises ``ValueError`` for a dictionary with holes."""
        memory = cls(secret)
        numbers: dict[int, AccountNames] = {}
        for number, account in connection.execute("SELECT id, account FROM account ORDER BY id").fetchall():
            numbers[number] = memory.accounts[account] = AccountNames(number, keyed_hash(secret, account))
        named: dict[int, str] = {}
        for number, account, device in connection.execute("SELECT id, account, device FROM device").fetchall():
            memory.devices[device] = KnownDevice(number, account)
            named[number] = device
        heads = "SELECT device, max(seq), arg_max(sha256, seq) FROM batch GROUP BY device"
        for number, seq, sha256 in connection.execute(heads).fetchall():
            memory.heads[named[number]] = Head(seq, b64encode(sha256))
        rows = connection.execute("SELECT account, id, token_id, text FROM dictionary ORDER BY account, id")
        while chunk := rows.fetchmany(100_000):
            for account, number, token_id, text in chunk:
                numbers[account].load(number, token_id, text)
        for account, one, other in connection.execute("SELECT account, id, other FROM link").fetchall():
            numbers[account].join(one, other)
        return memory

    def new_names(self, account: str) -> AccountNames:
        """Return the empty names of an account that is stored for the first time."""
        return AccountNames(len(self.accounts) + 1, keyed_hash(self._secret, account))

    def change(self) -> Change:
        """Begin a change; it is in memory at once, and is undone when its commit fails."""
        return Change(self)

    def advance(self, batch: Stored, device: int, account: int) -> None:
        """Move a head: the batch is on disk."""
        self.heads[batch.device] = Head(batch.seq, b64encode(batch.sha256))


class Change:
    """What one commit adds, so that its rows can be written and, if they cannot, forgotten."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.new_accounts: list[tuple[int, str]] = []
        self.new_devices: list[tuple[int, int, str]] = []
        self.new_names: list[tuple[AccountNames, Field, NewName]] = []
        self.joined: list[tuple[AccountNames, int, int]] = []
        """Names that were two: the id that stays and the one that goes."""
        self._before: dict[str, tuple[AccountNames, dict[int, int], dict[int, int]]] = {}

    def account(self, account: str) -> AccountNames:
        """Return the names of an account, which becomes known by this."""
        names = self._memory.accounts.get(account)
        if names is None:
            names = self._memory.new_names(account)
            self._memory.accounts[account] = names
            self.new_accounts.append((names.number, account))
        return names

    def device(self, device: str, account: int) -> int:
        """Return the dense id of a device, which becomes known by this."""
        known = self._memory.devices.get(device)
        if known is None:
            known = KnownDevice(len(self._memory.devices) + 1, account)
            self._memory.devices[device] = known
            self.new_devices.append((known.number, account, device))
        return known.number

    def names(self, names: AccountNames, texts: Sequence[str], fields: Sequence[Field]) -> list[int]:
        """Return the dictionary ids of a batch's entries, in their order; unknown ones get new ids."""
        find = names.ids.get
        ids = [find(text, 0) for text in texts]
        if 0 in ids:
            for place, known in enumerate(ids):
                if not known:
                    name = names.add(texts[place])
                    self.new_names.append((names, fields[place], name))
                    ids[place] = name.id
        return ids

    def join(self, account: str, one: int, other: int) -> None:
        """Let two entries mean one name."""
        names = self._memory.accounts[account]
        self._before.setdefault(account, (names, names.same.copy(), names.shown.copy()))
        moved = names.join(one, other)
        if moved is not None:
            self.joined.append((names, *moved))

    def undo(self) -> None:
        """Forget everything that this change added, newest first."""
        for names, same, shown in self._before.values():
            names.same, names.shown = same, shown
        for names, _, name in reversed(self.new_names):
            names.forget(name)
        for _, _, device in self.new_devices:
            del self._memory.devices[device]
        for _, account in self.new_accounts:
            del self._memory.accounts[account]
