"""The icon in the tray: whether something is recorded, and the way to private time. Its library is loaded when there is a desktop, not before."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from reteamz.agent.control import Recording, Request
from reteamz.agent.sessions.messages import Tell

_SIZE: Final = 32
_COLOURS: Final[dict[Recording, str]] = {"recording": "#c92a2a", "private": "#2b6cb0", "paused": "#868e96"}
_TITLES: Final[dict[Recording, str]] = {
    "recording": "Reteamz is recording. Click to see what.",
    "private": "Private time: Reteamz records nothing but that it is private.",
    "paused": "Reteamz records nothing.",
}
_AGAIN_S: Final = 5.0
"""How often an icon that no tray shows yet is offered again."""
_PATIENCE_S: Final = 2.0
HALF_HOUR_MS: Final = 30 * 60_000

NO_MAIN_THREAD: Final = "macOS shows icons for a program's main thread alone, which is busy; the local page and `reteamz agent status` tell the same"
NO_TRAY: Final = "no program of this desktop shows tray icons; the local page and `reteamz agent status` tell the same"


class Tray:
    """An icon on threads of its own, which may hang with the desktop and never with the agent.

    Args:
        ask: puts a request of the person to the agent.
        open_page: shows the local page, given its port.
    """

    def __init__(self, ask: Callable[[Request], object], open_page: Callable[[int], None]) -> None:
        self._ask = ask
        self._open_page = open_page
        self._wanted: Tell | None = None
        self._ended = threading.Event()
        self.reason = ""
        """Why there is no icon, "" when there is one or it is being made."""
        self._thread = threading.Thread(target=self._run, name="tray", daemon=True)
        self._thread.start()

    def show(self, tell: Tell | None) -> None:
        """Show this from now on; None stands for an agent that is away."""
        self._wanted = tell

    def close(self) -> None:
        """Take the icon away."""
        self._ended.set()
        self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        if str(sys.platform) == "darwin":
            self.reason = NO_MAIN_THREAD
            return
        try:
            icon = self._icon()
            ready = threading.Event()
            threading.Thread(target=icon.run, args=(lambda _: ready.set(),), name="tray-events", daemon=True).start()
            ready.wait()
            icon.visible = True
            self._keep(icon)
            icon.stop()
        # Whatever the libraries of a desktop raise: the reason is told, and recording does not depend on it.
        except Exception as error:
            self.reason = f"the icon cannot be shown ({type(error).__name__}); the local page tells the same"

    def _keep(self, icon: Any) -> None:
        """Keep the icon up to date until the end."""
        shown: Recording | None = None
        offered = 0.0
        while not self._ended.wait(0.5):
            state = self._wanted.recording if self._wanted is not None else "paused"
            docked = self._docked(icon)
            self.reason = "" if docked else NO_TRAY
            if state != shown or (not docked and time.monotonic() - offered > _AGAIN_S):
                icon.icon, icon.title = picture(state), _TITLES[state]
                icon.update_menu()
                shown, offered = state, time.monotonic()

    def _icon(self) -> Any:
        import pystray

        # It complains on standard error about every desktop without a tray; the status says it once.
        logging.getLogger("pystray").setLevel(logging.CRITICAL)
        for module in ("_xorg", "_base", "_gtk", "_appindicator"):
            logging.getLogger(f"pystray.{module}").setLevel(logging.CRITICAL)

        class Icon(pystray.Icon):  # type: ignore[misc]  # pystray tells no types
            def __del__(self) -> None:
                # Its own waits for a thread that the desktop may have taken along.
                with suppress(Exception):
                    self._display.close()

        item = pystray.MenuItem
        menu = pystray.Menu(
            item("What is recorded about me", self._page, default=True),
            item("Private for 30 minutes", self._private(HALF_HOUR_MS), enabled=lambda _: self._may_be_private()),
            item("Private for the rest of the day", self._private(None), enabled=lambda _: self._may_be_private()),
            item("Go on recording", self._go_on, enabled=lambda _: bool(self._wanted and self._wanted.private_until)),
        )
        icon = Icon("reteamz", picture("paused"), _TITLES["paused"], menu)
        window = getattr(icon, "_window", None)
        if window is not None and hasattr(window, "change_attributes"):
            # On X11 it handles clicks, and does not ask for them.
            from Xlib import X

            window.change_attributes(event_mask=X.ExposureMask | X.StructureNotifyMask | X.ButtonPressMask)
            window.display.flush()
        return icon

    def _docked(self, icon: Any) -> bool:
        """Tell whether a tray shows the icon; only the plain X11 way knows."""
        return getattr(icon, "_systray_manager", icon) is not None

    def _may_be_private(self) -> bool:
        return self._wanted is not None and self._wanted.may_be_private

    def _page(self) -> None:
        if self._wanted is not None:
            self._open_page(self._wanted.port)

    def _private(self, length: int | None) -> Callable[[], None]:
        def take() -> None:
            from reteamz.agent.sessions.people import end_of_day

            now = time.time_ns() // 1_000_000
            self._ask(Request("private", end_of_day(now) if length is None else now + length))

        return take

    def _go_on(self) -> None:
        self._ask(Request("private", 0))


def picture(state: Recording) -> Any:
    """Return the icon of a state: a dot while something is recorded, two bars while it is not, a closed eye while it is private."""
    from PIL import Image, ImageDraw

    image = Image.new("RGBA", (_SIZE, _SIZE), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((1, 1, _SIZE - 2, _SIZE - 2), fill=_COLOURS[state])
    if state == "recording":
        draw.ellipse((10, 10, 21, 21), fill="white")
    elif state == "paused":
        draw.rectangle((10, 9, 13, 22), fill="white")
        draw.rectangle((18, 9, 21, 22), fill="white")
    else:
        draw.arc((7, 4, 24, 21), 20, 160, fill="white", width=3)
    return image
