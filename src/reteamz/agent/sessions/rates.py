"""How much one user may say."""

from __future__ import annotations

from collections.abc import Callable


class Bucket:
    """Fills steadily and holds some seconds' worth.

    Args:
        per_s: what comes back in a second.
        burst_s: how many seconds' worth it holds.
        steady: seconds that never go back.
    """

    def __init__(self, per_s: float, burst_s: float, steady: Callable[[], float]) -> None:
        self._per_s = per_s
        self._most = per_s * burst_s
        self._steady = steady
        self._left = self._most
        self._at = steady()

    def take(self, amount: float) -> bool:
        """Take something out; False, and nothing taken, when there is not enough."""
        now = self._steady()
        self._left = min(self._most, self._left + (now - self._at) * self._per_s)
        self._at = now
        if amount > self._left:
            return False
        self._left -= amount
        return True
