"""Errors as answers: a status, a code, a sentence; never a traceback, never what was sent."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, PermissionDeniedException
from litestar.response import Redirect, Template
from litestar.types import ExceptionHandlersMap

from reteamz.wire.enrolment import Problem
from reteamz.wire.errors import Code, ReteamzError

_STATUS: Final[dict[Code, int]] = {
    "bundle_conflict": 409, "roster_conflict": 409, "rules_conflict": 409, "prune_conflict": 409,
    "policy_conflict": 409,
    "email_taken": 409, "device_exists": 409, "blob_unknown": 404,
    "blob_too_large": 413, "signature_invalid": 401, "device_unknown": 403, "device_removed": 403, "plain_refused": 403,
    "busy": 503, "disk_full": 503, "rate_limited": 429, "login_failed": 401, "totp_required": 401, "session_required": 401,
    "forbidden": 403, "not_found": 404, "csrf_refused": 403, "internal": 500, "ticket_unknown": 404, "ticket_spent": 410,
    "code_expired": 410,
}  # fmt: skip
_RETRY_AFTER: Final[dict[Code, str]] = {"busy": "2", "disk_full": "60", "rate_limited": "60"}
"""Seconds to wait before the next try."""
_HTTP: Final[dict[int, tuple[Code, str]]] = {
    404: ("not_found", "There is nothing here; check the address."),
    405: ("not_found", "This address does not take such a request; check the method."),
    413: ("input_invalid", "The request is too large; send less at a time."),
}

_TITLES: Final[dict[Code, str]] = {
    "not_found": "Nothing here",
    "forbidden": "Not for you",
    "internal": "The server failed",
}

log = structlog.get_logger("reteamz.server")


def answer(error: ReteamzError) -> Response[bytes]:
    """Return the answer for a refusal."""
    body = msgspec.json.encode(Problem(error.code, error.message))
    headers = {"Retry-After": _RETRY_AFTER[error.code]} if error.code in _RETRY_AFTER else {}
    return Response(body, status_code=_STATUS.get(error.code, 400), media_type="application/json", headers=headers)


def _page(request: Request[Any, Any, Any], error: ReteamzError, status: int) -> Response[Any] | None:
    """Return the answer for a person who looks at a page, None for a program."""
    if request.scope["path"].startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        return None
    if error.code == "session_required":
        here = request.scope["path"]
        query = request.scope["query_string"].decode("latin-1")
        return Redirect("/login?" + urlencode({"next": f"{here}?{query}" if query else here}), status_code=303)
    context = {
        "key": "error",
        "title": _TITLES.get(error.code, "That did not work"),
        "message": error.message,
        "code": error.code,
    }
    return Template("error.html", context=context, status_code=status)


def _refused(request: Request[Any, Any, Any], error: ReteamzError) -> Response[Any]:
    return _page(request, error, _STATUS.get(error.code, 400)) or answer(error)


def _csrf(_: Request[Any, Any, Any], __: PermissionDeniedException) -> Response[bytes]:
    return answer(ReteamzError("csrf_refused", "The page is too old for this; load it again."))


def _http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    code, message = _HTTP.get(
        error.status_code,
        ("input_invalid", "Something in this address or form is not as it should be; go back and choose again."),
    )
    refusal = ReteamzError(code, message)
    response = _page(request, refusal, error.status_code) or answer(refusal)
    response.status_code = error.status_code
    return response


def _unforeseen(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_globals.get('__name__')}:{place.tb_lineno}" if place else "unknown"
    # The kind and the place; never the message, which may quote what somebody sent.
    log.error("unforeseen", error=type(error).__name__, where=where, method=request.method)
    return answer(ReteamzError("internal", "The server failed; try again, and tell its operator if it stays."))


HANDLERS: Final[ExceptionHandlersMap] = {
    ReteamzError: _refused,
    PermissionDeniedException: _csrf,
    HTTPException: _http,
    Exception: _unforeseen,
}
