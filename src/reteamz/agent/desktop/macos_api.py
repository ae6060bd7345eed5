"""What the macOS adapter asks of macOS: one method for each call, so that what it makes of the answers can be tried anywhere.

Names in parentheses are the pages of Apple's documentation. Methods raise OSError where macOS refuses.
"""

from __future__ import annotations

from typing import Protocol

import msgspec


class App(msgspec.Struct, frozen=True):
    """A running application: its process, and its name as the person sees it."""

    process: int
    name: str


class Shown(msgspec.Struct, frozen=True):
    """A window on the screen; ``title`` is None where macOS keeps it back, ``layer`` 0 for windows of programs, the place in points."""

    process: int
    owner: str
    title: str | None
    layer: int
    left: float
    top: float
    width: float
    height: float


class Login(msgspec.Struct, frozen=True):
    """This login session: whether its screen is locked, and whether the screen shows it rather than another person's."""

    locked: bool
    on_console: bool


class MacApi(Protocol):
    """The calls; used by any thread."""

    def frontmost(self) -> App | None:
        """Return the application with the focus, None while there is none (NSWorkspace.frontmostApplication)."""
        ...

    def windows(self) -> list[Shown]:
        """Return the windows on the screen, the front one first (CGWindowListCopyWindowInfo)."""
        ...

    def trusted(self) -> bool:
        """Tell whether the person allowed this program under Accessibility (AXIsProcessTrusted)."""
        ...

    def sees_screen(self) -> bool:
        """Tell whether the person allowed it under Screen Recording (CGPreflightScreenCaptureAccess)."""
        ...

    def focused_title(self, process: int) -> str | None:
        """Return the title of an application's focused window, None where it tells none (kAXFocusedWindowAttribute, kAXTitleAttribute)."""
        ...

    def idle(self) -> float:
        """Return the seconds since the last input (CGEventSourceSecondsSinceLastEventType)."""
        ...

    def counted(self) -> int:
        """Return how many keys and buttons were pressed since the login, 32 bits (CGEventSourceCounterForEventType)."""
        ...

    def login(self) -> Login | None:
        """Return this login session, None outside of one (CGSessionCopyCurrentDictionary)."""
        ...

    def in_use(self) -> bool:
        """Tell whether another program records sound or pictures (kAudioDevicePropertyDeviceIsRunningSomewhere, and CoreMediaIO's)."""
        ...

    def secure_input(self) -> bool:
        """Tell whether a program keeps keys from others, as password fields do (IsSecureEventInputEnabled)."""
        ...

    def pasteboard_number(self) -> int:
        """Return what grows whenever the pasteboard changes (NSPasteboard.changeCount)."""
        ...

    def pasteboard_types(self) -> frozenset[str]:
        """Return the types that lie on it (NSPasteboard.types)."""
        ...

    def pasteboard_text(self) -> str | None:
        """Return its text, None where it has none (NSPasteboard.stringForType)."""
        ...
