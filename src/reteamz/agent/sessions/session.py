"""One person at one computer: what was seen of them, in memory only."""

from __future__ import annotations

from collections import deque
from typing import Final

from reteamz.agent.feeds import Feeds
from reteamz.agent.merge import Merger
from reteamz.agent.samples import Sample

NOBODY: Final = -1
"""Stands for the user of samples that come from no session."""
SHOWN: Final = 20
"""How many of the last things recorded are remembered for the person."""
FRESH_MS: Final = 60_000
"""How long after the last look later time may still turn out to be idle."""


class Session:
    """What one device holds of one user. Changed under the device's lock, but for ``feeds``, which has its own.

    Args:
        uid: the user, as the kernel names them.
        person: the name under which the owner sees them.
        pulse_ms: how long a look counts for at most.
    """

    def __init__(self, uid: int, person: str, pulse_ms: int) -> None:
        self.uid: Final = uid
        self.person: Final = person
        self.merger: Final = Merger(pulse_ms)
        self.feeds: Final = Feeds()
        """What the watchers of this user tell through the local API."""
        self.recent: Final[deque[Sample]] = deque(maxlen=SHOWN)
        """The last things recorded, oldest first, as the policy left them."""
        self.addresses = uid == NOBODY
        """Whether full addresses of pages may be told, where the policy asks for them: the person accepted that."""
        self.skipped = False
        """Whether the policy left out the last sample altogether."""
        self._seen_at: int | None = None
        self._final = 0

    def saw(self, now: int, final: int) -> None:
        """Remember that a look was taken, and up to when (ms) no later look can change anything."""
        self._seen_at, self._final = now, final

    @property
    def here(self) -> bool:
        """Whether somebody looks."""
        return self._seen_at is not None

    def left(self) -> None:
        """Remember that nobody looks any more."""
        self._seen_at = None
        self.recent.clear()

    def final(self, now: int) -> int:
        """Return up to when (ms) nothing will change any more."""
        if self._seen_at is None or not 0 <= now - self._seen_at <= FRESH_MS:
            return now
        return min(self._final, now)

    def show(self, sample: Sample) -> None:
        """Remember what was recorded, for the person themselves; the same again replaces the time alone."""
        if self.recent and _what(self.recent[-1]) == _what(sample):
            return
        self.recent.append(sample)


def _what(sample: Sample) -> tuple[object, ...]:
    return sample.kind, sample.app, sample.title, sample.site, sample.url, sample.document
