"""What other watchers tell through the local API: the browser's tab, and window and presence where our own adapter cannot see them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

import msgspec

from reteamz.agent.desktop.base import Look, Window

FRESH_MS: Final = 90_000
"""How long a heartbeat counts: browser extensions repeat theirs once a minute at least."""
CHAT: Final = "reteamz.chat"
"""Type of the buckets to which chat programs tell messages: sealed content, which no local client reads back."""
_BROWSERS: Final = (
    "firefox", "librewolf", "chrom", "brave", "vivaldi", "opera", "edge", "msedge", "safari", "epiphany", "falkon",
)  # fmt: skip


def is_browser(app: str) -> bool:
    """Tell whether a program, as the desktop names it, is a browser."""
    return any(browser in app.lower() for browser in _BROWSERS)


class Tab(msgspec.Struct, frozen=True):
    """The tab that a browser extension sees."""

    at: int
    url: str = ""
    title: str = ""
    private: bool = False


class Said(msgspec.Struct, frozen=True):
    """What a chat program told of one message."""

    at: int
    app: str
    conversation: str
    sender: str
    text: str


class Feeds:
    """Remembers the last word of every kind of watcher, in memory."""

    def __init__(self) -> None:
        self.said: Callable[[Said], object] = lambda _: None
        """Takes chat messages, at once: they are kept nowhere else."""
        self._lock = threading.Lock()
        self._tab: Tab | None = None
        self._window: tuple[int, Window] | None = None
        self._afk: tuple[int, bool] | None = None

    def heard(self, kind: str, at: int, data: dict[str, Any]) -> None:
        """Take what a watcher told; ``kind`` is the bucket's type, ``at`` the end of the event in milliseconds."""

        def text(name: str) -> str:
            value = data.get(name)
            return value if isinstance(value, str) else ""

        with self._lock:
            if kind == "web.tab.current":
                # What happens in a private window is nobody's business.
                private = data.get("incognito") is True
                self._tab = Tab(at, private=True) if private else Tab(at, text("url"), text("title"))
            elif kind == "currentwindow":
                self._window = (at, Window(text("app"), text("title")))
            elif kind == "afkstatus":
                self._afk = (at, data.get("status") == "afk")
        if kind == CHAT:
            self.said(Said(at, text("app"), text("conversation"), text("from"), text("text")))

    def url(self, now: int, window: Window | None) -> str:
        """Return the address of the page in the focused window, "" when that is not a browser that told one."""
        tab = self._tab_of(now, window)
        if tab is None or window is None or tab.private:
            return ""
        return tab.url if not tab.title or tab.title in window.title else ""

    def private(self, now: int, window: Window) -> bool:
        """Tell whether a browser's extension said last that its window is private."""
        tab = self._tab_of(now, window)
        return tab is not None and tab.private

    def _tab_of(self, now: int, window: Window | None) -> Tab | None:
        with self._lock:
            tab = self._tab
        if tab is None or window is None or now - tab.at > FRESH_MS:
            return None
        return tab if is_browser(window.app) else None

    def look(self, now: int) -> Look:
        """Return what watchers told of window and presence, for a desktop that tells nothing itself."""
        with self._lock:
            window = self._window[1] if self._window and now - self._window[0] <= FRESH_MS else None
            afk = self._afk
        idle = None
        if afk is not None and now - afk[0] <= FRESH_MS:
            idle = FRESH_MS * 10_000 if afk[1] else 0
        return Look(window, idle, None)
