"""A session with the server: cookies, the guard against other sites, errors with their codes."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import httpx
import msgspec

from reteamz import __version__
from reteamz.wire.enrolment import Problem
from reteamz.wire.errors import CODES, Code, ReteamzError

T = TypeVar("T")
TIMEOUT_S: Final = 60.0


class Connection:
    """One log-in's connection.

    Args:
        server: the server's address.
        http: a client to use; the default talks to the network.
    """

    def __init__(self, server: str, http: httpx.Client | None = None) -> None:
        self.server: Final = server.rstrip("/")
        self._http = http or httpx.Client(timeout=TIMEOUT_S, headers={"User-Agent": f"reteamz/{__version__}"})

    def get(self, path: str, kind: type[T], **query: Any) -> T:
        """Return what is at a path. Raises the server's code, ``server_unreachable``."""
        return self._decoded(self._request("GET", path, None, query), kind)

    def post(self, path: str, message: msgspec.Struct | None, kind: type[T]) -> T:
        """Send a message and return the answer. Raises the server's code, ``server_unreachable``."""
        return self._decoded(self._request("POST", path, message), kind)

    def send(self, method: str, path: str, message: msgspec.Struct | None = None) -> None:
        """Send a message whose answer is empty. Raises the server's code, ``server_unreachable``."""
        self._request(method, path, message)

    def bytes(self, path: str) -> bytes:
        """Return the bytes at a path."""
        return self._request("GET", path, None).content

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _request(
        self, method: str, path: str, message: msgspec.Struct | None, query: dict[str, Any] | None = None
    ) -> httpx.Response:
        try:
            if method != "GET" and "csrftoken" not in self._http.cookies:
                self._http.get(self.server + "/healthz")
            response = self._http.request(
                method,
                self.server + path,
                params=query,
                content=None if message is None else msgspec.json.encode(message),
                headers={"Content-Type": "application/json", "x-csrftoken": self._http.cookies.get("csrftoken") or ""},
            )
        except (httpx.HTTPError, httpx.InvalidURL):
            raise _unreachable() from None
        if response.is_success:
            return response
        try:
            problem = msgspec.json.decode(response.content, type=Problem)
        except msgspec.MsgspecError:
            raise _unreachable() from None
        if problem.code not in CODES:
            raise _unreachable()
        code: Code = problem.code  # type: ignore[assignment]  # checked in the line above
        raise ReteamzError(code, problem.message[:300])

    def _decoded(self, response: httpx.Response, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.MsgspecError:
            raise _unreachable() from None


def _unreachable() -> ReteamzError:
    return ReteamzError(
        "server_unreachable", "The server does not answer as it should; check its address, then try again."
    )
