"""What watchers see (samples) and what becomes of it (events), before anything is turned into tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from reteamz.wire.batch import ACTIVE, MEETING

Clock = Callable[[], int]
"""Milliseconds since 1970-01-01T00:00Z."""

NAMED_KINDS: Final = (ACTIVE, MEETING)
"""Kinds that may carry what was on the screen; idle, locked and private time carry nothing but the person."""


class Sample(msgspec.Struct, frozen=True, gc=False):
    """One look at the desktop, or one interval that is already known.

    ``at``, ``duration`` and ``idle`` (time since the last input) are milliseconds, ``offset`` is the local time's distance from UTC in
    minutes, ``input`` counts keys and clicks since the sample before. Names are as the desktop tells them.
    """

    at: int
    kind: int = ACTIVE
    duration: int = 0
    offset: int = 0
    idle: int = 0
    person: str = ""
    app: str = ""
    title: str = ""
    site: str = ""
    url: str = ""
    document: str = ""
    input: int = 0


class Event(msgspec.Struct, array_like=True, gc=False):
    """A stretch of time with the same data: [start, end) in milliseconds."""

    start: int
    end: int
    kind: int
    offset: int
    person: str
    app: str
    title: str
    site: str
    url: str
    document: str
    input: int
