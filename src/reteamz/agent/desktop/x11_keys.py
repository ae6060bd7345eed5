"""Typed text of an X display: which key wrote what into which window."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import suppress
from typing import Final

from Xlib import X, error

from reteamz.agent.desktop.base import Typed, Window
from reteamz.agent.desktop.keysyms import Keyboard
from reteamz.agent.desktop.passwords import PasswordFields
from reteamz.agent.desktop.x11_input import X11Input
from reteamz.agent.desktop.x11_windows import X11Windows, open_display
from reteamz.wire.errors import ReteamzError

Heard = tuple[float, Window, str]
"""When a key arrived, the window it seemed to go to, and what it wrote."""
_COVERED_S: Final = 0.3
"""How long it counts that nothing covers the screen."""


class X11Keys:
    """Listens until it is closed. Every key is asked for its window at once: a moment later another one may have the focus.

    Whether its field was a password's is asked a little later, on a thread of its own: that is told by another way than keys are.
    """

    def __init__(self, address: str | None, typed: Typed, passwords: PasswordFields) -> None:
        """``address`` as in DISPLAY. Raises ``display_missing``, ``unsupported``."""
        self._typed = typed
        self._passwords = passwords
        self._display = open_display(address)
        self._windows = X11Windows(self._display)
        self._keyboard = Keyboard(self._display)
        self._looked = 0.0
        self._covered = False
        self._heard: queue.SimpleQueue[Heard | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._judge, name="typed-keys", daemon=True)
        try:
            self._input = X11Input(address, self._pressed)
        except BaseException:
            self._display.close()
            raise
        self._thread.start()

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
            if window is not None:
                self._heard.put((time.monotonic(), window, told))

    def _judge(self) -> None:
        while (heard := self._heard.get()) is not None:
            at, window, told = heard
            # Whoever closes waits as well: the last keys are judged like the others.
            time.sleep(max(0.0, at + self._passwords.settles_s - time.monotonic()))
            # One key that cannot be kept does not end the others.
            with suppress(ReteamzError):
                if not self._passwords.hidden(window, at):
                    self._typed(window, told)

    def _is_covered(self) -> bool:
        at = time.monotonic()
        if at - self._looked > _COVERED_S:
            self._covered, self._looked = self._windows.covered(), at
        return self._covered

    def close(self) -> None:
        """Stop listening."""
        self._input.close()
        self._heard.put(None)
        self._thread.join(5)
        self._passwords.close()
        with suppress(error.ConnectionClosedError, OSError):
            self._display.close()
