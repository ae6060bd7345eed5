"""The agent as one file, as `make build` makes it: it starts without Python, and records."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.agent.conftest import enrol, start_agent
from tests.waiting import wait_for
from tests.windows import Windows, xdotool

from reteamz import __version__
from reteamz.owner.client import Owner

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("executable")
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "executable.py", folder], capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr
    return str(folder / "reteamz-agent")


def told(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Nothing of Python or of this folder helps it.
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, env={}, cwd="/")


def test_it_tells_its_version_and_has_the_agent_alone(program: str) -> None:
    assert told(program, "--version").stdout == f"reteamz, version {__version__}\n"
    assert "\n  serve " not in told(program, "--help").stdout
    assert told(program, "serve").returncode == 2


def test_an_empty_folder_is_one_sentence(program: str, tmp_path: Path) -> None:
    done = told(program, "agent", "--dir", str(tmp_path / "agent"), "status")
    assert done.returncode == 1
    assert done.stderr.startswith("reteamz: This computer belongs to no account yet")


def test_it_records(
    program: str, display: str, windows: Windows, account: Callable[..., Owner], tmp_path: Path
) -> None:
    owner = account("executable")
    folder = tmp_path / "agent"
    enrol(owner, folder)
    owner.confirm(owner.waiting())
    windows.open("Offer for Ridgeway Looms", "Writer")
    windows.focus("Offer for Ridgeway Looms")
    options = ("--sample-every", "0.1", "--upload-every", "0.3")
    agent = start_agent(folder, display, *options, program=[program])
    try:

        def seen() -> bool:
            xdotool(display, "key", "shift")
            last = agent.status().last
            return last is not None and last.title == "Offer for Ridgeway Looms"

        wait_for(seen, what="the window")
        assert agent.status().desktop == "X11"
    finally:
        assert agent.stop() == 0, agent.log.read_text()
