"""Chooses the adapter of this platform."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from reteamz.agent.desktop.base import Desktop
from reteamz.wire.errors import ReteamzError

WAYLAND = (
    "Wayland does not tell programs which window is active; let awatcher report to the agent's local port, "
    "which `reteamz agent status` names."
)


def open_desktop(environment: Mapping[str, str] = os.environ) -> Desktop | None:
    """Return the desktop of this session; None under Wayland, where a watcher feeds the local API instead.

    Raises:
        ReteamzError: ``display_missing``, ``unsupported`` on a platform that nobody wrote an adapter for.
    """
    # Asked of a variable: type checkers would leave out the platforms that they do not run on.
    platform = str(sys.platform)
    if platform == "win32":
        from reteamz.agent.desktop import windows_open

        return windows_open.desktop()
    if platform == "darwin":
        from reteamz.agent.desktop import macos_open

        return macos_open.desktop()
    if platform != "linux":
        raise ReteamzError("unsupported", f"The agent records on Linux, Windows and macOS, not on {platform}.")
    if environment.get("WAYLAND_DISPLAY") and environment.get("XDG_SESSION_TYPE") == "wayland":
        return None
    if not environment.get("DISPLAY"):
        raise ReteamzError(
            "display_missing", "There is no display: DISPLAY is not set. Start the agent inside a desktop session."
        )
    from reteamz.agent.desktop.x11 import X11Desktop

    return X11Desktop(environment["DISPLAY"])
