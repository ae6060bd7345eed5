"""Typed text, window by window: put together as it stands in the end, handed on at a change of window, every few seconds, or when it is long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import msgspec

from reteamz.agent.desktop.base import BACKSPACE, MOVED, Keys, Typed, Window
from reteamz.agent.records.wanted import Sink, Wanted
from reteamz.agent.samples import Clock

EVERY_MS: Final = 20_000
"""How long text of one window is put together at most."""
LENGTH: Final = 2_000
"""How many characters are put together at most."""


class Piece(msgspec.Struct):
    """Text of one window while it grows; what lies before ``fixed`` is not taken back."""

    at: int
    window: Window
    text: str = ""
    fixed: int = 0

    def add(self, told: str) -> None:
        if told == MOVED:
            self.fixed = len(self.text)
        elif told == BACKSPACE:
            self.text = self.text[: max(self.fixed, len(self.text) - 1)]
        else:
            self.text += told


class Typing:
    """Puts typed text together; ``open_keys`` begins to listen.

    What was typed since the last look goes for nothing when that look finds that nothing may be recorded: the screen is locked, the
    person is away, the window is excluded.
    """

    def __init__(self, open_keys: Callable[[Typed], Keys], sink: Sink, now: Clock) -> None:
        self._sink = sink
        self._now = now
        self._lock = threading.Lock()
        self._deaf = True
        self._growing: Piece | None = None
        self._done: list[Piece] = []
        self._keys = open_keys(self._typed)

    def _typed(self, window: Window, told: str) -> None:
        with self._lock:
            if self._deaf:
                return
            growing = self._growing
            if growing is None or growing.window != window or len(growing.text) >= LENGTH:
                self._finish()
                growing = self._growing = Piece(self._now(), window)
            growing.add(told)

    def _finish(self) -> None:
        if self._growing is not None and self._growing.text.strip():
            self._done.append(self._growing)
        self._growing = None

    def tick(self, now: int, wanted: Wanted) -> None:
        """Hand on what is ready (ms). Raises those of the sink."""
        with self._lock:
            self._deaf = not wanted.has("text")
            growing = self._growing
            if self._deaf:
                self._growing = None
            elif growing is not None and not 0 <= now - growing.at < EVERY_MS:
                self._finish()
        self._hand_on()

    def _hand_on(self) -> None:
        with self._lock:
            done, self._done = self._done, []
        for piece in done:
            self._sink.written("text", piece.at, piece.window, piece.text)

    def close(self) -> None:
        """Stop listening, and hand on what there is."""
        self._keys.close()
        with self._lock:
            self._finish()
        self._hand_on()
