"""Runs coroutines in a thread: the main thread may have Playwright's loop running for the rest of the session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Any, ParamSpec

P = ParamSpec("P")


def in_a_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Let a test be a coroutine."""

    @wraps(test)
    def run(*arguments: P.args, **named: P.kwargs) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, test(*arguments, **named)).result(300)

    return run
