"""Pictures of the camera, at a random moment of every interval."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from reteamz.agent.desktop.base import Camera
from reteamz.agent.records.schedule import CHANCE, Schedule
from reteamz.agent.records.screens import webp
from reteamz.agent.records.wanted import Sink, Wanted


class CameraPictures:
    """Takes pictures of one session's camera; used by one thread."""

    def __init__(self, camera: Camera, sink: Sink, chance: Callable[[], float] = CHANCE) -> None:
        self._camera = camera
        self._sink = sink
        self._schedule = Schedule(chance)

    def tick(self, now: int, wanted: Wanted) -> None:
        """Take a picture when its moment has come (ms). Raises ``internal``."""
        if not self._schedule.due(now, wanted.camera.every_s * 1000) or not wanted.has("camera"):
            return
        shot = self._camera.picture()
        picture = Image.frombytes("RGB", (shot.width, shot.height), shot.rgb)
        caption = {"width": shot.width, "height": shot.height}
        self._sink.captured("camera", "image/webp", now, caption, webp(picture), ())

    def close(self) -> None:
        """Let the camera go."""
        self._camera.close()
