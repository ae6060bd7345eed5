"""The agent's requests (spec 11), and what their answers mean."""

from __future__ import annotations

from typing import Final, TypeVar

import httpx
import msgspec

from reteamz import __version__
from reteamz.wire.batch import Head
from reteamz.wire.enrolment import BatchStored, Enrolled, Polled, Problem
from reteamz.wire.errors import CODES, Code, ReteamzError

T = TypeVar("T")

TIMEOUT_S: Final = 30.0


def http_client() -> httpx.Client:
    """Return a client as the agent uses it; follows no redirect: the code named the server."""
    return httpx.Client(timeout=TIMEOUT_S, headers={"User-Agent": f"reteamz-agent/{__version__}"})


class Refusal(ReteamzError):
    """The server refused; ``head`` is its head of this device's chain where it told it."""

    def __init__(self, code: Code, message: str, head: Head | None, retry_after: float) -> None:
        super().__init__(code, message)
        self.head = head
        self.retry_after = retry_after
        """Seconds to wait, 0 when the server named none."""


class Client:
    """Sends signed bodies.

    Args:
        http: the connection.
        server: the address out of the enrolment code.
    """

    def __init__(self, http: httpx.Client, server: str) -> None:
        self._http = http
        self._server = server.rstrip("/")

    def enroll(self, body: bytes, signature: str) -> Enrolled:
        """Redeem a ticket. Raises :class:`Refusal`, ``server_unreachable``."""
        return self._post("/api/agent/enroll", body, {"Reteamz-Signature": signature}, Enrolled)

    def poll(self, body: bytes, signature: str) -> Polled:
        """Ask for what concerns this device. Raises :class:`Refusal`, ``server_unreachable``."""
        return self._post("/api/agent/poll", body, {"Reteamz-Signature": signature}, Polled)

    def batch(self, device: str, packed: bytes, signature: str) -> BatchStored:
        """Send a batch as one zstd frame. Raises :class:`Refusal`, ``server_unreachable``."""
        headers = {"Reteamz-Device": device, "Reteamz-Signature": signature, "Content-Encoding": "zstd"}
        return self._post("/api/agent/batch", packed, headers, BatchStored)

    def blob(self, device: str, digest: str, data: bytes, signature: str) -> None:
        """Send sealed content that an acknowledged batch lists (spec 11.4); ``digest`` in hex. Raises :class:`Refusal`, ``server_unreachable``."""
        headers = {
            "Reteamz-Device": device,
            "Reteamz-Signature": signature,
            "Content-Type": "application/octet-stream",
        }
        response = self._send("PUT", f"/api/agent/blob/{digest}", data, headers)
        if response.status_code not in (200, 201):
            raise _unreachable()

    def _post(self, path: str, body: bytes, headers: dict[str, str], kind: type[T]) -> T:
        response = self._send("POST", path, body, {"Content-Type": "application/json", **headers})
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.MsgspecError:
            raise _unreachable() from None

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """Return the answer of a server that took it."""
        try:
            response = self._http.request(method, self._server + path, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL):
            raise _unreachable() from None
        if response.is_success:
            return response
        try:
            problem = msgspec.json.decode(response.content, type=Problem)
        except msgspec.MsgspecError:
            if response.status_code == 413 and method == "PUT":
                raise Refusal("blob_too_large", "A proxy takes no bodies of this size.", None, 0.0) from None
            raise _unreachable() from None
        if problem.code not in CODES:
            raise _unreachable()
        code: Code = problem.code  # type: ignore[assignment]  # checked in the line above
        try:
            wait = float(response.headers.get("Retry-After", "0"))
        except ValueError:
            wait = 0.0
        # The sentence is the server's: what it says is shown as words, and nothing is done because of it.
        raise Refusal(code, problem.message[:300], problem.head, wait)


def _unreachable() -> ReteamzError:
    return ReteamzError(
        "server_unreachable", "The server does not answer as it should; what was recorded waits here and is sent later."
    )
