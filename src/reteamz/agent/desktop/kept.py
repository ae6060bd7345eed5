"""Answers that are asked for again after some seconds only."""

from __future__ import annotations

from collections.abc import Callable


class Kept:
    """An answer that counts for some seconds.

    Args:
        seconds: how long it counts.
        ask: asks.
    """

    def __init__(self, seconds: float, ask: Callable[[], bool]) -> None:
        self._seconds = seconds
        self._ask = ask
        self._asked: float | None = None
        self._answer = False

    def at(self, now: float) -> bool:
        """Return the answer; ``now`` in seconds never goes back."""
        if self._asked is None or now - self._asked >= self._seconds:
            self._asked, self._answer = now, self._ask()
        return self._answer
