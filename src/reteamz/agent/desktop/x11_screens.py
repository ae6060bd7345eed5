"""Pictures of an X display's monitors, by mss."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

import mss
from mss.exception import ScreenShotError
from Xlib import error

from reteamz.agent.desktop.base import Shot, Window
from reteamz.agent.desktop.x11_windows import X11Windows, display_gone, open_display
from reteamz.wire.errors import ReteamzError


class X11Screens:
    """Every monitor of one display. The connection that reads pixels lives as long as one picture takes: monitors come and go."""

    def __init__(self, address: str | None = None) -> None:
        """``address`` as in DISPLAY. Raises ``display_missing``, ``unsupported``."""
        self._address = address
        self._display: Final = open_display(address)
        self._windows = X11Windows(self._display)
        try:
            mss.MSS(display=address).close()
        except (ScreenShotError, OSError) as reason:
            self._display.close()
            raise ReteamzError("unsupported", f"the screen cannot be read ({reason})") from None

    def shots(self, active_only: bool) -> list[Shot]:
        """Take a picture of every monitor, or of the one in which the middle of the focused window lies.

        Raises:
            ReteamzError: ``display_missing``, ``internal`` when the screen could not be read this time.
        """
        try:
            centre = self._windows.centre() if active_only else None
            with mss.MSS(display=self._address) as screen:
                # The first stands for all of them together, and alone where the X server does not tell them apart.
                monitors = list(enumerate(screen.monitors[1:] or screen.monitors))
                if active_only:
                    monitors = ([each for each in monitors if _holds(each[1], centre)] or monitors)[:1]
                taken = [(number, screen.grab(place)) for number, place in monitors]
            return [Shot(number, picture.width, picture.height, picture.rgb) for number, picture in taken]
        except ScreenShotError:
            raise ReteamzError("internal", "the screen could not be read") from None
        except (error.ConnectionClosedError, OSError):
            raise display_gone() from None

    def visible(self) -> list[Window]:
        """Return the windows that are mapped. Raises ``display_missing``."""
        try:
            return self._windows.visible()
        except (error.ConnectionClosedError, OSError):
            raise display_gone() from None

    def close(self) -> None:
        """Close the connection."""
        with suppress(error.ConnectionClosedError, OSError):
            self._display.close()


def _holds(monitor: dict[str, Any], place: tuple[int, int] | None) -> bool:
    if place is None:
        return False
    x, y = place[0] - monitor["left"], place[1] - monitor["top"]
    return bool(0 <= x < monitor["width"] and 0 <= y < monitor["height"])
