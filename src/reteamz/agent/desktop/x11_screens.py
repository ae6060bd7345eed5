"""Pictures of an X display's monitors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

import mss
from Xlib import error

from reteamz.agent.desktop.base import Shot, Window
from reteamz.agent.desktop.screens import MssScreens
from reteamz.agent.desktop.x11_windows import X11Windows, display_gone, open_display

T = TypeVar("T")


class _Shown:
    """The windows of one display, on a connection of their own."""

    def __init__(self, address: str | None) -> None:
        self._display: Final = open_display(address)
        self._windows: Final = X11Windows(self._display)

    def centre(self) -> tuple[int, int] | None:
        """Return the middle of the focused window. Raises ``display_missing``."""
        return _there(self._windows.centre)

    def visible(self) -> list[Window]:
        """Return the windows that are mapped. Raises ``display_missing``."""
        return _there(self._windows.visible)

    def close(self) -> None:
        """Close the connection."""
        with suppress(error.ConnectionClosedError, OSError):
            self._display.close()


class X11Screens(MssScreens):
    """Every monitor of one display."""

    def __init__(self, address: str | None = None) -> None:
        """``address`` as in DISPLAY. Raises ``display_missing``, ``unsupported``."""
        super().__init__(_Shown(address), partial(mss.MSS, display=address))

    def shots(self, active_only: bool) -> list[Shot]:
        """Take a picture of every monitor, or of the active one. Raises ``display_missing``, ``internal``."""
        return _there(lambda: super(X11Screens, self).shots(active_only))


def _there(ask: Callable[[], T]) -> T:
    """Ask an X server. Raises ``display_missing`` when it went away."""
    try:
        return ask()
    except (error.ConnectionClosedError, OSError):
        raise display_gone() from None
