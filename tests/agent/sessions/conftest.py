"""A service of one computer, and real users of that computer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.agent.conftest import enrol
from tests.agent.users import User, everyones_python, users
from tests.waiting import wait_for

from reteamz.agent.control import Request, Status, ask
from reteamz.agent.sessions.link import ask_service
from reteamz.owner.client import Owner


@dataclass
class RunningService:
    """A service process, its folder and its socket."""

    folder: Path
    socket: Path
    process: subprocess.Popen[Any]
    log: Path

    def status(self) -> Status:
        """Return what root is told."""
        found = ask(self.folder, Request("status"))
        assert found is not None, self.log.read_text()
        return found

    def of(self, user: User) -> Status:
        """Return what a user is told, asked by themselves."""
        told = user.run("--socket", str(self.socket), "status", "--json")
        assert told.returncode == 0, told.stderr + self.log.read_text()
        return msgspec.json.decode(told.stdout, type=Status)


def start_service(folder: Path, socket: Path, *options: str) -> RunningService:
    """Start ``reteamz agent service`` and wait until it answers."""
    log = folder.with_name(folder.name + ".log")
    command = [
        sys.executable, "-m", "reteamz.cli.main", "agent", "--dir", str(folder), "--socket", str(socket), "service", "--port", "0",
        "--sample-every", "0.2", "--upload-every", "0.3", "--readable", *options,
    ]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        return ask_service(socket, Request("status")) is not None

    wait_for(answers, what="the service's answer")
    return RunningService(folder, socket, process, log)


def end_service(service: RunningService) -> None:
    if service.process.poll() is None:
        service.process.terminate()
        assert service.process.wait(60) == 0, service.log.read_text()


@pytest.fixture(scope="module")
def python() -> Iterator[Path]:
    with everyones_python() as found:
        yield found


@pytest.fixture(scope="module")
def people(python: Path) -> Iterator[list[User]]:
    """Three users: two who are recorded, and one who should not see anything of that."""
    with users(python, ann="Ann Marsh", bea="Bea Holt", mal="Mal Grey") as made:
        yield made


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can enter; what pytest makes is for its own user alone."""
    folder = Path(tempfile.mkdtemp(prefix="reteamz-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def service(place: Path, account: Callable[..., Owner]) -> Iterator[tuple[RunningService, Owner]]:
    """A confirmed computer whose service runs."""
    owner = account(f"service-{place.name}")
    folder = place / "agent"
    enrol(owner, folder)
    running = start_service(folder, place / "run" / "agent.sock")
    owner.confirm(owner.waiting())
    wait_for(lambda: running.status().mode == "encrypted", what="the grant")
    yield running, owner
    end_service(running)


@contextmanager
def helping(user: User, service: RunningService, display: str) -> Iterator[subprocess.Popen[str]]:
    """Run a user's session helper on a display."""
    log = service.folder.with_name(f"{user.name}.log")
    with log.open("ab") as out:
        helper = user.start(
            "--socket", str(service.socket), "session", "--sample-every", "0.1", display=display, out=out
        )
    try:
        yield helper
    finally:
        if helper.poll() is None:
            helper.terminate()
            assert helper.wait(30) == 0, log.read_text()
