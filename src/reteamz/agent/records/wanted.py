"""What the sources of a session are asked for, and what takes in what they recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from reteamz.agent.desktop.base import Window
from reteamz.agent.records.record import TextKind
from reteamz.wire.batch import Media, SealedKind
from reteamz.wire.policy import CAMERA, SCREENSHOT, SOUND, Camera, Screenshot, Sound


class Wanted(msgspec.Struct, frozen=True):
    """The sealed content that may be taken of a session, and how: what the policy asks for and the person accepted.

    ``now`` tells whether anything may be taken at this very moment: the person is there, and the window with the focus is neither
    excluded nor private.
    """

    kinds: frozenset[SealedKind] = frozenset()
    now: bool = False
    screenshot: Screenshot = SCREENSHOT
    camera: Camera = CAMERA
    sound: Sound = SOUND

    def has(self, kind: SealedKind) -> bool:
        """Tell whether a kind may be taken at this moment."""
        return self.now and kind in self.kinds


class Sink(Protocol):
    """Takes in what sources recorded, and decides once more whether it may be kept."""

    def captured(
        self, kind: SealedKind, media: Media, at: int, caption: dict[str, Any], data: bytes, windows: Sequence[Window]
    ) -> str | None:
        """Take a picture or a piece of sound of ``at`` (ms); ``windows`` are those that may be seen on it.

        Returns:
            What :meth:`captured` of a thumbnail names as ``of``; None when it was not kept.
        """
        ...

    def written(self, kind: TextKind, at: int, window: Window, text: str) -> bool:
        """Take text of ``at`` (ms) that belongs to a window; tell whether it was kept."""
        ...

    def unsupported(self, kind: SealedKind, reason: str) -> None:
        """A kind cannot be had here."""
        ...

    def failed(self, kind: SealedKind, reason: str) -> None:
        """A kind can be had here, but not just now."""
        ...
