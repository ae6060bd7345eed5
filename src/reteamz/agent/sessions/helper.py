"""The helper inside a desktop session: looks, tells the service, shows the person what it says. It holds no key and writes nothing to disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol

from reteamz.agent.desktop.base import Desktop, Look
from reteamz.agent.desktop.choose import WAYLAND
from reteamz.agent.records.capture import Open
from reteamz.agent.samples import Clock
from reteamz.agent.sessions.link import Closed, connect
from reteamz.agent.sessions.messages import Hello, Seen, Tell
from reteamz.agent.sessions.talk import Talk
from reteamz.wire.batch import SealedKind
from reteamz.wire.errors import ReteamzError

BACK_OFF_MOST_S: Final = 30.0
"""Longest wait for a service that is away."""
DISPLAY_S: Final = 60.0
"""How long a display that went away is waited for: a session that ended does not come back."""


class Face(Protocol):
    """Shows the person what the service says; called by one thread."""

    def show(self, tell: Tell | None) -> None:
        """Show it; None stands for a service that is away: nothing is recorded."""
        ...

    def unsupported(self) -> dict[str, str]:
        """Return what cannot be shown here, and why."""
        ...

    def close(self) -> None:
        """Show nothing any more."""
        ...


class Helper:
    """A helper at work, until :meth:`end`.

    Args:
        path: the service's socket.
        open_desktop: opens the desktop of this session.
        sources: opens the kinds of sealed content that this session can give.
        face: what shows the person what is recorded.
        now: the clock.
        sample_every: seconds between two looks.
        display_s: how long a display that went away is waited for.
    """

    def __init__(
        self,
        path: Path,
        open_desktop: Callable[[], Desktop | None],
        sources: Mapping[SealedKind, Open],
        face: Face,
        now: Clock,
        sample_every: float = 1.0,
        display_s: float = DISPLAY_S,
    ) -> None:
        self._path = path
        self._open_desktop = open_desktop
        self._sources = sources
        self._face = face
        self._now = now
        self._every = sample_every
        self._display_s = display_s
        self._ended = threading.Event()

    def end(self) -> None:
        """End ``run`` soon; may be called by a signal handler."""
        self._ended.set()

    def run(self) -> None:
        """Look and tell until the end.

        Raises:
            ReteamzError: ``display_missing`` when there is no display, or it went away and did not come back; ``forbidden`` when what listens
                is not this computer's service.
        """
        lost_at: float | None = None
        try:
            while not self._ended.is_set():
                try:
                    desktop = self._open_desktop()
                except ReteamzError:
                    if lost_at is None or time.monotonic() - lost_at > self._display_s:
                        raise
                    self._ended.wait(self._every)
                    continue
                try:
                    self._with(desktop)
                except ReteamzError as error:
                    if error.code != "display_missing":
                        raise
                    lost_at = time.monotonic()
                    self._ended.wait(self._every)
                finally:
                    if desktop is not None:
                        desktop.close()
        finally:
            self._face.close()

    def _with(self, desktop: Desktop | None) -> None:
        """Look at one desktop, through as many connections as it takes. Raises ``display_missing``, ``forbidden``."""
        wait = self._every
        while not self._ended.is_set():
            link = connect(self._path, None)
            if link is None:
                self._face.show(None)
                # The display is looked at all the same: a helper must not outlive its session.
                _look(desktop)
                self._ended.wait(wait)
                wait = min(2 * wait, BACK_OFF_MOST_S)
                continue
            wait = self._every
            talk = Talk(link, self._sources, self._now)
            try:
                self._talk(talk, desktop)
            except Closed:
                # Refused for too much, or restarted: not at once again.
                self._ended.wait(self._every)
            finally:
                talk.close()

    def _talk(self, talk: Talk, desktop: Desktop | None) -> None:
        unsupported = dict(desktop.unsupported()) if desktop is not None else {"window": WAYLAND}
        told = {str(what): why for what, why in unsupported.items()} | self._face.unsupported()
        talk.link.send(Hello(1, desktop.name if desktop is not None else "Wayland", told))
        while not self._ended.is_set():
            talk.link.send(Seen(_look(desktop), _offset()))
            self._face.show(talk.told)
            self._ended.wait(self._every)
            if talk.ended:
                raise Closed


def _look(desktop: Desktop | None) -> Look:
    # Under Wayland a watcher tells the local port who is there; the helper stands for the session alone.
    return desktop.look() if desktop is not None else Look()


def _offset() -> int:
    return time.localtime().tm_gmtoff // 60
