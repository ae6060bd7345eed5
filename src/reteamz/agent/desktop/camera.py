"""A camera, by OpenCV: opened for one picture, then let go."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import cv2

from reteamz.agent.desktop.base import Shot
from reteamz.wire.errors import ReteamzError

_WARMING: Final = 5
"""The first pictures of a camera are dark: it has not adjusted itself."""


class OpenCvCamera:
    """One camera."""

    def __init__(self, device: int | str = 0) -> None:
        """``device`` is a number, or a path. Raises ``unsupported`` where there is none."""
        self._device = device
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        path = Path(f"/dev/video{device}") if isinstance(device, int) else Path(device)
        if sys.platform == "linux" and not path.exists():
            raise ReteamzError("unsupported", "there is no camera")

    def picture(self) -> Shot:
        """Take a picture; the camera's light is on meanwhile.

        Raises:
            ReteamzError: ``internal`` when it gives none, which another program that uses it causes.
        """
        camera = cv2.VideoCapture(self._device)
        try:
            taken = None
            for _ in range(_WARMING):
                good, frame = camera.read()
                if good:
                    taken = frame
            if taken is None:
                raise ReteamzError("internal", "the camera gives no picture; perhaps another program uses it")
            height, width = taken.shape[:2]
            return Shot(0, width, height, cv2.cvtColor(taken, cv2.COLOR_BGR2RGB).tobytes())
        except cv2.error:
            raise ReteamzError("internal", "the camera gives no picture") from None
        finally:
            camera.release()

    def close(self) -> None:
        """Nothing stays open between two pictures."""
