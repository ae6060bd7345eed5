"""Keys and clicks of an X display, by the RECORD extension: counted always, read only when typed text is recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from Xlib import X, error
from Xlib.ext import record
from Xlib.protocol import rq

from reteamz.agent.desktop.x11_windows import open_display
from reteamz.wire.errors import ReteamzError

_CLICKS: Final = frozenset((1, 2, 3, 8, 9))
"""Buttons that are no wheel."""
_RANGE: Final = {
    "core_requests": (0, 0),
    "core_replies": (0, 0),
    "ext_requests": (0, 0, 0, 0),
    "ext_replies": (0, 0, 0, 0),
    "delivered_events": (0, 0),
    # Keys and buttons, not the pointer's way.
    "device_events": (X.KeyPress, X.ButtonPress),
    "errors": (0, 0),
    "client_started": False,
    "client_died": False,
}

_EVENT: Final = rq.EventField("event")

Pressed = Callable[[int, int], None]
"""Is told the code of a key that was pressed and the state of the modifiers; called by the listening thread."""


class X11Input:
    """Listens on a thread of its own until it is closed, or until the display goes."""

    def __init__(self, address: str | None, pressed: Pressed | None = None) -> None:
        """``address`` as in DISPLAY. Raises ``display_missing``, ``unsupported``."""
        self._pressed = pressed
        self._lock = threading.Lock()
        self._count = 0
        self._began = threading.Event()
        self._control = open_display(address)
        self._data = open_display(address)
        if not self._data.has_extension("RECORD"):
            self._control.close()
            self._data.close()
            raise ReteamzError("unsupported", "this X server has no RECORD extension")
        self._context = self._data.record_create_context(0, [record.AllClients], [_RANGE])
        self._data.sync()
        self._thread = threading.Thread(target=self._listen, name="x11-input", daemon=True)
        self._thread.start()
        # What is not listening yet cannot be told to stop.
        self._began.wait(5)

    def counted(self) -> int:
        """Return how many keys and clicks there were since this was asked last."""
        with self._lock:
            count, self._count = self._count, 0
            return count

    def close(self) -> None:
        """Stop listening."""
        with suppress(error.ConnectionClosedError, error.XError, OSError):
            self._control.record_disable_context(self._context)
            self._control.sync()
        self._thread.join(5)
        for connection in (self._control, self._data):
            with suppress(error.ConnectionClosedError, OSError):
                connection.close()

    def _listen(self) -> None:
        with suppress(error.ConnectionClosedError, error.XError, OSError):
            self._data.record_enable_context(self._context, self._take)

    def _take(self, reply: Any) -> None:
        self._began.set()
        if reply.category != record.FromServer or reply.client_swapped:
            return
        data = reply.data
        while len(data):
            event, data = _EVENT.parse_binary_value(data, self._data.display, None, None)
            if event.type == X.KeyPress or (event.type == X.ButtonPress and event.detail in _CLICKS):
                with self._lock:
                    self._count += 1
            if event.type == X.KeyPress and self._pressed is not None:
                self._pressed(event.detail, event.state)
