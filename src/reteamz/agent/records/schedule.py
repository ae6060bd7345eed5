"""When something is taken that is taken every so often: once in each interval, at a moment that nobody can guess."""

from __future__ import annotations

from collections.abc import Callable
from random import SystemRandom
from typing import Final

CHANCE: Final = SystemRandom().random


class Schedule:
    """Chooses a random moment in every interval; ``chance`` returns numbers of [0, 1)."""

    def __init__(self, chance: Callable[[], float] = CHANCE) -> None:
        self._chance = chance
        self._slot: tuple[int, int] | None = None
        self._moment: float | None = None

    def due(self, now: int, every: int) -> bool:
        """Tell, once in every interval of ``every`` ms, that its moment has come; asked about once a second."""
        slot = (every, now // every)
        if slot != self._slot:
            end = (slot[1] + 1) * every
            # In the middle of an interval when the agent starts: the rest of it counts.
            begin = now if self._slot is None or self._slot[0] != every else slot[1] * every
            self._slot, self._moment = slot, begin + self._chance() * (end - begin)
        if self._moment is None or now < self._moment:
            return False
        self._moment = None
        return True
