"""Decides, next to the device, what of a session's sealed content is kept: once for the moment, once more for what arrives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from reteamz.agent.desktop.base import Window
from reteamz.agent.device import Device
from reteamz.agent.feeds import Said
from reteamz.agent.records.private import asks_for_secrets, private_window
from reteamz.agent.records.record import Record, Text, TextKind
from reteamz.agent.records.wanted import Wanted
from reteamz.agent.samples import NAMED_KINDS, Clock, Sample
from reteamz.agent.sessions.session import Session
from reteamz.wire.batch import ACTIVE, Media, NoticeCode, SealedKind

FRESH_MS: Final = 5_000
"""How long a look tells what may be taken."""


class Gate:
    """One session's way from sources to the device. Every method may be called from any thread.

    Args:
        device, session: where it goes, and whose it is.
        now: the clock.
        private: tells whether the person takes private time.
    """

    def __init__(self, device: Device, session: Session, now: Clock, private: Callable[[], bool]) -> None:
        self._device = device
        self._session = session
        self._now = now
        self._private = private
        self._lock = threading.Lock()
        self._last: Sample | None = None
        self._told: set[tuple[str, SealedKind]] = set()
        self.reasons: dict[SealedKind, str] = {}
        """Why a kind cannot be had here."""
        session.feeds.said = self._said

    def saw(self, sample: Sample) -> None:
        """Remember the last look, as the desktop told it."""
        with self._lock:
            self._last = sample

    def wanted(self) -> Wanted:
        """Return what may be taken."""
        person = self._session.person
        policy = self._device.policy_for(person)
        kinds = frozenset(kind for kind in policy.records if self._device.records.allowed(person, kind))
        if not kinds or self._private():
            return Wanted()
        return Wanted(kinds, self._open(), policy.screenshot, policy.camera, policy.sound)

    def captured(
        self, kind: SealedKind, media: Media, at: int, caption: dict[str, Any], data: bytes, windows: Sequence[Window]
    ) -> str | None:
        """Keep a picture or a piece of sound under the names of the window that has the focus, as the policy allows them."""
        sample = self._fresh()
        if sample is None or not self._open() or any(self._names(window, at) is None for window in windows):
            return None
        names = self._names(Window(sample.app, sample.title), at)
        if names is None:
            return None
        told = {"app": names.app, "title": names.title, "site": names.site}
        self.reasons.pop(kind, None)
        return self._device.record(Record(kind, media, at, self._session.person, told | caption, data))

    def written(self, kind: TextKind, at: int, window: Window, text: str) -> bool:
        """Keep text under the names of its window, as the policy allows them."""
        sample = self._fresh()
        if sample is None or sample.kind not in NAMED_KINDS or self._private() or asks_for_secrets(window):
            return False
        names = self._names(window, at)
        if names is None:
            return False
        return self._device.record_text(self._session.person, kind, Text(at, names.app, names.title, names.site, text))

    def _said(self, said: Said) -> None:
        text = f"{said.sender}: {said.text}" if said.sender else said.text
        if said.text and "chat" in self.wanted().kinds:
            self.written("chat", said.at, Window(said.app, said.conversation), text)

    def unsupported(self, kind: SealedKind, reason: str) -> None:
        """Tell person and owner, the owner once, that a kind cannot be had here."""
        self.reasons[kind] = reason
        self._tell("capture_unsupported", kind)

    def failed(self, kind: SealedKind, reason: str) -> None:
        """Tell person and owner, the owner once, that a kind cannot be had just now."""
        self.reasons[kind] = reason
        self._tell("capture_failed", kind)

    def _tell(self, code: NoticeCode, kind: SealedKind) -> None:
        with self._lock:
            fresh = (code, kind) not in self._told
            self._told.add((code, kind))
        if fresh:
            self._device.notice(code, self._session.person)

    def _fresh(self) -> Sample | None:
        with self._lock:
            last = self._last
        return last if last is not None and 0 <= self._now() - last.at <= FRESH_MS else None

    def _open(self) -> bool:
        """Tell whether the person is there, and the window with the focus may be recorded."""
        sample = self._fresh()
        return (
            sample is not None
            and sample.kind in NAMED_KINDS
            and not self._private()
            and self._names(Window(sample.app, sample.title), sample.at) is not None
        )

    def _names(self, window: Window, at: int) -> Sample | None:
        """Return a window's names as the policy allows them, None when nothing of it may be recorded, be it excluded or private."""
        feeds, now = self._session.feeds, self._now()
        if private_window(window) or feeds.private(now, window):
            return None
        with self._lock:
            offset = self._last.offset if self._last is not None else 0
        seen = Sample(
            at, ACTIVE, offset=offset, person=self._session.person, app=window.app, title=window.title, url=feeds.url(now, window)
        )  # fmt: skip
        told = self._device.policy_for(self._session.person).apply(seen)
        # An exclusion that hides leaves the time and takes the names.
        hidden = (window.app or window.title) and told is not None and not (told.app or told.title)
        return None if hidden else told
