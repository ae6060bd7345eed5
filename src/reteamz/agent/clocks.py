"""Whether the wall clock was set, told apart from time that simply passed, asleep or awake."""

from __future__ import annotations

import sys
import time
from typing import Final

from reteamz.agent.samples import Clock

JUMP_MS: Final = 5_000
"""From here on a difference is a jump; less is how clocks are kept right."""


_SLEEPLESS: Final[int | None] = getattr(time, "CLOCK_MONOTONIC" if sys.platform == "darwin" else "CLOCK_BOOTTIME", None)
"""The clock that goes on while the computer sleeps (clock_gettime(2), on macOS clock_gettime(3)); on Windows the usual one does."""


def steady() -> int:
    """Return milliseconds that nobody can set and that go on while the computer sleeps."""
    if sys.platform != "win32" and _SLEEPLESS is not None:
        return time.clock_gettime_ns(_SLEEPLESS) // 1_000_000
    return time.monotonic_ns() // 1_000_000


class ClockWatch:
    """Compares the wall clock with a steady one. Used by one thread."""

    def __init__(self, now: Clock, steady: Clock = steady) -> None:
        self._now = now
        self._steady = steady
        self._last = (now(), steady())

    def jumped(self) -> int:
        """Return by how much (ms, forward or back) the clock was set since the last time, 0 when it was not."""
        now, steady = self._now(), self._steady()
        by = (now - self._last[0]) - (steady - self._last[1])
        self._last = (now, steady)
        return by if abs(by) >= JUMP_MS else 0
