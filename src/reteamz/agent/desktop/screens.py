"""Pictures of the monitors by mss, on every platform; which windows may be seen on them is the platform's to tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import mss
from mss.exception import ScreenShotError

from reteamz.agent.desktop.base import Shot, Window
from reteamz.wire.errors import ReteamzError


class ShownWindows(Protocol):
    """What a platform tells of the windows on its screen. Its methods raise ``display_missing`` when the screen is gone."""

    def centre(self) -> tuple[int, int] | None:
        """Return the middle of the focused window on the screen, in pixels; None when there is none."""
        ...

    def visible(self) -> list[Window]:
        """Return the windows of which parts may be seen."""
        ...

    def close(self) -> None:
        """Ask no more."""
        ...


class MssScreens:
    """Every monitor of one desktop. What reads pixels lives as long as one picture takes: monitors come and go.

    Args:
        windows: tells of the windows; closed with this.
        reader: opens what reads pixels.
    """

    def __init__(self, windows: ShownWindows, reader: Callable[[], Any] = mss.MSS) -> None:
        """Raises ``unsupported`` where pixels cannot be read."""
        self._windows = windows
        self._reader = reader
        try:
            reader().close()
        except (ScreenShotError, OSError) as reason:
            windows.close()
            raise ReteamzError("unsupported", f"the screen cannot be read ({reason})") from None

    def shots(self, active_only: bool) -> list[Shot]:
        """Take a picture of every monitor, or of the one in which the middle of the focused window lies.

        Raises:
            ReteamzError: ``display_missing``, ``internal`` when the screen could not be read this time.
        """
        centre = self._windows.centre() if active_only else None
        try:
            with self._reader() as screen:
                # The first stands for all of them together, and alone where the platform does not tell them apart.
                monitors = list(enumerate(screen.monitors[1:] or screen.monitors))
                if active_only:
                    monitors = ([each for each in monitors if _holds(each[1], centre)] or monitors)[:1]
                taken = [(number, screen.grab(place)) for number, place in monitors]
            return [Shot(number, picture.width, picture.height, picture.rgb) for number, picture in taken]
        except ScreenShotError:
            raise ReteamzError("internal", "the screen could not be read") from None

    def visible(self) -> list[Window]:
        """Return the windows of which parts may be seen. Raises ``display_missing``."""
        return self._windows.visible()

    def close(self) -> None:
        """Let the screen go."""
        self._windows.close()


def _holds(monitor: dict[str, Any], place: tuple[int, int] | None) -> bool:
    if place is None:
        return False
    x, y = place[0] - monitor["left"], place[1] - monitor["top"]
    return bool(0 <= x < monitor["width"] and 0 <= y < monitor["height"])
