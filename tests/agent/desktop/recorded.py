"""Windows and macOS as their documentation says that they answer. Written from that documentation, not recorded on machines: where a machine
does otherwise, this is wrong, and the adapter with it.

Each class answers the calls of one platform's protocol from values that a test sets, errors included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from reteamz.agent.desktop.macos_api import App, Login, Shown
from reteamz.agent.desktop.windows_api import SESSION_UNLOCKED, Capability, Copy, Use

TICKS = 1 << 32


class HandleGone(OSError):
    """ERROR_INVALID_WINDOW_HANDLE, as GetWindowRect has it for a window that is gone."""

    def __init__(self) -> None:
        super().__init__(None, "Invalid window handle.", None, 1400)


def denied() -> PermissionError:
    """ERROR_ACCESS_DENIED, as OpenProcess has it for processes of others, OpenInputDesktop for the lock screen's."""
    return PermissionError(13, "Access is denied.")


def no_process() -> OSError:
    """ERROR_INVALID_PARAMETER, as OpenProcess has it for a process that ended."""
    return OSError(22, "The parameter is incorrect.")


class Program(msgspec.Struct):
    """A process and what its file says; an error where Windows refuses to tell."""

    path: str | OSError
    description: str | OSError = ""


class RecordedWindows:
    """A Windows session."""

    def __init__(self) -> None:
        self.focus = 0
        self.titles: dict[int, str] = {}
        self.owners: dict[int, int] = {}
        self.inside: dict[int, list[int]] = {}
        self.places: dict[int, tuple[int, int, int, int]] = {}
        self.programs: dict[int, Program] = {}
        self.now = TICKS - 5_000
        self.input_at = TICKS - 6_000
        self.state: tuple[bool, int] | OSError = (True, SESSION_UNLOCKED)
        self.desktop: str | OSError = "Default"
        self.store: dict[Capability, list[Use]] = {"microphone": [], "webcam": []}
        self.booted = 1_000
        self.password = False
        self.copy = Copy(frozenset(), True, None)
        self.copies = 7
        self.busy = 0
        self.gone = False

    def open(self, window: int, process: int, title: str) -> None:
        """A window of a process appears."""
        self.titles[window], self.owners[window] = title, process
        self.places[window] = (0, 0, 100, 100)

    def close(self, window: int) -> None:
        """A window closes."""
        for kept in (self.titles, self.owners, self.places):
            kept.pop(window)  # type: ignore[attr-defined]  # three dictionaries

    def foreground(self) -> int:
        if self.gone:
            raise OSError(None, "Not enough resources", None, 8)
        return self.focus

    def title(self, window: int) -> str:
        return self.titles.get(window, "")

    def process(self, window: int) -> int:
        return self.owners.get(window, 0)

    def children(self, window: int) -> list[int]:
        return self.inside.get(window, [])

    def image(self, process: int) -> str:
        if process not in self.programs:
            raise no_process()
        return _told(self.programs[process].path)

    def description(self, path: str) -> str:
        return next(_told(each.description) for each in self.programs.values() if each.path == path)

    def windows(self) -> list[int]:
        if self.gone:
            raise OSError(None, "Not enough resources", None, 8)
        return list(self.titles)

    def place(self, window: int) -> tuple[int, int, int, int]:
        if window not in self.places:
            raise HandleGone
        return self.places[window]

    def last_input(self) -> int:
        return self.input_at % TICKS

    def ticks(self) -> int:
        return self.now % TICKS

    def session(self) -> tuple[bool, int]:
        return _told(self.state)

    def input_desktop(self) -> str:
        return _told(self.desktop)

    def uses(self, capability: Capability) -> list[Use]:
        return self.store[capability]

    def started(self) -> int:
        return self.booted

    def password_style(self, window: int) -> bool:
        if window not in self.titles:
            raise HandleGone
        return self.password

    def clipboard_number(self) -> int:
        return self.copies

    def clipboard(self) -> Copy:
        if self.busy:
            self.busy -= 1
            raise denied()
        return self.copy


class RecordedMac:
    """A login session of macOS."""

    def __init__(self) -> None:
        self.front: App | None = None
        self.shown: list[Shown] = []
        self.accessibility = True
        self.screen_recording = True
        self.focused: dict[int, str | None] = {}
        self.idle_s = 1.0
        self.presses = TICKS - 2
        self.session: Login | None = Login(locked=False, on_console=True)
        self.recording = False
        self.secure = False
        self.copies = 7
        self.types: frozenset[str] = frozenset()
        self.text: str | None = None

    def frontmost(self) -> App | None:
        return self.front

    def windows(self) -> list[Shown]:
        if self.session is None:
            raise OSError("there is no window server")
        return [each if self.screen_recording else msgspec.structs.replace(each, title=None) for each in self.shown]

    def trusted(self) -> bool:
        return self.accessibility

    def sees_screen(self) -> bool:
        return self.screen_recording

    def focused_title(self, process: int) -> str | None:
        return self.focused.get(process)

    def idle(self) -> float:
        return self.idle_s

    def counted(self) -> int:
        return self.presses % TICKS

    def login(self) -> Login | None:
        return self.session

    def in_use(self) -> bool:
        return self.recording

    def secure_input(self) -> bool:
        return self.secure

    def pasteboard_number(self) -> int:
        return self.copies

    def pasteboard_types(self) -> frozenset[str]:
        return self.types

    def pasteboard_text(self) -> str | None:
        return self.text


class RecordedKey(msgspec.Struct, frozen=True):
    """A key as pynput hands it over: ``name`` of those that Key lists, ``char`` of the others."""

    name: str | None = None
    char: str | None = None
    is_dead: bool = False
    combining: str | None = None


class RecordedListener:
    """pynput's listener, pressed by a test."""

    def __init__(self, pressed: Callable[[Any, bool], None], released: Callable[[Any, bool], None]) -> None:
        self._pressed = pressed
        self._released = released
        self.listens = False

    def start(self) -> None:
        self.listens = True

    def stop(self) -> None:
        self.listens = False

    def press(self, key: RecordedKey | str, made: bool = False) -> None:
        """Press a key and let it go."""
        self.down(key, made)
        self.up(key)

    def down(self, key: RecordedKey | str, made: bool = False) -> None:
        self._pressed(_key(key), made)

    def up(self, key: RecordedKey | str) -> None:
        self._released(_key(key), False)


class RecordedScreen:
    """Two monitors beside each other as mss tells them: first both together, then each."""

    def __init__(self) -> None:
        self.monitors = [
            {"left": 0, "top": 0, "width": 8, "height": 4},
            {"left": 0, "top": 0, "width": 4, "height": 4},
            {"left": 4, "top": 0, "width": 4, "height": 4},
        ]

    def __enter__(self) -> RecordedScreen:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def grab(self, place: dict[str, int]) -> Any:
        size = place["width"], place["height"]
        return Picture(*size, bytes([place["left"]]) * size[0] * size[1] * 3)

    def close(self) -> None:
        pass


class Picture(msgspec.Struct):
    """What mss returns, as far as it is used."""

    width: int
    height: int
    rgb: bytes


def _key(key: RecordedKey | str) -> RecordedKey:
    if isinstance(key, RecordedKey):
        return key
    return RecordedKey(char=key) if len(key) == 1 else RecordedKey(name=key)


def _told(value: Any) -> Any:
    if isinstance(value, OSError):
        raise value
    return value
