"""Uploading: once a minute with jitter, later and later while the server does not answer."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Final

from reteamz.agent.device import Device
from reteamz.agent.samples import Clock
from reteamz.agent.sync.client import Refusal
from reteamz.agent.sync.sync import STOPPING
from reteamz.wire.errors import ReteamzError

JITTER: Final = 0.1
BACK_OFF_MOST_S: Final = 15 * 60.0


class Uploader:
    """Flushes, polls and pushes; ``run`` is a thread's whole life."""

    def __init__(
        self,
        device: Device,
        final: Callable[[], int],
        every_s: float,
        now: Clock,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """``final`` tells up to when events may be told (ms)."""
        self._device = device
        self._final = final
        self._every = every_s
        self._now = now
        self._chance = chance
        self._failures = 0
        self._wake = threading.Event()
        self._ended = False
        self.problem: ReteamzError | None = None
        """Why the last try failed, or why new rules are not obeyed; None after a good one."""
        self.done_at = 0
        """When the last good upload ended, in milliseconds; 0 for never."""
        self.stopped: ReteamzError | None = None
        """Why this computer must not report any more."""

    def run(self) -> None:
        """Upload until :meth:`end` or until the server says that this computer must stop."""
        while not self._ended and self.stopped is None:
            wait = self.once()
            self._wake.wait(wait)
            self._wake.clear()

    def once(self) -> float:
        """Upload once; return how long to wait before the next time, in seconds."""
        try:
            self._device.flush(self._final())
            self._device.sync.poll_once()
            self._device.sync.push_all()
        except ReteamzError as error:
            self.problem = error
            if error.code in STOPPING:
                self.stopped = error
            self._failures += 1
            asked = error.retry_after if isinstance(error, Refusal) else 0.0
            return max(asked, self.back_off())
        self.problem = self._device.sync.policy_problem or self._device.sync.rules_problem
        self._failures = 0
        self.done_at = self._now()
        if self._more_records():
            return 0.0
        return self._every * (1 - JITTER + 2 * JITTER * self._chance())

    def _more_records(self) -> bool:
        """Send sealed content; tell whether more may be sent now. What stops it does not slow down events, policies and rules."""
        try:
            return self._device.records.push()
        except ReteamzError as error:
            self.problem = error
            if error.code in STOPPING:
                self.stopped = error
            return False

    def back_off(self) -> float:
        """Return the wait after failures in a row: doubling, with full jitter above half of it."""
        most = min(BACK_OFF_MOST_S, self._every * 2.0 ** min(self._failures - 1, 10))
        return most / 2 + most / 2 * self._chance()

    def now(self) -> None:
        """Upload at once instead of waiting."""
        self._wake.set()

    def end(self) -> None:
        """End ``run`` soon."""
        self._ended = True
        self._wake.set()
