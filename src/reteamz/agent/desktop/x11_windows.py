"""Windows of an X display: which has the focus, which may be seen, and whether something covers them all."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any, Final

from Xlib import X, display, error
from Xlib.xobject.drawable import Window as XWindow

from reteamz.agent.desktop.base import Window
from reteamz.wire.errors import ReteamzError

_CLIMB: Final = 12
"""How far a focused part may lie below its top-level window."""
_TITLE_LONGS: Final = 4_096
"""Most of a title that is asked for, in 4-byte units."""
_TOPMOST: Final = 8
"""How many windows at the top of the stack are looked at for one that covers everything."""


def open_display(address: str | None) -> display.Display:
    """Open a display; ``address`` as in DISPLAY. Raises ``display_missing``."""
    try:
        return display.Display(address)
    except (error.DisplayError, OSError):
        shown = address or os.environ.get("DISPLAY", "")
        raise ReteamzError(
            "display_missing",
            f"The X display {shown or '(DISPLAY is not set)'} cannot be opened; start the agent inside the session.",
        ) from None


def display_gone() -> ReteamzError:
    """Return the error for an X server that went away."""
    return ReteamzError(
        "display_missing", "The X display went away; the agent ends, and starts again with the next session."
    )


class X11Windows:
    """Questions about the windows of one display; used by one thread. Without a window manager the window with the input focus counts."""

    def __init__(self, shown: display.Display) -> None:
        self._display = shown
        self._root = shown.screen().root

    def focused(self) -> Window | None:
        """Return the window that has the focus, None when there is none."""
        # A window may close between two questions; then there is none until the next look.
        try:
            found = self._active() or self._focus()
            return None if found is None else self._described(found)
        except error.XError:
            return None

    def centre(self) -> tuple[int, int] | None:
        """Return the middle of the focused window on the screen, in pixels; None when there is none."""
        try:
            found = self._active() or self._focus()
            if found is None:
                return None
            size, place = found.get_geometry(), found.translate_coords(self._root, 0, 0)
            return -place.x + size.width // 2, -place.y + size.height // 2
        except error.XError:
            return None

    def visible(self) -> list[Window]:
        """Return the windows that are mapped: parts of them may be seen."""
        found: list[Window] = []
        for window in self._clients():
            with suppress(error.XError):
                if window.get_attributes().map_state == X.IsViewable and (described := self._described(window)):
                    found.append(described)
        return found

    def covered(self) -> bool:
        """Tell whether a window that no window manager manages covers the screen, as lockers of the screen do: keys go there."""
        whole = self._root.get_geometry()
        for window in reversed(self._root.query_tree().children[-_TOPMOST:]):
            with suppress(error.XError):
                seen, size = window.get_attributes(), window.get_geometry()
                if (
                    seen.override_redirect
                    and seen.map_state == X.IsViewable
                    and seen.win_class == X.InputOutput
                    and size.width >= whole.width
                    and size.height >= whole.height
                ):
                    return True
        return False

    def _clients(self) -> list[XWindow]:
        value = self._property(self._root, "_NET_CLIENT_LIST", X.AnyPropertyType)
        if value is not None and not isinstance(value, bytes):
            return [self._display.create_resource_object("window", int(each)) for each in value]
        return list(self._root.query_tree().children)

    def _active(self) -> XWindow | None:
        value = self._property(self._root, "_NET_ACTIVE_WINDOW", X.AnyPropertyType)
        if value is None or not len(value) or not value[0]:
            return None
        return self._display.create_resource_object("window", int(value[0]))

    def _focus(self) -> XWindow | None:
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
