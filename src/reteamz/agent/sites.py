"""The site of a page's address."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import ada_url

_WEB: Final = frozenset(("http:", "https:"))


@lru_cache(maxsize=4096)
def site_of(url: str) -> str:
    """Return the host of a web address as the WHATWG URL standard serialises it, or "" (spec 4.2)."""
    try:
        parsed = ada_url.URL(url)
    except ValueError:
        return ""
    return str(parsed.hostname) if parsed.protocol in _WEB else ""
