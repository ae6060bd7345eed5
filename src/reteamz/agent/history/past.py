"""What is said of time that another program recorded."""

from __future__ import annotations

import msgspec


class Past(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of past time with one window: [start, end) in milliseconds, ``offset`` the local time's distance from UTC then, in minutes."""

    start: int
    end: int
    offset: int
    app: str
    title: str
    url: str = ""


class Brought(msgspec.Struct, frozen=True):
    """What became of past time, in milliseconds.

    ``events`` and ``taken`` were recorded; ``known`` was recorded or brought before; ``left_out`` is what the policy leaves out.
    """

    events: int = 0
    taken: int = 0
    known: int = 0
    left_out: int = 0

    def and_(self, other: Brought) -> Brought:
        """Return the sum of both."""
        return Brought(
            self.events + other.events,
            self.taken + other.taken,
            self.known + other.known,
            self.left_out + other.left_out,
        )
