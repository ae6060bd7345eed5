"""Copied text where the clipboard counts its changes: looked at now and then, read when it changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from reteamz.agent.desktop.base import Copied, Window
from reteamz.agent.desktop.letters import well_formed
from reteamz.agent.desktop.macos_api import MacApi
from reteamz.agent.desktop.windows_api import WindowsApi

EVERY_S: Final = 0.5
TRIES: Final = 10
"""How often a clipboard that another program has open is tried before its text is let go."""
WINDOWS_SECRET: Final = frozenset(("ExcludeClipboardContentFromMonitorProcessing", "Clipboard Viewer Ignore"))
"""Formats by which password managers say that nobody shall read this (Microsoft's page "Clipboard Formats")."""
MAC_SECRET: Final = frozenset(
    ("org.nspasteboard.ConcealedType", "org.nspasteboard.TransientType", "com.agilebits.onepassword")
)
"""Types by which they say so on macOS (nspasteboard.org)."""


class Board(Protocol):
    """A clipboard. Its methods raise OSError while another program has it."""

    def number(self) -> int:
        """Return what is another one after every change."""
        ...

    def text(self) -> str | None:
        """Return its text; None where it has none, or where its owner wants nobody to read it."""
        ...


class WindowsBoard:
    """The clipboard of Windows."""

    def __init__(self, api: WindowsApi) -> None:
        self._api = api

    def number(self) -> int:
        """Return its sequence number. Raises OSError."""
        return self._api.clipboard_number()

    def text(self) -> str | None:
        """Return its text unless it is secret. Raises OSError."""
        copy = self._api.clipboard()
        return None if copy.formats & WINDOWS_SECRET or not copy.history else copy.text


class MacBoard:
    """The general pasteboard of macOS."""

    def __init__(self, api: MacApi) -> None:
        self._api = api

    def number(self) -> int:
        """Return its change count. Raises OSError."""
        return self._api.pasteboard_number()

    def text(self) -> str | None:
        """Return its text unless it is secret. Raises OSError."""
        return None if self._api.pasteboard_types() & MAC_SECRET else self._api.pasteboard_text()


class PolledClipboard:
    """Looks on a thread of its own until it is closed. What lay there before it began is not told.

    Args:
        board: the clipboard.
        focused: tells the window with the focus; raises OSError.
        copied: is told which text was copied where.
        every: seconds between two looks.
    """

    def __init__(
        self, board: Board, focused: Callable[[], Window | None], copied: Copied, every: float = EVERY_S
    ) -> None:
        self._board = board
        self._focused = focused
        self._copied = copied
        self._every = every
        self._tries = 0
        self._seen: int | None = None
        with suppress(OSError):
            self._seen = board.number()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="clipboard", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._ended.set()
        self._thread.join(5)

    def _listen(self) -> None:
        while not self._ended.wait(self._every):
            self._look()

    def _look(self) -> None:
        try:
            number = self._board.number()
            if number == self._seen:
                return
            window, text = self._focused(), self._board.text()
        except OSError:
            self._tries += 1
            if self._tries < TRIES:
                return
            with suppress(OSError):
                self._seen = self._board.number()
            self._tries = 0
            return
        self._seen, self._tries = number, 0
        if window is not None and text:
            self._copied(window, well_formed(text))
