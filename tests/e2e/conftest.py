"""The parts that belong together: windows, agent, recording proxy, server, browser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.agent.conftest import enrol, now
from tests.agent.sessions.conftest import RunningService, end_service, start_service
from tests.browser import PASSWORD
from tests.conftest import RealServer, free_port
from tests.e2e.recorder import Recorder

from reteamz.owner.client import Owner
from reteamz.owner.policy import publish_policy
from reteamz.wire.policy import PolicyTree, Settings


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[tuple[RealServer, Recorder]]:
    """A server that is reached through a proxy which keeps every byte."""
    server = RealServer(tmp_path / "data", free_port(), tmp_path / "server.log")
    recorder = Recorder(server.port)
    server.origin = f"http://127.0.0.1:{recorder.port}"
    server.start()
    yield server, recorder
    server.stop()
    recorder.close()


@contextmanager
def company_of(server: RealServer, place: Path, email: str, asked: Settings) -> Iterator[tuple[Owner, RunningService]]:
    """An account whose one computer runs a service for everybody, confirmed, under a signed policy."""
    owner = Owner.sign_up(server.url, email, PASSWORD, "Lamplight Works", now=now)
    enrol(owner, place / "agent")
    service = start_service(place / "agent", place / "run" / "agent.sock")
    try:
        owner.confirm(owner.waiting())
        publish_policy(owner, PolicyTree(settings=asked, departments=[], persons=[]), now())
        yield owner, service
    finally:
        end_service(service)
        owner.close()


def command(folder: Path, *arguments: str) -> str:
    """Run a command of the agent as the person at the computer does."""
    done = subprocess.run(
        [sys.executable, "-m", "reteamz.cli.main", "agent", "--dir", str(folder), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def files_with(folder: Path, canary: bytes) -> list[Path]:
    """Return the files under a folder that hold a canary."""
    return [path for path in folder.rglob("*") if path.is_file() and canary in path.read_bytes()]
