"""Windows: the focused window by its process, idle time by the tick of the last input, the lock by the session's flags."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import PureWindowsPath
from typing import Final, TypeVar

from reteamz.agent.desktop.base import Ability, Look, Window
from reteamz.agent.desktop.kept import Kept
from reteamz.agent.desktop.letters import well_formed
from reteamz.agent.desktop.windows_api import SESSION_LOCKED, SESSION_UNLOCKED, Capability, Use, WindowsApi
from reteamz.wire.errors import ReteamzError

USE_S: Final = 5.0
"""How long an answer about microphone or camera counts, in seconds."""
NO_COUNT: Final = "Windows tells when the last input was, not how many there were; counting would take part in every move of the pointer"
NO_SESSION: Final = "Windows does not tell whether this session is locked, so a locked screen counts as idle"
_TICKS: Final = 1 << 32
_AHEAD_MS: Final = 60_000
"""How far the last input may lie ahead of now: GetLastInputInfo's page says that its ticks do not always grow."""
_FRAME: Final = "applicationframehost.exe"
"""Owns the windows of apps from the Store; the app itself owns a window inside."""
_ORDINARY: Final = "default"
"""The desktop of programs; others belong to the lock screen, the screen saver and questions of User Account Control."""

T = TypeVar("T")


def desktop_gone() -> ReteamzError:
    """Return the error for a session that Windows ends."""
    return ReteamzError("display_missing", "The Windows session went away; the agent starts again with the next one.")


def there(ask: Callable[[], T]) -> T:
    """Ask Windows. Raises ``display_missing`` when it does not answer any more."""
    try:
        return ask()
    except OSError:
        raise desktop_gone() from None


class WindowsWindows:
    """Questions about windows; used by one thread. Windows that are gone have no name."""

    def __init__(self, api: WindowsApi) -> None:
        self._api = api
        self._names: dict[str, str] = {}

    def handle(self) -> int:
        """Return the focused window's handle, 0 when there is none; costs next to nothing. Raises OSError."""
        return self._api.foreground()

    def described(self, handle: int) -> Window | None:
        """Return what a window is, None for one that is gone or has no name. Raises OSError."""
        process = self._api.process(handle) if handle else 0
        if not process:
            return None
        path = self._image(process)
        if PureWindowsPath(path).name.lower() == _FRAME:
            inside = (self._api.process(child) for child in self._api.children(handle))
            path = next((self._image(each) for each in inside if each not in (0, process)), path)
        app, title = self._name(path), well_formed(self._api.title(handle))
        return Window(app, title) if app or title else None

    def focused(self) -> Window | None:
        """Return the focused window, None when there is none. Raises OSError."""
        return self.described(self.handle())

    def centre(self) -> tuple[int, int] | None:
        """Return the middle of the focused window in pixels. Raises ``display_missing``."""
        handle = there(self.handle)
        if not handle:
            return None
        try:
            left, top, right, bottom = self._api.place(handle)
        except OSError:
            # It closed in between.
            return None
        return (left + right) // 2, (top + bottom) // 2

    def visible(self) -> list[Window]:
        """Return the windows that are shown. Raises ``display_missing``."""
        found = there(lambda: [self.described(each) for each in self._api.windows()])
        return [window for window in found if window is not None and window.title]

    def close(self) -> None:
        """Nothing is open."""

    def _image(self, process: int) -> str:
        """Return the path of a process, "" for one that is gone or another user's."""
        try:
            return self._api.image(process)
        except OSError:
            return ""

    def _name(self, path: str) -> str:
        """Return what people call a program: what its maker wrote into it, else the name of its file."""
        if path and path not in self._names:
            try:
                told = self._api.description(path)
            except OSError:
                told = ""
            self._names[path] = well_formed(told).strip() or well_formed(PureWindowsPath(path).stem)
        return self._names.get(path, "")


class WindowsDesktop:
    """The desktop of this session.

    Args:
        api: asks Windows.
        own: path of this program, whose own use of devices does not count.
        untold: why password fields are not told, "" when they are.
        steady: counts seconds and never goes back.
    """

    name = "Windows"

    def __init__(
        self, api: WindowsApi, own: str, untold: str = "", steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._api = api
        self._own = own.lower()
        self._steady = steady
        self._windows = WindowsWindows(api)
        self._used = Kept(USE_S, lambda: self._uses("microphone") or self._uses("webcam"))
        self._unsupported: dict[Ability, str] = {"input": NO_COUNT}
        if untold:
            self._unsupported["passwords"] = untold
        if self._locked() is None:
            self._unsupported["locked"] = NO_SESSION

    def unsupported(self) -> Mapping[Ability, str]:
        """Return what Windows does not tell, and why."""
        return self._unsupported

    def look(self) -> Look:
        """Look once. Raises ``display_missing`` when the session ends."""
        return there(
            lambda: Look(self._windows.focused(), self._idle(), self._locked(), meeting=self._used.at(self._steady()))
        )

    def close(self) -> None:
        """Nothing is open."""

    def _idle(self) -> int:
        # The last input is asked for first: it cannot lie behind a tick that was read later.
        last = self._api.last_input()
        idle = (self._api.ticks() - last) % _TICKS
        return 0 if idle > _TICKS - _AHEAD_MS else idle

    def _locked(self) -> bool | None:
        try:
            active, flags = self._api.session()
        except OSError:
            return self._covered()
        if not active or flags == SESSION_LOCKED:
            return True
        return False if flags == SESSION_UNLOCKED else self._covered()

    def _covered(self) -> bool | None:
        """Tell by the input's desktop whether the session is locked; a program may not even open that of the lock screen."""
        try:
            return self._api.input_desktop().lower() != _ORDINARY
        except PermissionError:
            return True
        except OSError:
            return None

    def _uses(self, capability: Capability) -> bool:
        """Tell whether another program uses a device since Windows was started: what a power cut ended was never written down."""
        try:
            uses, since = self._api.uses(capability), self._api.started()
        except OSError:
            return False
        return any(use.started >= since and not use.stopped and not self._is_own(use) for use in uses)

    def _is_own(self, use: Use) -> bool:
        # The store writes paths with another sign, as keys of the registry cannot hold a backslash.
        return use.program.replace("#", "\\").lower() == self._own
