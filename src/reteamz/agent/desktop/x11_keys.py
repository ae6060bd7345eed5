"""Typed text of an X display: which key wrote what into which window."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Final

from Xlib import X, error

from reteamz.agent.desktop.base import Typed
from reteamz.agent.desktop.keysyms import Keyboard
from reteamz.agent.desktop.passwords import PasswordFields
from reteamz.agent.desktop.x11_input import X11Input
from reteamz.agent.desktop.x11_windows import X11Windows, open_display

_COVERED_S: Final = 0.3
"""How long it counts that nothing covers the screen."""


class X11Keys:
    """Listens until it is closed. Every key is asked for its window at once: a moment later another one may have the focus."""

    def __init__(self, address: str | None, typed: Typed, passwords: PasswordFields) -> None:
        """``address`` as in DISPLAY. Raises ``display_missing``, ``unsupported``."""
        self._typed = typed
        self._passwords = passwords
        self._display = open_display(address)
        self._windows = X11Windows(self._display)
        self._keyboard = Keyboard(self._display)
        self._looked = 0.0
        self._covered = False
        try:
            self._input = X11Input(address, self._pressed)
        except BaseException:
            self._display.close()
            raise

    def _pressed(self, code: int, state: int) -> None:
        """A key went down; called by the listening thread."""
        with suppress(error.ConnectionClosedError, error.XError, OSError):
            while self._display.pending_events():
                event = self._display.next_event()
                if event.type == X.MappingNotify:
                    self._keyboard.refresh()
            told = self._keyboard.typed(code, state)
            if not told or self._is_covered():
                return
            window = self._windows.focused()
            if window is not None and not self._passwords.focused(window):
                self._typed(window, told)

    def _is_covered(self) -> bool:
        at = time.monotonic()
        if at - self._looked > _COVERED_S:
            self._covered, self._looked = self._windows.covered(), at
        return self._covered

    def close(self) -> None:
        """Stop listening."""
        self._input.close()
        self._passwords.close()
        with suppress(error.ConnectionClosedError, OSError):
            self._display.close()
