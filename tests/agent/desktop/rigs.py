"""Puts a desktop of each platform into the states that the contract is about: a real X server, Windows and macOS as documented."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from tests.agent.desktop.recorded import Program, RecordedListener, RecordedMac, RecordedScreen, RecordedWindows
from tests.waiting import wait_for
from tests.windows import Windows, x_server, xdotool

from reteamz.agent.desktop.base import Clipboard, Copied, Desktop, Keys, Screens, Typed
from reteamz.agent.desktop.hooked_keys import HookedKeys, KeyText, windows_commands
from reteamz.agent.desktop.macos import MacDesktop, MacWindows
from reteamz.agent.desktop.macos_api import App, Shown
from reteamz.agent.desktop.macos_open import keys_of
from reteamz.agent.desktop.passwords import Untold
from reteamz.agent.desktop.polled_clipboard import MacBoard, PolledClipboard, WindowsBoard
from reteamz.agent.desktop.screens import MssScreens
from reteamz.agent.desktop.windows import WindowsDesktop, WindowsWindows
from reteamz.agent.desktop.windows_api import Copy
from reteamz.agent.desktop.windows_open import secret_fields
from reteamz.agent.desktop.x11 import X11Desktop
from reteamz.agent.desktop.x11_clipboard import X11Clipboard
from reteamz.agent.desktop.x11_keys import X11Keys
from reteamz.agent.desktop.x11_screens import X11Screens

TICK_S = 0.01


class Rig(Protocol):
    """One platform."""

    def desktop(self) -> Desktop: ...
    def screens(self) -> Screens: ...
    def keys(self, typed: Typed) -> Keys: ...
    def clipboard(self, copied: Copied) -> Clipboard: ...
    def open(self, app: str, title: str) -> None: ...
    def focus(self, title: str) -> None: ...
    def nothing(self) -> None: ...
    def wait(self, desktop: Desktop, ms: int) -> None: ...
    def press(self, key: str) -> None: ...
    def copy(self, text: str) -> None: ...
    def lose(self) -> None: ...
    def close(self) -> None: ...


class X11Rig:
    """A real X server with real windows."""

    def __init__(self) -> None:
        self._server = x_server()
        self._display = self._server.__enter__()
        self._windows = Windows(self._display)
        self._copies: list[subprocess.Popen[bytes]] = []
        self._lost = False

    def desktop(self) -> Desktop:
        return X11Desktop(self._display)

    def screens(self) -> Screens:
        return X11Screens(self._display)

    def keys(self, typed: Typed) -> Keys:
        return X11Keys(self._display, typed, Untold(""))

    def clipboard(self, copied: Copied) -> Clipboard:
        return X11Clipboard(self._display, copied)

    def open(self, app: str, title: str) -> None:
        self._windows.open(title, app)

    def focus(self, title: str) -> None:
        self._windows.focus(title)

    def nothing(self) -> None:
        self._windows.close()

    def wait(self, desktop: Desktop, ms: int) -> None:
        wait_for(lambda: (desktop.look().idle or 0) >= ms, what="idleness")

    def press(self, key: str) -> None:
        xdotool(self._display, "key", {"\n": "Return"}.get(key, key))

    def copy(self, text: str) -> None:
        process = subprocess.Popen(
            ["xclip", "-selection", "clipboard", "-in", "-quiet"],
            stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "DISPLAY": self._display},
        )  # fmt: skip
        self._copies.append(process)
        assert process.stdin is not None
        process.stdin.write(text.encode())
        process.stdin.close()

    def lose(self) -> None:
        self._windows.close()
        self._lost = True
        self._server.__exit__(None, None, None)

    def close(self) -> None:
        for process in self._copies:
            process.terminate()
            process.wait(20)
        if not self._lost:
            self._windows.close()
            self._server.__exit__(None, None, None)


class _Heard:
    """Keys of a recorded platform: pressed by a test, with time that goes on with every key."""

    def __init__(self) -> None:
        self.listeners: list[RecordedListener] = []

    def listen(self, pressed: Callable[..., None], released: Callable[..., None]) -> RecordedListener:
        self.listeners.append(RecordedListener(pressed, released))
        return self.listeners[-1]

    def press(self, key: str) -> None:
        for listener in self.listeners:
            if listener.listens:
                listener.press({"\n": "enter"}.get(key, key))


class WindowsRig:
    """Windows as documented."""

    def __init__(self) -> None:
        self.api = RecordedWindows()
        self._heard = _Heard()
        self._handles: dict[str, int] = {}

    def desktop(self) -> Desktop:
        return WindowsDesktop(self.api, r"C:\Program Files\Reteamz\reteamz-agent.exe")

    def screens(self) -> Screens:
        return MssScreens(WindowsWindows(self.api), RecordedScreen)

    def keys(self, typed: Typed) -> Keys:
        windows = WindowsWindows(self.api)
        secret = secret_fields(self.api, lambda: False)
        return HookedKeys(self._heard.listen, windows, lambda: secret, KeyText(windows_commands), typed)

    def clipboard(self, copied: Copied) -> Clipboard:
        return PolledClipboard(WindowsBoard(self.api), WindowsWindows(self.api).focused, copied, TICK_S)

    def open(self, app: str, title: str) -> None:
        handle = 16 + len(self._handles)
        self.api.programs[handle * 4] = Program(rf"C:\Program Files\{app}\{app.lower()}.exe", app)
        self.api.open(handle, handle * 4, title)
        self._handles[title] = handle

    def focus(self, title: str) -> None:
        self.api.focus = self._handles[title]

    def nothing(self) -> None:
        self.api.focus = 0

    def wait(self, desktop: Desktop, ms: int) -> None:
        self.api.now += ms

    def press(self, key: str) -> None:
        self.api.input_at = self.api.now
        self._heard.press(key)

    def copy(self, text: str) -> None:
        self.api.copy, self.api.copies = Copy(frozenset(), True, text), self.api.copies + 1

    def lose(self) -> None:
        self.api.gone = True

    def close(self) -> None:
        pass


class MacRig:
    """macOS as documented."""

    def __init__(self) -> None:
        self.api = RecordedMac()
        self._heard = _Heard()
        self._apps: dict[str, App] = {}

    def desktop(self) -> Desktop:
        return MacDesktop(self.api)

    def screens(self) -> Screens:
        return MssScreens(MacWindows(self.api), RecordedScreen)

    def keys(self, typed: Typed) -> Keys:
        return keys_of(self.api, self._heard.listen, typed)

    def clipboard(self, copied: Copied) -> Clipboard:
        return PolledClipboard(MacBoard(self.api), MacWindows(self.api).focused, copied, TICK_S)

    def open(self, app: str, title: str) -> None:
        process = 500 + len(self._apps)
        self._apps[title] = App(process, app)
        self.api.focused[process] = title
        self.api.shown.insert(0, Shown(process, app, title, 0, 1.0, 1.0, 2.0, 2.0))

    def focus(self, title: str) -> None:
        self.api.front = self._apps[title]

    def nothing(self) -> None:
        self.api.front = None

    def wait(self, desktop: Desktop, ms: int) -> None:
        self.api.idle_s += ms / 1000

    def press(self, key: str) -> None:
        self.api.idle_s = 0.0
        self.api.presses += 1
        self._heard.press(key)

    def copy(self, text: str) -> None:
        self.api.text, self.api.copies = text, self.api.copies + 1

    def lose(self) -> None:
        self.api.session = None

    def close(self) -> None:
        pass


RIGS: dict[str, Callable[[], Rig]] = {"x11": X11Rig, "windows": WindowsRig, "macos": MacRig}


@contextmanager
def rigged(name: str) -> Iterator[Rig]:
    """A platform, put away at the end."""
    rig = RIGS[name]()
    try:
        yield rig
    finally:
        rig.close()
