"""Screenshots: at a random moment of every interval, of every monitor whose picture changed, with a thumbnail."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import BytesIO
from typing import Final

from PIL import Image, ImageFilter

from reteamz.agent.desktop.base import Screens, Shot
from reteamz.agent.records.schedule import CHANCE, Schedule
from reteamz.agent.records.wanted import Sink, Wanted
from reteamz.wire.policy import Screenshot

THUMBNAIL: Final = 320
"""Width of a thumbnail at most, in pixels."""
_COMPARED: Final = (160, 160)
"""Size to which a picture is reduced before it is compared with the one before."""
_QUALITY: Final = 75
_EFFORT: Final = 3
_SIDE_MOST: Final = 16_383
"""Longest side of a WebP, in pixels."""


class Screenshots:
    """Takes pictures of one session's screen; used by one thread.

    Args:
        screens: the screen.
        sink: where they go.
        chance: for the moment in the interval.
    """

    def __init__(self, screens: Screens, sink: Sink, chance: Callable[[], float] = CHANCE) -> None:
        self._screens = screens
        self._sink = sink
        self._schedule = Schedule(chance)
        self._last: dict[int, bytes] = {}

    def tick(self, now: int, wanted: Wanted) -> None:
        """Take a picture when its moment has come (ms). A moment at which nothing may be taken passes. Raises ``display_missing``."""
        how = wanted.screenshot
        if not self._schedule.due(now, how.every_s * 1000) or not wanted.has("screenshot"):
            return
        windows = self._screens.visible()
        for shot in self._screens.shots(how.monitors == "active"):
            picture = Image.frombytes("RGB", (shot.width, shot.height), shot.rgb)
            seen = hashlib.sha256(picture.resize(_COMPARED, Image.Resampling.BOX).tobytes()).digest()
            if self._last.get(shot.monitor) == seen:
                continue
            shown = _altered(picture, how)
            caption = {"monitor": shot.monitor, "width": shown.width, "height": shown.height}
            taken = self._sink.captured("screenshot", "image/webp", now, caption, webp(shown), windows)
            if taken is None:
                return
            self._last[shot.monitor] = seen
            self._thumbnail(now, shot, shown, taken)

    def _thumbnail(self, now: int, shot: Shot, shown: Image.Image, of: str) -> None:
        small = shown.copy()
        small.thumbnail((THUMBNAIL, THUMBNAIL * 4))
        caption = {
            "monitor": shot.monitor, "width": small.width, "height": small.height, "thumbnail": True, "of": of,
        }  # fmt: skip
        # What may be seen on the picture was looked at already.
        self._sink.captured("screenshot", "image/webp", now, caption, webp(small), ())

    def close(self) -> None:
        """Let the screen go."""
        self._screens.close()


def _altered(picture: Image.Image, how: Screenshot) -> Image.Image:
    """Return the picture as the policy wants it; nothing else ever leaves this function's caller."""
    if max(picture.size) > _SIDE_MOST:
        picture.thumbnail((_SIDE_MOST, _SIDE_MOST))
    if how.grey:
        picture = picture.convert("L")
    if how.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(how.blur))
    return picture


def webp(picture: Image.Image) -> bytes:
    """Return the picture as WebP."""
    out = BytesIO()
    picture.save(out, "WEBP", quality=_QUALITY, method=_EFFORT)
    return out.getvalue()
