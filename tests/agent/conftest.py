"""A real X server, a real account, and enrolled agents."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.conftest import RealServer
from tests.waiting import wait_for

from reteamz.agent.control import Request, Status, ask
from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.owner.client import Owner

PASSWORD = "correct horse battery staple"
PROGRAM = (sys.executable, "-m", "reteamz.cli.main")


def now() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class RunningAgent:
    """An agent process and its folder."""

    folder: Path
    process: subprocess.Popen[bytes]
    log: Path

    def status(self) -> Status:
        found = ask(self.folder, Request("status"))
        assert found is not None, self.log.read_text()
        return found

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def start_agent(folder: Path, display: str | None, *options: str, program: Sequence[str] = PROGRAM) -> RunningAgent:
    """Start ``reteamz agent run`` on a display and wait until it answers."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("DISPLAY", "WAYLAND", "XDG_"))
    }
    if display is not None:
        environment["DISPLAY"] = display
    log = folder.with_name(folder.name + ".log")
    command = [*program, "agent", "--dir", str(folder), "run", "--port", "0", *options]
    with log.open("ab") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    agent = RunningAgent(folder, process, log)

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        return ask(folder, Request("status")) is not None

    wait_for(answers, what="the agent's answer")
    return agent


@contextmanager
def agent_running(folder: Path, display: str | None, *options: str) -> Iterator[RunningAgent]:
    """Run an agent and end it as a session does."""
    agent = start_agent(folder, display, *options)
    try:
        yield agent
    finally:
        if agent.process.poll() is None:
            assert agent.stop() == 0, agent.log.read_text()


@pytest.fixture(scope="module")
def account(server: RealServer) -> Iterator[Callable[..., Owner]]:
    """Return what founds accounts; their connections are closed at the end."""
    owners: list[Owner] = []

    def found(name: str, mode: str = "encrypted") -> Owner:
        owner = Owner.sign_up(server.url, f"{name}@company.example", PASSWORD, "Lamplight Works", mode=mode, now=now)  # type: ignore[arg-type]  # one of the two
        owners.append(owner)
        return owner

    yield found
    for owner in owners:
        owner.close()


def noticed(device: Device) -> list[tuple[str, str, int]]:
    """Return code, person and count of the notices that wait to be told."""
    return [(notice.code, notice.person, notice.count) for notice in device.noticed()]


def enrol(owner: Owner, folder: Path) -> None:
    """Enrol a computer in a folder."""
    with httpx.Client() as http:
        enroll(folder, owner.enrolment_code(), http, now)


def log_rows(owner: Owner) -> list[dict[str, object]]:
    """Return the raw log with names in the clear, as the owner reads it."""
    rows = owner.connection.get("/api/reports/log", dict, **{"from": "2020-01-01", "to": _tomorrow(), "limit": "1000"})
    reader = owner.reader()
    return [
        {key: reader.replace(value) if isinstance(value, str) else value for key, value in row.items()}
        for row in rows["rows"]
    ]


def _tomorrow() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86_400))
