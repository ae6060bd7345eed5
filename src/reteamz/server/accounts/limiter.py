"""Rate limits in memory: how often something may fail before one has to wait."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from reteamz.wire.errors import ReteamzError

KEYS_MOST: Final = 100_000
"""Keys remembered at most; the one unused longest goes first."""


class Limiter:
    """A token bucket for every key.

    Args:
        burst: how many attempts at once.
        per_ms: time after which one more is allowed, in milliseconds.
    """

    def __init__(self, burst: int, per_ms: int) -> None:
        self._burst = burst
        self._per_ms = per_ms
        self._spent: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, key: str, now: int) -> None:
        """Count an attempt; ``now`` in milliseconds. Raises ``rate_limited``."""
        spent, at = self._spent.pop(key, (0.0, now))
        spent = max(0.0, spent - (now - at) / self._per_ms)
        refused = spent + 1 > self._burst
        self._spent[key] = (spent if refused else spent + 1, now)
        if len(self._spent) > KEYS_MOST:
            self._spent.popitem(last=False)
        if refused:
            raise ReteamzError("rate_limited", "Too many attempts; wait a minute, then try again.")

    def give_back(self, key: str) -> None:
        """Do not count the last attempt after all: it succeeded. Failures before it stay counted."""
        spent, at = self._spent.get(key, (0.0, 0))
        if spent >= 1:
            self._spent[key] = (spent - 1, at)
