"""What arrived since somebody looked: noted in memory after each commit, for accounts that have rules.

Nothing is lost with it: what arrived in the last two days is looked at again after a start.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from reteamz.server.store.activity import Stored

DAY_MS = 24 * 3_600_000
_EPOCH = date(1970, 1, 1)

Touched = set[tuple[str, date]]
"""Person (entry text, "" for none) and local day."""


class Arrivals:
    """Written by the committer's thread, taken by the watch."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: frozenset[str] = frozenset()
        self._touched: dict[str, Touched] = {}

    def watch(self, accounts: Iterable[str]) -> None:
        """Note what arrives for these accounts from now on, too."""
        self._watched |= frozenset(accounts)

    def note(self, batches: Sequence[Stored]) -> None:
        """Note committed batches. An account without rules costs a look into a set."""
        for batch in batches:
            if batch.account not in self._watched or not batch.events:
                continue
            found = {(event[0], (event[2] + event[4] * 60_000) // DAY_MS) for event in batch.events}
            touched = {
                (batch.tokens[person] if person >= 0 else "", _EPOCH + timedelta(days=day)) for person, day in found
            }
            with self._lock:
                self._touched.setdefault(batch.account, set()).update(touched)

    def take(self) -> dict[str, Touched]:
        """Return what arrived since the last call."""
        with self._lock:
            taken, self._touched = self._touched, {}
        return taken

    def give_back(self, account: str, touched: Touched) -> None:
        """Take back what could not be looked at, for the next time."""
        with self._lock:
            self._touched.setdefault(account, set()).update(touched)
