"""Pages and shares."""

from __future__ import annotations


def pages_of(count: int, limit: int) -> int:
    """Return how many pages so many rows make; there is always one."""
    return max(1, -(-count // limit))


def share_of(part: int, whole: int) -> float:
    """Return part ÷ whole, 0…1, to six digits; 0 of nothing."""
    return round(part / whole, 6) if whole else 0.0
