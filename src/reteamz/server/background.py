"""Work that the server does by itself, beside requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

GRACE_S: Final = 5.0
"""How long work that runs when the server stops may take to end, in seconds."""

log = structlog.get_logger("reteamz.server")


class Background:
    """Things that are done over and over, each by itself, until the server stops."""

    def __init__(self) -> None:
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def every(self, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        """Do something, wait, and do it again. What fails is told in the log and tried at the next turn."""
        self._tasks.append(asyncio.create_task(self._repeat(seconds, work), name=f"every {seconds} s"))

    async def stop(self) -> None:
        """Let what runs end, and cancel what takes too long."""
        self._stopping.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=GRACE_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _repeat(self, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        while not self._stopping.is_set():
            try:
                await work()
            except Exception as error:
                # The kind alone: a message may quote what somebody sent.
                log.error("background", error=type(error).__name__, work=getattr(work, "__qualname__", ""))
            try:
                async with asyncio.timeout(seconds):
                    await self._stopping.wait()
            except TimeoutError:
                pass
