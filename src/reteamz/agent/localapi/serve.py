"""Serves the local API on a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn
from starlette.requests import Request
from uvicorn.protocols.http.h11_impl import H11Protocol

from reteamz.agent.connections import user_at
from reteamz.agent.feeds import Feeds
from reteamz.agent.localapi.app import LocalApp
from reteamz.agent.localapi.page import Page
from reteamz.agent.localapi.store import KEPT_MS, LocalStore
from reteamz.agent.samples import Clock
from reteamz.wire.errors import ReteamzError

if TYPE_CHECKING:
    from reteamz.agent.device import Device

HOST: Final = "127.0.0.1"
CONNECTIONS: Final = 512
"""Most connections at once; whoever opens more than that keeps others from this port, and nothing else of the agent."""
SILENCE_S: Final = 30.0
"""How long a connection may stay without a request."""
_FORGET_MS: Final = 60_000


class LocalApi:
    """The port of one agent. Raises ``port_in_use`` and those of the store."""

    def __init__(
        self, folder: Path, device: Device, port: int, now: Clock, shared: bool = False, testing: bool = False
    ) -> None:
        """``shared``: every user of this computer is served, each their own; ``testing``: it says that it is a test."""
        self._path = folder / "local.db"
        self._device = device
        self._now = now
        self._forgot_at = 0
        self._socket = _bound(port)
        self.port: Final = int(self._socket.getsockname()[1])
        # Before confirmation nothing sensitive is written at all.
        self._store = LocalStore(device.cipher, None if device.mode == "anonymous" else self._path, now)
        self._app = LocalApp(self._store, self._feeds, lambda: self.port, now, self._peer, shared, testing)
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app,
                lifespan="off",
                access_log=False,
                log_config=None,
                interface="asgi3",
                ws="none",
                http=_Bounded,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="local-api", daemon=True
        )
        self._thread.start()

    def show(self, page: Page) -> None:
        """Serve the page from now on."""
        self._app.page = page

    def settle(self) -> None:
        """Go on on disk once this computer is confirmed, and forget what is old; called now and then."""
        if not self._store.kept and self._device.mode != "anonymous":
            self._store.settle(self._path)
        now = self._now()
        if abs(now - self._forgot_at) > _FORGET_MS:
            self._store.forget(now - KEPT_MS)
            self._forgot_at = now

    def close(self) -> None:
        """Stop answering and close the store."""
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()
        self._store.close()

    def _feeds(self, user: int) -> Feeds | None:
        return next((session.feeds for session in self._device.sessions() if session.uid == user), None)

    def _peer(self, request: Request) -> int | None:
        client = request.client
        return None if client is None else user_at((client.host, client.port), (HOST, self.port))


class _Bounded(H11Protocol):
    """A connection that must ask for something soon, and may be refused: everybody on the computer can open them."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
            return
        self.loop.call_later(SILENCE_S, self._must_have_asked)

    def _must_have_asked(self) -> None:
        if not self.cycle:
            self.transport.abort()


def _bound(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(64)
    except OSError:
        listening.close()
        raise ReteamzError(
            "port_in_use",
            f"Port {port} is used by another program, perhaps ActivityWatch itself; end it, or name another with --port.",
        ) from None
    return listening
