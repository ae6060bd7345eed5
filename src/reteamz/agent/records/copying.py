"""Copied text, with the window in which it was copied."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from reteamz.agent.desktop.base import Clipboard, Copied, Window
from reteamz.agent.records.record import clipped
from reteamz.agent.records.wanted import Sink, Wanted
from reteamz.agent.samples import Clock

WAITING: Final = 100
"""How many texts wait for the next look at most; older ones are forgotten."""


class Copying:
    """Hands on what was copied; ``open_clipboard`` begins to listen."""

    def __init__(self, open_clipboard: Callable[[Copied], Clipboard], sink: Sink, now: Clock) -> None:
        self._sink = sink
        self._now = now
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, Window, str]] = deque(maxlen=WAITING)
        self._last: tuple[Window, str] | None = None
        self._clipboard = open_clipboard(self._copied)

    def _copied(self, window: Window, text: str) -> None:
        text = clipped(text)
        with self._lock:
            # Programs put the same text there again and again.
            if text.strip() and self._last != (window, text):
                self._last = (window, text)
                self._waiting.append((self._now(), window, text))

    def tick(self, _now: int, wanted: Wanted) -> None:
        """Hand on what was copied since; what was copied while nothing may be recorded is forgotten. Raises those of the sink."""
        with self._lock:
            waiting = list(self._waiting)
            self._waiting.clear()
        for at, window, text in waiting if wanted.has("clipboard") else ():
            self._sink.written("clipboard", at, window, text)

    def close(self) -> None:
        """Stop listening."""
        self._clipboard.close()
