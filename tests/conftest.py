"""What tests of several parts share: a real server on a loopback port, as a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from tests.browser import chromium, context, watched
from tests.waiting import wait_for
from tests.windows import display, windows

__all__ = ["chromium", "context", "display", "watched", "windows"]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RealServer:
    """A server process, its folder and its log."""

    data: Path
    port: int
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None)
    origin: str = ""
    """The address that people type, where it is another than the server's own."""

    @property
    def url(self) -> str:
        return self.origin or f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "reteamz.cli.main",
                    "serve",
                    "--data",
                    str(self.data),
                    "--port",
                    str(self.port),
                    "--origin",
                    self.url,
                ],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        wait_for(self.answers, what=f"server on {self.port}: {self.log.read_text()[-2000:]}")

    def answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).is_success
        except httpx.HTTPError:
            return False

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(30)
            self.process = None


@pytest.fixture(scope="session")
def make_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], RealServer]]:
    """Return what starts servers; all are stopped at the end."""
    servers: list[RealServer] = []

    def make() -> RealServer:
        folder = tmp_path_factory.mktemp("server")
        server = RealServer(folder / "data", free_port(), folder / "server.log")
        server.start()
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def server(make_server: Callable[[], RealServer]) -> Iterator[RealServer]:
    """Return a server that the tests of a module share; it allows ten sign-ups from one computer."""
    made = make_server()
    yield made
    made.stop()
