"""A microphone, by PortAudio."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import sounddevice

from reteamz.agent.desktop.base import Heard
from reteamz.wire.errors import ReteamzError

RATE: Final = 16_000
"""Samples a second that are asked for: enough for voices."""
_BYTES: Final = 2
_ALSA: Final = "/usr/share/alsa/alsa.conf"


class PortAudioMicrophone:
    """The microphone that the system's settings name; used by one thread, filled by PortAudio's."""

    def __init__(self) -> None:
        """Raises ``unsupported`` where there is none."""
        if sys.platform == "linux" and not Path(os.environ.get("ALSA_CONFIG_PATH", _ALSA)).exists():
            # PortAudio ends the whole process then.
            raise ReteamzError("unsupported", "ALSA is not set up here")
        # PortAudio knows the devices that there were when it began.
        with suppress(sounddevice.PortAudioError):
            sounddevice._terminate()
            sounddevice._initialize()
        try:
            told = sounddevice.query_devices(kind="input")
        except (sounddevice.PortAudioError, ValueError):
            raise ReteamzError("unsupported", "there is no microphone") from None
        self._usual = int(told["default_samplerate"])
        self._lock = threading.Lock()
        self._stream: Any = None
        self._data = bytearray()
        self._rate = RATE
        self._want = 0

    def begin(self, seconds: int) -> None:
        """Begin a piece of sound. Raises ``internal`` when the microphone gives none."""
        self.close()
        self._data = bytearray()
        for rate in (RATE, self._usual):
            self._rate, self._want = rate, seconds * rate * _BYTES
            try:
                self._stream = sounddevice.RawInputStream(
                    samplerate=rate, channels=1, dtype="int16", callback=self._take
                )
                self._stream.start()
            except (sounddevice.PortAudioError, ValueError):
                self.close()
            else:
                return
        raise ReteamzError("internal", "the microphone gives no sound")

    def _take(self, data: Any, _frames: int, _time: Any, _status: Any) -> None:
        with self._lock:
            if len(self._data) < self._want:
                self._data += bytes(data)

    def heard(self) -> Heard | None:
        """Return the piece once it is whole, None before; the microphone is let go then."""
        with self._lock:
            if self._stream is None or len(self._data) < self._want:
                return None
            heard = Heard(self._rate, bytes(self._data[: self._want]))
        self.close()
        return heard

    def close(self) -> None:
        """Let the microphone go; a piece that is not whole is forgotten."""
        stream, self._stream = self._stream, None
        if stream is not None:
            with suppress(sounddevice.PortAudioError):
                stream.abort()
                stream.close()
