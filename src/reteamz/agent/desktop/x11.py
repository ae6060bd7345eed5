"""X11: the focused window by EWMH, idle time by the XScreenSaver extension."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from Xlib import X, display, error
from Xlib.ext import screensaver
from Xlib.xobject.drawable import Window as XWindow

from reteamz.agent.desktop.base import Ability, Look, Window
from reteamz.agent.desktop.logind import LockState
from reteamz.wire.errors import ReteamzError

_CLIMB: Final = 12
"""How far a focused part may lie below its top-level window."""
_TITLE_LONGS: Final = 4_096
"""Most of a title that is asked for, in 4-byte units."""


class X11Desktop:
    """One display. Without a window manager the window with the input focus counts."""

    name = "X11"

    def __init__(self, address: str | None = None) -> None:
        """``address`` as in DISPLAY. Raises ``display_missing``."""
        try:
            self._display = display.Display(address)
        except (error.DisplayError, OSError):
            shown = address or os.environ.get("DISPLAY", "")
            raise ReteamzError(
                "display_missing",
                f"The X display {shown or '(DISPLAY is not set)'} cannot be opened; start the agent inside the session.",
            ) from None
        self._root = self._display.screen().root
        self._lock = LockState()
        self._unsupported: dict[Ability, str] = {
            "input": "keys and clicks are not counted on X11 yet",
            "meeting": "use of microphone and camera is not looked at yet",
        }
        if not self._display.has_extension(screensaver.extname):
            self._unsupported["idle"] = "this X server has no XScreenSaver extension"
        if self._lock.reason:
            self._unsupported["locked"] = self._lock.reason

    def unsupported(self) -> Mapping[Ability, str]:
        """Return what this display cannot tell, and why."""
        return self._unsupported

    def look(self) -> Look:
        """Look once. Raises ``display_missing`` when the X server is gone."""
        try:
            return Look(self._window(), self._idle(), self._lock.locked())
        except (error.ConnectionClosedError, OSError):
            raise ReteamzError(
                "display_missing", "The X display went away; the agent ends, and starts again with the next session."
            ) from None

    def close(self) -> None:
        """Close the connection."""
        with suppress(error.ConnectionClosedError, OSError):
            self._display.close()
        self._lock.close()

    def _idle(self) -> int | None:
        if "idle" in self._unsupported:
            return None
        return int(screensaver.query_info(self._root).idle)

    def _window(self) -> Window | None:
        # A window may close between two questions; then there is none until the next look.
        try:
            found = self._active() or self._focused()
            return None if found is None else self._described(found)
        except error.XError:
            return None

    def _active(self) -> XWindow | None:
        value = self._property(self._root, "_NET_ACTIVE_WINDOW", X.AnyPropertyType)
        if value is None or not len(value) or not value[0]:
            return None
        return self._display.create_resource_object("window", int(value[0]))

    def _focused(self) -> XWindow | None:
        found: Any = self._display.get_input_focus().focus
        for _ in range(_CLIMB):
            if isinstance(found, int) or found == self._root:
                return None
            if found.get_wm_class():
                return found  # type: ignore[no-any-return]  # python-xlib tells no type
            found = found.query_tree().parent
        return None

    def _described(self, window: XWindow) -> Window | None:
        names = window.get_wm_class()
        app = (names[1] or names[0]) if names else ""
        title = self._text(window, "_NET_WM_NAME") or self._text(window, "WM_NAME")
        return Window(app, title) if app or title else None

    def _text(self, window: XWindow, name: str) -> str:
        # Programs set either in UTF-8 and in Latin-1, whatever type they declare.
        raw = self._property(window, name, X.AnyPropertyType)
        if not isinstance(raw, bytes):
            return ""
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode("latin-1")

    def _property(self, window: XWindow, name: str, kind: int) -> Any:
        found = window.get_full_property(self._display.intern_atom(name), kind, sizehint=_TITLE_LONGS)
        return None if found is None else found.value
