"""The agent of a computer that several people use: one service, a helper in each desktop session."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import msgspec

from reteamz.agent.samples import Clock
from reteamz.agent.sessions.hub import Hub
from reteamz.agent.work import Settings, at_work

DESCRIPTORS: Final = 8_192
"""Most open connections and files: hundreds of people with their helpers, questions and browsers."""


class Service:
    """An agent at work for everybody, until :meth:`end`."""

    def __init__(self, folder: Path, path: Path, now: Clock, settings: Settings) -> None:
        """``path`` is the socket's."""
        self._folder = folder
        self._path = path
        self._now = now
        self._settings = msgspec.structs.replace(settings, shared=True)
        self._ended = threading.Event()

    def end(self) -> None:
        """End ``run`` soon; may be called by a signal handler."""
        self._ended.set()

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until the end; ``ready`` is told once everything runs.

        Raises:
            ReteamzError: those of :func:`at_work` and of :class:`Hub`.
        """
        _allow_many_connections()
        with ExitStack() as stack:
            work = stack.enter_context(at_work(self._folder, self._now, self._settings))
            hub = Hub(self._path, work, self._now, time.monotonic)
            stack.callback(hub.close)
            work.seat = hub.seat
            ready()
            while not self._ended.wait(self._settings.sample_every) and work.uploader.stopped is None:
                work.tick()
                hub.tell()


def _allow_many_connections() -> None:
    # Windows knows no such limit.
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
