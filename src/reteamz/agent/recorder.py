"""From looks at the desktop to samples: who was there, and what had the focus."""

from __future__ import annotations

import threading
import time
from typing import Final

import msgspec

from reteamz.agent.desktop.base import Desktop, Look
from reteamz.agent.device import PULSE_MS, Device
from reteamz.agent.feeds import Feeds
from reteamz.agent.samples import Clock, Sample
from reteamz.wire.batch import ACTIVE, IDLE, LOCKED, PRIVATE
from reteamz.wire.errors import ReteamzError

KEEP_MS: Final = PULSE_MS
"""How often what grows is put on disk; every change of window is at once."""


class Recorder:
    """Looks, decides and feeds one device. ``look`` is called by one thread, everything else by any."""

    def __init__(
        self, device: Device, desktop: Desktop | None, feeds: Feeds, person: str, now: Clock, idle_limit: int
    ) -> None:
        self._device = device
        self._desktop = desktop
        self._feeds = feeds
        self._person = person
        self._now = now
        self._idle_limit = idle_limit
        self._lock = threading.Lock()
        self._idle = False
        self._final = 0
        self._kept_at = 0
        self._kept: tuple[object, ...] = ()
        self.problem: ReteamzError | None = None
        """Why nothing can be kept just now; recording goes on in memory."""

    @property
    def private_until(self) -> int:
        """End of the private time, in milliseconds; 0 for none."""
        until = self._device.trust.state.private_until
        return until if until > self._now() else 0

    def take_private(self, until: int) -> None:
        """Record nothing but "private" until then (ms); 0 ends it. Raises ``disk_full``, ``folder_unusable``."""
        self._device.change_state(lambda state: msgspec.structs.replace(state, private_until=until))

    def look(self) -> None:
        """Look once and feed what was seen. Raises ``display_missing``."""
        now = self._now()
        seen = self._desktop.look() if self._desktop is not None else self._feeds.look(now)
        try:
            self._device.feed(self._sample(now, seen))
            self._keep(now)
            self.problem = None
        except ReteamzError as error:
            self.problem = error

    def final(self) -> int:
        """Return up to when (ms) nothing will change any more: later time may still turn out to be idle."""
        with self._lock:
            return self._final

    def _sample(self, now: int, seen: Look) -> Sample:
        offset = time.localtime(now / 1000).tm_gmtoff // 60
        idle = seen.idle or 0
        was_idle, self._idle = self._idle, idle >= self._idle_limit
        with self._lock:
            self._final = now if self._idle or seen.locked else now - idle
        if self.private_until:
            return Sample(now, PRIVATE, offset=offset, person=self._person)
        if seen.locked:
            return Sample(now, LOCKED, offset=offset, person=self._person)
        if self._idle:
            if not was_idle:
                self._device.idle_since(now - idle)
            return Sample(now, IDLE, offset=offset, idle=idle, person=self._person)
        window = seen.window
        url = self._feeds.url(now, window)
        return Sample(
            now,
            ACTIVE,
            offset=offset,
            idle=idle,
            person=self._person,
            app=window.app if window else "",
            title=window.title if window else "",
            url=url,
        )

    def _keep(self, now: int) -> None:
        last = self._device.last
        what = (last.kind, last.app, last.title, last.url) if last else ()
        if what != self._kept or now - self._kept_at >= KEEP_MS or now < self._kept_at:
            self._device.keep()
            self._kept, self._kept_at = what, now
