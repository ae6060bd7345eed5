"""The parts that belong together: windows, agent, recording proxy, server, browser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import RealServer, free_port
from tests.e2e.recorder import Recorder


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
