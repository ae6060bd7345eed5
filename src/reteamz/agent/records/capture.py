"""Runs the sources of one session on a thread of their own: opened when the policy asks for them, closed when it does not any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, Protocol

from reteamz.agent.records.wanted import Sink, Wanted
from reteamz.agent.samples import Clock
from reteamz.wire.batch import SealedKind
from reteamz.wire.errors import ReteamzError

EVERY_S: Final = 1.0
AGAIN_MS: Final = 600_000
"""How long a kind that cannot be had rests before it is tried again: cameras are plugged in, permissions given."""


class Source(Protocol):
    """One kind of sealed content of one session; used by the thread of its :class:`Capture`."""

    def tick(self, now: int, wanted: Wanted) -> None:
        """Do what is due (ms). Raises why it cannot be done this time."""
        ...

    def close(self) -> None:
        """Stop, and let the device go."""
        ...


Open = Callable[[Sink], Source]
"""Opens a source. Raises ``unsupported`` or ``display_missing`` with the reason, ImportError or OSError where a part is not installed."""


class Capture:
    """The sources of one session.

    Args:
        sources: what opens each kind; nothing of a kind is loaded before it is wanted.
        sink: where records go.
        wanted: tells what is wanted at this moment.
        now: the clock.
    """

    def __init__(
        self, sources: Mapping[SealedKind, Open], sink: Sink, wanted: Callable[[], Wanted], now: Clock
    ) -> None:
        self._sources = sources
        self._sink = sink
        self._wanted = wanted
        self._now = now
        self._open: dict[SealedKind, Source] = {}
        self._rests: dict[SealedKind, int] = {}
        self._ended = threading.Event()

    def run(self) -> None:
        """Record until :meth:`end`; a thread's whole life."""
        try:
            while not self._ended.is_set():
                self.tick()
                self._ended.wait(EVERY_S)
        finally:
            for kind in list(self._open):
                self._close(kind)

    def end(self) -> None:
        """End ``run`` soon."""
        self._ended.set()

    def tick(self) -> None:
        """Open what is wanted, close what is not, let every source do what is due."""
        wanted = self._wanted()
        for kind, opening in self._sources.items():
            if kind not in wanted.kinds:
                self._close(kind)
                continue
            source = self._open.get(kind) or self._opened(kind, opening)
            if source is None:
                continue
            try:
                source.tick(self._now(), wanted)
            except ReteamzError as error:
                self._rest(kind)
                self._sink.failed(kind, error.message)
            except Exception as error:  # what a library throws must not end the other kinds
                self._rest(kind)
                self._sink.failed(kind, f"it went wrong ({type(error).__name__})")

    def _opened(self, kind: SealedKind, opening: Open) -> Source | None:
        if abs(self._now() - self._rests.get(kind, -AGAIN_MS)) < AGAIN_MS:
            return None
        try:
            source = opening(self._sink)
        except ReteamzError as error:
            reason = error.message
        except ImportError as error:
            reason = f"the package {error.name} is not installed"
        except OSError as error:
            reason = f"a library is missing ({error})"
        else:
            self._open[kind] = source
            return source
        self._rest(kind)
        self._sink.unsupported(kind, reason)
        return None

    def _rest(self, kind: SealedKind) -> None:
        self._close(kind)
        self._rests[kind] = self._now()

    def _close(self, kind: SealedKind) -> None:
        source = self._open.pop(kind, None)
        if source is not None:
            # What cannot be handed on any more must not keep the others from being closed.
            with suppress(Exception):
                source.close()
