"""Short pieces of sound, beginning at a random moment of every interval."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import soundfile

from reteamz.agent.desktop.base import Heard, Microphone
from reteamz.agent.records.schedule import CHANCE, Schedule
from reteamz.agent.records.wanted import Sink, Wanted


class SoundPieces:
    """Records pieces from one session's microphone; used by one thread."""

    def __init__(self, microphone: Microphone, sink: Sink, chance: Callable[[], float] = CHANCE) -> None:
        self._microphone = microphone
        self._sink = sink
        self._schedule = Schedule(chance)
        self._begun: int | None = None

    def tick(self, now: int, wanted: Wanted) -> None:
        """Begin a piece when its moment has come (ms), hand on one that is whole, break off when nothing may be recorded. Raises ``internal``."""
        due = self._schedule.due(now, wanted.sound.every_s * 1000)
        if not wanted.has("sound"):
            self._break_off()
        elif self._begun is not None:
            heard = self._microphone.heard()
            if heard is not None:
                at, self._begun = self._begun, None
                length = len(heard.samples) * 500 // heard.rate
                self._sink.captured("sound", "audio/flac", at, {"length_ms": length}, flac(heard), ())
        elif due:
            self._microphone.begin(wanted.sound.length_s)
            self._begun = now

    def _break_off(self) -> None:
        if self._begun is not None:
            self._microphone.close()
            self._begun = None

    def close(self) -> None:
        """Let the microphone go."""
        self._microphone.close()


def flac(heard: Heard) -> bytes:
    """Return the sound as FLAC."""
    out = BytesIO()
    with soundfile.SoundFile(out, "w", heard.rate, 1, "PCM_16", format="FLAC") as file:
        file.buffer_write(heard.samples, "int16")
    return out.getvalue()
