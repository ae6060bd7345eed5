"""X11: the focused window by EWMH, idle time by the XScreenSaver extension."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress

from Xlib import error
from Xlib.ext import screensaver

from reteamz.agent.desktop.base import Ability, Look
from reteamz.agent.desktop.linux_use import OtherUse
from reteamz.agent.desktop.logind import LockState
from reteamz.agent.desktop.passwords import why_untold
from reteamz.agent.desktop.x11_input import X11Input
from reteamz.agent.desktop.x11_windows import X11Windows, display_gone, open_display
from reteamz.wire.errors import ReteamzError


class X11Desktop:
    """One display. Without a window manager the window with the input focus counts."""

    name = "X11"

    def __init__(self, address: str | None = None) -> None:
        """``address`` as in DISPLAY. Raises ``display_missing``."""
        self._display = open_display(address)
        self._root = self._display.screen().root
        self._windows = X11Windows(self._display)
        self._input: X11Input | None = None
        self._lock = LockState()
        self._use = OtherUse(time.monotonic)
        self._unsupported: dict[Ability, str] = {}
        if not self._display.has_extension(screensaver.extname):
            self._unsupported["idle"] = "this X server has no XScreenSaver extension"
        try:
            self._input = X11Input(address)
        except ReteamzError as reason:
            self._unsupported["input"] = reason.message
        if untold := why_untold():
            self._unsupported["passwords"] = untold
        if self._lock.reason:
            self._unsupported["locked"] = self._lock.reason

    def unsupported(self) -> Mapping[Ability, str]:
        """Return what this display cannot tell, and why."""
        return self._unsupported

    def look(self) -> Look:
        """Look once. Raises ``display_missing`` when the X server is gone."""
        try:
            counted = self._input.counted() if self._input is not None else 0
            return Look(self._windows.focused(), self._idle(), self._lock.locked(), counted, self._use.used())
        except (error.ConnectionClosedError, OSError):
            raise display_gone() from None

    def close(self) -> None:
        """Close the connection."""
        if self._input is not None:
            self._input.close()
        with suppress(error.ConnectionClosedError, OSError):
            self._display.close()
        self._lock.close()

    def _idle(self) -> int | None:
        if "idle" in self._unsupported:
            return None
        return int(screensaver.query_info(self._root).idle)
