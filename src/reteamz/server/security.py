"""What every answer carries, and the guard against requests from other sites."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from reteamz.server.config import Config
from reteamz.wire.errors import ReteamzError

_POLICY: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    # Charts place marks by style attributes that script sets; no sheet or element may come from markup.
    "style-src-attr 'none'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    # One policy, which knows one address: that of the worker that judges names. Nothing else becomes a script.
    "trusted-types reteamz-worker",
)
POLICY: Final = "; ".join(_POLICY)
RECORDS_POLICY: Final = "; ".join((*_POLICY, "media-src blob:")).replace(
    "img-src 'self' data:", "img-src 'self' data: blob:"
)
"""For the page of sealed records alone: it shows pictures and plays sound that it decrypted, under addresses that live in that page only."""
_HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


async def add_headers(message: Message, scope: Scope) -> None:
    """Add the headers of every answer (Litestar ``before_send``)."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    if not scope["path"].startswith("/static/"):
        headers.setdefault("cache-control", "no-store")


async def refuse_other_sites(request: Request[Any, Any, Any]) -> None:
    """Refuse what changes something and, as the browser itself says, was begun elsewhere (Litestar ``before_request``).

    The double-submit guard alone trusts whoever can set a cookie, which a neighbour under the same domain can.
    """
    elsewhere = request.headers.get("sec-fetch-site", "") in ("cross-site", "same-site")
    if elsewhere and request.method not in ("GET", "HEAD", "OPTIONS"):
        raise ReteamzError("csrf_refused", "The request comes from another site; use the pages of this server.")


def csrf(config: Config, secret: str) -> CSRFConfig:
    """Return the double-submit guard: cookie ``csrftoken``, header ``x-csrftoken``."""
    return CSRFConfig(
        secret=secret,
        cookie_name="csrftoken",
        header_name="x-csrftoken",
        cookie_secure=config.secure,
        cookie_samesite="strict",
        exclude_from_csrf_key="exclude_from_csrf",
    )
