"""A helper's connection to the service: what it said last, and the way there for sealed content."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, Final

import msgspec

from reteamz.agent.desktop.base import Window
from reteamz.agent.records.capture import Capture, Open
from reteamz.agent.records.record import TextKind
from reteamz.agent.records.wanted import Wanted
from reteamz.agent.samples import Clock
from reteamz.agent.sessions.link import Closed, Link
from reteamz.agent.sessions.messages import FRAME_BYTES, TO_HELPER, Captured, Failed, Goodbye, Taken, Tell, Written
from reteamz.wire.batch import Media, SealedKind
from reteamz.wire.errors import ReteamzError

ANSWER_S: Final = 10.0
"""How long a record waits for the service's answer."""


class Talk:
    """One connection; takes sealed content as a :class:`Sink` and sends it on. Ends with the connection.

    Args:
        link: the connection.
        sources: opens the kinds of sealed content that this session can give.
        now: the clock.
    """

    def __init__(self, link: Link, sources: Mapping[SealedKind, Open], now: Clock) -> None:
        self.link: Final = link
        self.told: Tell | None = None
        """What the service said last."""
        self.ended = False
        self._numbers = count()
        self._taken: queue.SimpleQueue[Taken] = queue.SimpleQueue()
        self._sending = threading.Lock()
        self._capture = Capture(sources, self, self._wanted, now)
        self._threads = [
            threading.Thread(target=self._hear, name="service", daemon=True),
            threading.Thread(target=self._record, name="capture", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the connection and the sources."""
        self._capture.end()
        self.link.close()
        for thread in self._threads:
            thread.join(ANSWER_S)

    def captured(
        self, kind: SealedKind, media: Media, at: int, caption: dict[str, Any], data: bytes, windows: Sequence[Window]
    ) -> str | None:
        """Send a picture or a piece of sound; return what a thumbnail of it names, None when it was not kept."""
        return self._sent(Captured(next(self._numbers), kind, media, at, caption, data, list(windows)))

    def written(self, kind: TextKind, at: int, window: Window, text: str) -> bool:
        """Send text; tell whether it was kept."""
        return self._sent(Written(next(self._numbers), kind, at, window, text)) is not None

    def unsupported(self, kind: SealedKind, reason: str) -> None:
        """Tell the service that a kind cannot be had here."""
        self._say(Failed(kind, True, reason[:1_000]))

    def failed(self, kind: SealedKind, reason: str) -> None:
        """Tell the service that a kind cannot be had just now."""
        self._say(Failed(kind, False, reason[:1_000]))

    def _wanted(self) -> Wanted:
        return self.told.wanted if self.told is not None else Wanted()

    def _record(self) -> None:
        with suppress(Closed):
            self._capture.run()

    def _say(self, message: Failed) -> None:
        self.link.send(message)

    def _sent(self, message: Captured | Written) -> str | None:
        with self._sending:
            self.link.send(message)
            with suppress(queue.Empty):
                while True:
                    taken = self._taken.get(timeout=ANSWER_S)
                    if taken.number == message.number:
                        return taken.of
        return None

    def _hear(self) -> None:
        with suppress(Closed, ReteamzError, msgspec.MsgspecError):
            while True:
                message = TO_HELPER.decode(self.link.receive(FRAME_BYTES))
                if isinstance(message, Tell):
                    self.told = message
                elif isinstance(message, Taken):
                    self._taken.put(message)
                elif isinstance(message, Goodbye):
                    break
        self.ended = True
