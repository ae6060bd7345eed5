"""What every platform adapter tells, and how it says that it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

Ability = Literal["window", "idle", "locked", "input", "meeting"]


class Window(msgspec.Struct, frozen=True):
    """The window that has the focus, as the desktop names it."""

    app: str
    title: str


class Look(msgspec.Struct, frozen=True):
    """One look at the desktop. ``idle`` is the time since the last input in milliseconds, None where the desktop does not tell; ``input`` counts
    keys and clicks since the look before."""

    window: Window | None = None
    idle: int | None = None
    locked: bool | None = None
    input: int = 0


class Desktop(Protocol):
    """A platform adapter; used by one thread."""

    name: str

    def look(self) -> Look:
        """Look once. Raises ``display_missing`` when the desktop is gone."""
        ...

    def unsupported(self) -> Mapping[Ability, str]:
        """Return what this desktop cannot tell, and why."""
        ...

    def close(self) -> None:
        """Let the desktop go."""
        ...


class Shot(msgspec.Struct, frozen=True):
    """What one monitor shows; ``rgb`` has three bytes a pixel, row by row from the top."""

    monitor: int
    width: int
    height: int
    rgb: bytes


class Screens(Protocol):
    """Takes pictures of the screen; used by one thread."""

    def shots(self, active_only: bool) -> list[Shot]:
        """Take a picture of every monitor, or of the one with the focused window. Raises ``display_missing``."""
        ...

    def visible(self) -> list[Window]:
        """Return the windows that may be seen on the pictures; none where the desktop does not tell."""
        ...

    def close(self) -> None:
        """Let the screen go."""
        ...
