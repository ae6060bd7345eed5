"""From looks at a desktop to samples of its session: who was there, and what had the focus."""

from __future__ import annotations

import time
from typing import Final

from reteamz.agent.desktop.base import Look
from reteamz.agent.device import PULSE_MS, Device
from reteamz.agent.records.gate import Gate
from reteamz.agent.samples import Clock, Sample
from reteamz.agent.sessions.session import Session
from reteamz.wire.batch import ACTIVE, IDLE, LOCKED, PRIVATE
from reteamz.wire.errors import ReteamzError

KEEP_MS: Final = PULSE_MS
"""How often what grows is put on disk; every change of window is at once."""


class Recorder:
    """Turns what is seen of one session into samples, and feeds the device. Used by one thread at a time."""

    def __init__(self, device: Device, session: Session, now: Clock, idle_limit: int) -> None:
        self.session: Final = session
        self._device = device
        self._now = now
        self._idle_limit = idle_limit
        self._idle = False
        self._kept_at = 0
        self._kept: Sample | None = None
        self.gate: Final = Gate(device, session, now, lambda: bool(self.private_until))
        """Where the session's sealed content goes."""
        self.problem: ReteamzError | None = None
        """Why nothing can be kept just now; recording goes on in memory."""

    @property
    def private_until(self) -> int:
        """End of the private time, in milliseconds; 0 for none."""
        until = self._device.trust.state.private_until
        return until if until > self._now() else 0

    def take(self, seen: Look, offset: int | None = None) -> None:
        """Feed what was just seen; ``offset`` is the local time's distance from UTC in minutes, this computer's when None."""
        now = self._now()
        if offset is None:
            offset = time.localtime(now / 1000).tm_gmtoff // 60
        try:
            sample = self._sample(now, seen, offset)
            self._device.feed(sample, self.session)
            self.gate.saw(sample)
            self._keep(now)
            self.problem = None
        except ReteamzError as error:
            self.problem = error

    def _sample(self, now: int, seen: Look, offset: int) -> Sample:
        person, feeds = self.session.person, self.session.feeds
        idle = seen.idle or 0
        was_idle, self._idle = self._idle, idle >= self._idle_limit
        self.session.saw(now, now if self._idle or seen.locked else now - idle)
        if self.private_until:
            return Sample(now, PRIVATE, offset=offset, person=person)
        if seen.locked:
            return Sample(now, LOCKED, offset=offset, person=person)
        if self._idle:
            if not was_idle:
                self._device.idle_since(now - idle, self.session)
            return Sample(now, IDLE, offset=offset, idle=idle, person=person)
        window = seen.window
        return Sample(
            now,
            ACTIVE,
            offset=offset,
            idle=idle,
            person=person,
            app=window.app if window else "",
            title=window.title if window else "",
            url=feeds.url(now, window),
            input=seen.input,
        )

    def _keep(self, now: int) -> None:
        last = self.session.recent[-1] if self.session.recent else None
        if last is not self._kept or now - self._kept_at >= KEEP_MS or now < self._kept_at:
            self._device.keep()
            self._kept, self._kept_at = last, now
