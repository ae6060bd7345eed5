"""Names of what handlers are given."""

from __future__ import annotations

from collections.abc import Callable

Now = Callable[[], int]
"""The server's clock, in milliseconds since 1970."""
