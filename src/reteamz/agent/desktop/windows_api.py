"""What the Windows adapter asks of Windows: one method for each call, so that what it makes of the answers can be tried anywhere.

Every method raises OSError where Windows refuses; names in parentheses are the pages of Microsoft's documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, Literal, Protocol

import msgspec

Capability = Literal["microphone", "webcam"]
"""Keys under CapabilityAccessManager\\ConsentStore."""

SESSION_LOCKED: Final = 0
SESSION_UNLOCKED: Final = 1
"""WTS_SESSIONSTATE_LOCK and WTS_SESSIONSTATE_UNLOCK (WTSINFOEX_LEVEL1); every other value stands for "not known"."""


class Use(msgspec.Struct, frozen=True):
    """One program's use of a device, as Settings shows it under "Recent activity"; times as FILETIME, ``stopped`` 0 while it lasts."""

    program: str
    started: int
    stopped: int


class Copy(msgspec.Struct, frozen=True):
    """What the clipboard holds: names of its formats, whether it may go into the history, and its text, None where it holds none."""

    formats: frozenset[str]
    history: bool
    text: str | None


class WindowsApi(Protocol):
    """The calls; used by any thread."""

    def foreground(self) -> int:
        """Return the window with the focus, 0 while there is none (GetForegroundWindow)."""
        ...

    def title(self, window: int) -> str:
        """Return its title, "" for a window that is gone (GetWindowTextW)."""
        ...

    def process(self, window: int) -> int:
        """Return the process that made it, 0 for a window that is gone (GetWindowThreadProcessId)."""
        ...

    def children(self, window: int) -> list[int]:
        """Return the windows inside it (EnumChildWindows)."""
        ...

    def image(self, process: int) -> str:
        """Return the path of its program (QueryFullProcessImageNameW)."""
        ...

    def description(self, path: str) -> str:
        """Return the program's FileDescription, "" where it has none (VerQueryValueW)."""
        ...

    def windows(self) -> list[int]:
        """Return the windows that are shown: visible, not minimised, not cloaked (EnumWindows, DwmGetWindowAttribute)."""
        ...

    def place(self, window: int) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom in pixels (GetWindowRect)."""
        ...

    def last_input(self) -> int:
        """Return the tick of the last input, 32 bits of milliseconds (GetLastInputInfo)."""
        ...

    def ticks(self) -> int:
        """Return the tick of now, 32 bits of milliseconds (GetTickCount)."""
        ...

    def session(self) -> tuple[bool, int]:
        """Return whether this session is the active one of a screen, and its SessionFlags (WTSQuerySessionInformationW, WTSINFOEX_LEVEL1)."""
        ...

    def input_desktop(self) -> str:
        """Return the name of the desktop that gets the input (OpenInputDesktop, GetUserObjectInformationW)."""
        ...

    def uses(self, capability: Capability) -> Collection[Use]:
        """Return who used a device, this user's programs and those of the whole computer."""
        ...

    def started(self) -> int:
        """Return when Windows was started, as FILETIME (GetTickCount64)."""
        ...

    def password_style(self, window: int) -> bool:
        """Tell whether the control of the window's thread that has the focus is an edit field with ES_PASSWORD (GetGUIThreadInfo)."""
        ...

    def clipboard_number(self) -> int:
        """Return what grows whenever the clipboard changes (GetClipboardSequenceNumber)."""
        ...

    def clipboard(self) -> Copy:
        """Return what the clipboard holds; OSError while another program has it open (OpenClipboard)."""
        ...


Accessible = Callable[[], bool]
"""Tells whether the field with the focus is one for passwords (UI Automation's IsPassword); raises OSError."""
