"""From looks at a desktop to samples of its session: who was there, and what had the focus."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from reteamz.agent.desktop.base import Look
from reteamz.agent.device import PULSE_MS, Device
from reteamz.agent.records.gate import Gate
from reteamz.agent.samples import Clock, Sample
from reteamz.agent.sessions.session import Session
from reteamz.wire.batch import ACTIVE, IDLE, LOCKED, MEETING, PRIVATE

KEEP_MS: Final = PULSE_MS
"""How often what grows is put on disk; every change of window is at once."""


class Recorder:
    """Turns what is seen of one session into samples, and feeds the device. Used by one thread at a time.

    Args:
        device, session: what is fed.
        now: the clock.
        private_until: tells the end of the person's private time (ms), 0 for none.
        settle: puts into the session what its person decided; called before every look.
    """

    def __init__(
        self,
        device: Device,
        session: Session,
        now: Clock,
        private_until: Callable[[], int] = lambda: 0,
        settle: Callable[[Session], None] = lambda _: None,
    ) -> None:
        self.session: Final = session
        self._device = device
        self._now = now
        self._private_until = private_until
        self._settle = settle
        self._idle = False
        self._met_at = 0
        self._kept_at = 0
        self._kept: Sample | None = None
        self.gate: Final = Gate(device, session, now, lambda: bool(private_until()))
        """Where the session's sealed content goes."""
        self.unkept = False
        """Whether something was fed that should be put on disk now."""

    def take(self, seen: Look, offset: int | None = None) -> None:
        """Feed what was just seen; ``offset`` is the local time's distance from UTC in minutes, this computer's when None.

        Raises those of the spool; what was fed stays in memory then.
        """
        now = self._now()
        if offset is None:
            offset = time.localtime(now / 1000).tm_gmtoff // 60
        self._settle(self.session)
        sample = self._sample(now, seen, offset)
        self._device.feed(sample, self.session)
        self.gate.saw(sample)
        last = self.session.recent[-1] if self.session.recent else None
        if last is not self._kept or not 0 <= now - self._kept_at < KEEP_MS:
            self.unkept = True
            self._kept, self._kept_at = last, now

    def _sample(self, now: int, seen: Look, offset: int) -> Sample:
        person, feeds = self.session.person, self.session.feeds
        idle = seen.idle or 0
        policy = self._device.policy_for(person)
        # Whoever listens does not type.
        meeting = seen.meeting and policy.meetings
        was_idle, self._idle = self._idle, idle >= policy.idle_limit and not meeting
        self.session.saw(now, now if self._idle or seen.locked or meeting else now - idle)
        if self._private_until():
            return Sample(now, PRIVATE, offset=offset, person=person)
        if seen.locked:
            return Sample(now, LOCKED, offset=offset, person=person)
        if self._idle:
            if not was_idle:
                self._device.idle_since(max(now - idle, self._met_at), self.session)
            return Sample(now, IDLE, offset=offset, idle=idle, person=person)
        if meeting:
            self._met_at = now
        window = seen.window
        return Sample(
            now,
            MEETING if meeting else ACTIVE,
            offset=offset,
            idle=idle,
            person=person,
            app=window.app if window else "",
            title=window.title if window else "",
            url=feeds.url(now, window),
            input=seen.input,
        )
