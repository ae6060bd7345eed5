"""Who may ask the local port: loopback is shared by everyone on the computer, and by every page in their browsers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from reteamz.agent.users import own_user
from reteamz.wire.errors import ReteamzError

EXTENSION: Final = re.compile(r"(?:chrome|moz|safari-web)-extension://[A-Za-z0-9-]+")
_FOR_EXTENSIONS: Final = re.compile(r"GET /api/0/info/?|POST /api/0/buckets/[^/]+(?:/heartbeat)?/?")
"""The three routes that a browser extension needs: is somebody there, make a bucket, report."""
_CREATED: Final = frozenset(("none", "same-origin"))


def require_host(host: str, port: int) -> None:
    """Require the name that a local client uses; a rebound DNS name is another. Raises ``forbidden``."""
    if host.lower() not in (f"127.0.0.1:{port}", f"localhost:{port}"):
        raise _forbidden("This port answers programs of this computer only.")


def require_origin(headers: Mapping[str, str], method: str, path: str) -> None:
    """Refuse pages of any site, whatever method or content type; extensions may do what they need. Raises ``forbidden``."""
    origin = headers.get("origin")
    if origin is None:
        if headers.get("sec-fetch-site", "none") not in _CREATED:
            raise _forbidden("Pages of other sites may not ask this computer.")
        return
    if not EXTENSION.fullmatch(origin):
        raise _forbidden("Pages of other sites may not ask this computer.")
    if not _FOR_EXTENSIONS.fullmatch(f"{method} {path}"):
        raise _forbidden("A browser extension may report, not read.")


def require_own_page(headers: Mapping[str, str], port: int) -> None:
    """Refuse pages of any site but this port's own. Raises ``forbidden``."""
    origin = headers.get("origin")
    if origin is not None and origin not in (f"http://127.0.0.1:{port}", f"http://localhost:{port}"):
        raise _forbidden("Pages of other sites may not ask this computer.")
    if headers.get("sec-fetch-site", "none") not in _CREATED:
        raise _forbidden("Pages of other sites may not ask this computer.")


def require_user(user: int | None, shared: bool = False) -> int:
    """Return the user whose buckets may be seen; an agent that is not ``shared`` and not root's serves its own user only. Raises ``forbidden``."""
    own = own_user()
    if user is None or (own not in (0, user) and not shared):
        raise _forbidden("The agent of another user answers here; start your own.")
    return user


def _forbidden(message: str) -> ReteamzError:
    return ReteamzError("forbidden", message)
