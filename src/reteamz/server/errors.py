"""Errors as answers: a status, a code, a sentence; never a traceback, never what was sent."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, PermissionDeniedException
from litestar.types import ExceptionHandlersMap

from reteamz.wire.enrolment import Problem
from reteamz.wire.errors import Code, ReteamzError

_STATUS: Final[dict[Code, int]] = {
    "bundle_conflict": 409, "roster_conflict": 409, "email_taken": 409, "device_exists": 409, "blob_unknown": 404,
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

log = structlog.get_logger("reteamz.server")


def answer(error: ReteamzError) -> Response[bytes]:
    """Return the answer for a refusal."""
    body = msgspec.json.encode(Problem(error.code, error.message))
    headers = {"Retry-After": _RETRY_AFTER[error.code]} if error.code in _RETRY_AFTER else {}
    return Response(body, status_code=_STATUS.get(error.code, 400), media_type="application/json", headers=headers)


def _refused(_: Request[Any, Any, Any], error: ReteamzError) -> Response[bytes]:
    return answer(error)


def _csrf(_: Request[Any, Any, Any], __: PermissionDeniedException) -> Response[bytes]:
    return answer(ReteamzError("csrf_refused", "The page is too old for this; load it again."))


def _http(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    code, message = _HTTP.get(
        error.status_code, ("input_invalid", "The request is not of the agreed form; reload the page.")
    )
    response = answer(ReteamzError(code, message))
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
