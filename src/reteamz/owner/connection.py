"""Requests of a member to a server: session cookie, CSRF header, errors with codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import httpx
import msgspec

from reteamz.wire.enrolment import Problem
from reteamz.wire.errors import CODES, ReteamzError

T = TypeVar("T")
Query = Mapping[str, str | int | list[str] | list[int]]

CSRF_COOKIE: Final = "csrftoken"
CSRF_HEADER: Final = "x-csrftoken"


class Connection:
    """Speaks to one server; ``http`` keeps the cookies and is the caller's to close."""

    def __init__(self, http: httpx.Client, origin: str) -> None:
        self.origin: Final = origin.rstrip("/")
        self._http = http

    def get(self, path: str, kind: type[T], query: Query | None = None) -> T:
        """Return the answer to a question. Raises what the server says, or ``server_unreachable``."""
        return self._decode(self._send("GET", path, None, query), kind)

    def post(self, path: str, body: msgspec.Struct | None, kind: type[T]) -> T:
        """Return the answer to a request that changes something."""
        return self._decode(self._send("POST", path, body, None), kind)

    def put(self, path: str, body: msgspec.Struct) -> None:
        """Replace something."""
        self._send("PUT", path, body, None)

    def tell(self, path: str, body: msgspec.Struct | None = None) -> None:
        """Send a request whose answer says nothing."""
        self._send("POST", path, body, None)

    def delete(self, path: str) -> None:
        """Remove something."""
        self._send("DELETE", path, None, None)

    def _send(self, method: str, path: str, body: msgspec.Struct | None, query: Query | None) -> httpx.Response:
        headers: dict[str, str] = {}
        if method != "GET":
            headers[CSRF_HEADER] = self._csrf()
        content = None
        if body is not None:
            content = msgspec.json.encode(body)
            headers["content-type"] = "application/json"
        answer = self._request(method, path, content, headers, query)
        if answer.is_success:
            return answer
        raise _problem(answer)

    def _csrf(self) -> str:
        """Return the token that the server expects beside its cookie; any page sets the cookie."""
        known = self._http.cookies.get(CSRF_COOKIE)
        if known is None:
            self._request("GET", "/login", None, {}, None)
            known = self._http.cookies.get(CSRF_COOKIE)
        return known or ""

    def _request(
        self, method: str, path: str, content: bytes | None, headers: Mapping[str, str], query: Query | None
    ) -> httpx.Response:
        try:
            return self._http.request(
                method, self.origin + path, content=content, headers=dict(headers), params=_parameters(query)
            )
        except (httpx.HTTPError, httpx.InvalidURL):
            raise ReteamzError(
                "server_unreachable", f"The server at {self.origin} does not answer; check the address and the network."
            ) from None

    def _decode(self, answer: httpx.Response, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise _foreign(answer) from None


def _parameters(query: Query | None) -> list[tuple[str, str | int | float | bool | None]]:
    pairs: list[tuple[str, str | int | float | bool | None]] = []
    for name, value in (query or {}).items():
        pairs.extend((name, one) for one in (value if isinstance(value, list) else [value]))
    return pairs


def _problem(answer: httpx.Response) -> ReteamzError:
    try:
        problem = msgspec.json.decode(answer.content, type=Problem)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _foreign(answer)
    if problem.code not in CODES:
        return _foreign(answer)
    code: Any = problem.code
    return ReteamzError(code, problem.message)


def _foreign(answer: httpx.Response) -> ReteamzError:
    return ReteamzError(
        "server_unreachable",
        f"What answers at this address is not a Reteamz server (status {answer.status_code}); check the address.",
    )
