"""Work that the server does by itself, beside requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger("reteamz.server")


async def every(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    """Do something, wait, and do it again, until cancelled. What fails is told in the log and tried at the next turn."""
    while True:
        try:
            await work()
        except Exception as error:
            # The kind alone: a message may quote what somebody sent.
            log.error("background", error=type(error).__name__, work=getattr(work, "__qualname__", ""))
        await asyncio.sleep(seconds)


async def cancel(*tasks: asyncio.Task[None]) -> None:
    """End tasks and wait until they have."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
