"""What every platform adapter tells, and how it says that it cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, Protocol

import msgspec

Ability = Literal["window", "title", "idle", "locked", "input", "meeting", "passwords"]


class Window(msgspec.Struct, frozen=True):
    """The window that has the focus, as the desktop names it."""

    app: str
    title: str


class Look(msgspec.Struct, frozen=True):
    """One look at the desktop. ``idle`` is the time since the last input in milliseconds, None where the desktop does not tell; ``input`` counts
    keys and clicks since the look before; ``meeting``: another program uses microphone or camera."""

    window: Window | None = None
    idle: int | None = None
    locked: bool | None = None
    input: int = 0
    meeting: bool = False


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


BACKSPACE: Final = "\b"
MOVED: Final = "\x01"
"""Stands for a key that moved the cursor: what was typed before it can no longer be taken back."""

Typed = Callable[[Window, str], None]
"""Is told what a key wrote into a window: a character, ``\\n``, ``\\t``, or one of the two above; called by any thread."""


class Keys(Protocol):
    """Listens to keys from its making on; tells of none while a password field has the focus, where the desktop says so."""

    def close(self) -> None:
        """Stop listening."""
        ...


Copied = Callable[[Window, str], None]
"""Is told which text was copied in which window; called by any thread."""


class Clipboard(Protocol):
    """Listens to the clipboard from its making on."""

    def close(self) -> None:
        """Stop listening."""
        ...


class Camera(Protocol):
    """Takes pictures of who sits there; used by one thread, and in use only while it takes one."""

    def picture(self) -> Shot:
        """Take a picture. Raises ``internal`` when the camera gives none just now."""
        ...

    def close(self) -> None:
        """Let the camera go."""
        ...


class Heard(msgspec.Struct, frozen=True):
    """A piece of sound: one channel, 16 bits a sample, ``rate`` samples a second."""

    rate: int
    samples: bytes

    def __repr__(self) -> str:
        return f"Heard({len(self.samples)} bytes)"


class Microphone(Protocol):
    """Records pieces of sound; used by one thread, and in use only while it records one."""

    def begin(self, seconds: int) -> None:
        """Begin a piece. Raises ``internal`` when the microphone gives none just now."""
        ...

    def heard(self) -> Heard | None:
        """Return the piece once it is whole, None before."""
        ...

    def close(self) -> None:
        """Let the microphone go."""
        ...
