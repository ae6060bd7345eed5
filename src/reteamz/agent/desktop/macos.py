"""macOS: the focused window of the frontmost application, idle time and counts by event sources, the lock by the login session."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from reteamz.agent.desktop.base import Ability, Look, Window
from reteamz.agent.desktop.kept import Kept
from reteamz.agent.desktop.letters import well_formed
from reteamz.agent.desktop.macos_api import App, Login, MacApi, Shown
from reteamz.wire.errors import ReteamzError

USE_S: Final = 5.0
"""How long an answer about microphone or camera counts, in seconds."""
NO_TITLES: Final = "macOS tells titles of windows to programs only that were allowed to: allow this one in System Settings, Privacy & Security, Accessibility"
NO_SCREEN: Final = "macOS shows the screen to programs only that were allowed to: allow this one in System Settings, Privacy & Security, Screen Recording"
NO_KEYS: Final = "macOS tells keys to programs only that were allowed to: allow this one in System Settings, Privacy & Security, Accessibility"
_COUNTS: Final = 1 << 32

T = TypeVar("T")


def there(ask: Callable[[], T]) -> T:
    """Ask macOS. Raises ``display_missing`` when it does not answer any more."""
    try:
        return ask()
    except OSError:
        raise session_gone() from None


def session_gone() -> ReteamzError:
    """Return the error for a process outside of a login session with a screen."""
    return ReteamzError(
        "display_missing", "There is no login session with a screen; start the agent as a launch agent of the person."
    )


class MacWindows:
    """Questions about windows; used by one thread."""

    def __init__(self, api: MacApi) -> None:
        self._api = api
        self._front: App | None = None

    def handle(self) -> int:
        """Return the process of the frontmost application, 0 when there is none; costs little. Raises OSError."""
        self._front = self._api.frontmost()
        return self._front.process if self._front is not None else 0

    def described(self, handle: int) -> Window | None:
        """Return the focused window of a process that was frontmost, None when there is none. Raises OSError."""
        front = self._front
        if not handle or front is None:
            return None
        if front.process != handle:
            front = next((App(handle, shown.owner) for shown in self._api.windows() if shown.process == handle), None)
            if front is None:
                return None
        window = Window(well_formed(front.name), well_formed(self._title(handle)))
        return window if window.app or window.title else None

    def focused(self) -> Window | None:
        """Return the window that has the focus, None when there is none. Raises OSError."""
        return self.described(self.handle())

    def centre(self) -> tuple[int, int] | None:
        """Return the middle of the focused application's front window, in points. Raises ``display_missing``."""
        shown = there(lambda: self._first(self.handle()))
        if shown is None:
            return None
        return int(shown.left + shown.width / 2), int(shown.top + shown.height / 2)

    def visible(self) -> list[Window]:
        """Return the windows on the screen. Raises ``display_missing``."""
        found = there(self._api.windows)
        return [Window(well_formed(each.owner), well_formed(each.title or "")) for each in found if each.layer == 0]

    def close(self) -> None:
        """Nothing is open."""

    def _title(self, process: int) -> str:
        """Return a title by whichever permission there is: of the focused window, else of the front one."""
        if self._api.trusted():
            told = self._api.focused_title(process)
            if told is not None:
                return told
        first = self._first(process)
        return (first.title or "") if first is not None else ""

    def _first(self, process: int) -> Shown | None:
        return next((each for each in self._api.windows() if each.layer == 0 and each.process == process), None)


class MacDesktop:
    """The desktop of this login session.

    Args:
        api: asks macOS.
        steady: counts seconds and never goes back.
    """

    name = "macOS"

    def __init__(self, api: MacApi, steady: Callable[[], float] = time.monotonic) -> None:
        """Raises ``display_missing`` outside of a login session."""
        self._api = api
        self._steady = steady
        self._windows = MacWindows(api)
        self._used = Kept(USE_S, api.in_use)
        self._login()
        self._counted = there(api.counted)

    def unsupported(self) -> Mapping[Ability, str]:
        """Return what macOS does not tell, and why; permissions may come and go."""
        return {} if self._api.trusted() or self._api.sees_screen() else {"title": NO_TITLES}

    def look(self) -> Look:
        """Look once. Raises ``display_missing`` when the login session ends."""
        login = self._login()
        return there(
            lambda: Look(
                self._windows.focused(),
                max(0, int(self._api.idle() * 1000)),
                login.locked or not login.on_console,
                self._presses(),
                self._used.at(self._steady()),
            )
        )

    def close(self) -> None:
        """Nothing is open."""

    def _login(self) -> Login:
        login = there(self._api.login)
        if login is None:
            raise session_gone()
        return login

    def _presses(self) -> int:
        before, self._counted = self._counted, self._api.counted()
        return (self._counted - before) % _COUNTS
