"""When to try again what failed: mail and webhooks wait longer each time, and are given up after a day."""

from __future__ import annotations

from typing import Final

FIRST_MS: Final = 60_000
LONGEST_MS: Final = 6 * 3_600_000
GIVE_UP_MS: Final = 24 * 3_600_000


def next_try(tries: int, since: int, now: int) -> int | None:
    """Return when to try again after a failure, None when it is time to give up.

    Args:
        tries: how often it failed, from 1.
        since: when the first try was due; all times in milliseconds.
        now: the server's clock.
    """
    end = since + GIVE_UP_MS
    if now >= end:
        return None
    return min(now + min(FIRST_MS << min(tries - 1, 20), LONGEST_MS), end)
