"""Copied text of an X display: XFixes tells when the clipboard changes hands, its new owner is asked for the text (ICCCM 2)."""

from __future__ import annotations

import select
import threading
import time
from contextlib import suppress
from typing import Any, Final

from Xlib import X, error
from Xlib.ext import xfixes

from reteamz.agent.desktop.base import Copied
from reteamz.agent.desktop.x11_windows import X11Windows, open_display
from reteamz.wire.errors import ReteamzError

ANSWER_S: Final = 2.0
"""How long an owner of the clipboard may take for each step."""
MOST_BYTES: Final = 1024 * 1024
"""Longest text that is asked for; a longer one is cut off."""
_LOOK_S: Final = 0.5
_HINT: Final = "x-kde-passwordManagerHint"
"""Password managers offer this target with the value "secret"."""


class X11Clipboard:
    """Listens on a thread of its own until it is closed, or until the display goes."""

    def __init__(self, address: str | None, copied: Copied) -> None:
        """``address`` as in DISPLAY. Raises ``display_missing``, ``unsupported``."""
        self._copied = copied
        self._display: Final = open_display(address)
        if not self._display.has_extension("XFIXES"):
            self._display.close()
            raise ReteamzError("unsupported", "this X server has no XFIXES extension")
        self._display.xfixes_query_version()
        screen = self._display.screen()
        self._windows = X11Windows(self._display)
        self._window = screen.root.create_window(-1, -1, 1, 1, 0, screen.root_depth, event_mask=X.PropertyChangeMask)
        self._clipboard: Final = self._atom("CLIPBOARD")
        self._place: Final = self._atom("RETEAMZ")
        self._display.xfixes_select_selection_input(
            self._window, self._clipboard, xfixes.XFixesSetSelectionOwnerNotifyMask
        )
        self._display.sync()
        self._notice: Final = self._display.extension_event.SetSelectionOwnerNotify
        self._ended = False
        self._thread = threading.Thread(target=self._listen, name="x11-clipboard", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._ended = True
        self._thread.join(3 * ANSWER_S)
        with suppress(error.ConnectionClosedError, OSError):
            self._display.close()

    def _listen(self) -> None:
        with suppress(error.ConnectionClosedError, OSError):
            while not self._ended:
                event = self._next(time.monotonic() + _LOOK_S)
                if event is not None and event.type == self._notice[0] and event.sub_code == self._notice[1]:
                    self._changed(event)

    def _changed(self, event: Any) -> None:
        """Somebody copied: where, and what."""
        window = self._windows.focused()
        if window is None or not getattr(event.owner, "id", event.owner):
            return
        with suppress(error.XError):
            targets = self._asked("TARGETS", event.selection_timestamp)
            if not isinstance(targets, bytes) and targets is not None and self._atom(_HINT) in targets:
                hint = self._asked(_HINT, event.selection_timestamp)
                if not isinstance(hint, bytes) or hint.strip() == b"secret":
                    return
            text = self._asked("UTF8_STRING", event.selection_timestamp)
            if isinstance(text, bytes) and text:
                self._copied(window, text.decode("utf-8", "replace"))

    def _asked(self, target: str, at: int) -> Any:
        """Return the clipboard as a target: bytes, or numbers; None when its owner does not answer so."""
        self._window.convert_selection(self._clipboard, self._atom(target), self._place, at)
        until = time.monotonic() + ANSWER_S
        while (event := self._next(until)) is not None:
            if event.type == X.SelectionNotify and event.target == self._atom(target):
                return self._taken() if event.property else None
        return None

    def _taken(self) -> Any:
        """Take what the owner put down, in pieces where it says so (ICCCM 2.7.2)."""
        found = self._window.get_full_property(self._place, X.AnyPropertyType, sizehint=MOST_BYTES // 4)
        if found is None:
            return None
        pieces = found.property_type == self._atom("INCR")
        self._window.delete_property(self._place)
        if not pieces:
            return found.value
        whole = b""
        until = time.monotonic() + ANSWER_S
        while (event := self._next(until)) is not None:
            if event.type != X.PropertyNotify or event.atom != self._place or event.state != X.PropertyNewValue:
                continue
            found = self._window.get_full_property(self._place, X.AnyPropertyType, sizehint=MOST_BYTES // 4)
            self._window.delete_property(self._place)
            value = found.value if found is not None and isinstance(found.value, bytes) else b""
            whole += value
            if not value or len(whole) >= MOST_BYTES:
                return whole[:MOST_BYTES]
            until = time.monotonic() + ANSWER_S
        return None

    def _next(self, until: float) -> Any:
        """Return the next event, None when there is none in time."""
        while not self._display.pending_events():
            left = until - time.monotonic()
            if left <= 0 or self._ended:
                return None
            select.select([self._display.fileno()], [], [], min(left, _LOOK_S))
        return self._display.next_event()

    def _atom(self, name: str) -> int:
        return self._display.intern_atom(name)
