"""ActivityWatch's own programs against the agent: its client, its tests, its way of merging, its queries."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.agent.conftest import RunningAgent, agent_running, enrol
from tests.waiting import wait_for

from reteamz.owner.client import Owner

PYTHON = Path(__file__).parents[2] / ".venv-activitywatch" / "bin" / "python"
HERE = Path(__file__).parent / "activitywatch"
SUITES = [HERE / "calls.py", *map(Path, os.environ.get("ACTIVITYWATCH_TESTS", "").split())]
"""What runs on the port where ActivityWatch's tests look for a server: ours, and those of a checkout of aw-server where one is named."""


PYTEST = ("-c", "/dev/null", "-p", "no:cacheprovider", "-p", "no:logging", "--confcutdir", str(HERE))


@pytest.fixture(scope="module")
def agent(
    display: str, account: Callable[..., Owner], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningAgent]:
    owner = account("activitywatch")
    folder = tmp_path_factory.mktemp("activitywatch") / "agent"
    enrol(owner, folder)
    owner.confirm(owner.waiting())
    with agent_running(folder, display, "--testing", "--port", "5666", "--upload-every", "0.5") as running:
        wait_for(lambda: running.status().mode == "encrypted", what="the grant")
        yield running


def run(home: Path, *arguments: str, **more: str) -> None:
    """Run ActivityWatch's Python, with folders of its own."""
    done = subprocess.run(
        [str(PYTHON), "-B", "-W", "ignore", *arguments],
        env={**os.environ, **{f"XDG_{name}_HOME": str(home) for name in ("CONFIG", "DATA", "CACHE", "STATE")}, **more},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-6_000:]


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.stem)
def test_activitywatchs_tests_of_a_server(agent: RunningAgent, tmp_path: Path, suite: Path) -> None:
    run(tmp_path, "-m", "pytest", "-q", *PYTEST, f"--confcutdir={suite.resolve().parent}", str(suite.resolve()))


@pytest.mark.parametrize("name", ["streams", "queries"])
def test_what_activitywatchs_core_makes_of_the_same(agent: RunningAgent, tmp_path: Path, name: str) -> None:
    """Heartbeats in any order, events inserted between them, buckets made again; and every query over the same events."""
    run(tmp_path, "-m", "pytest", "-q", *PYTEST, str(HERE / f"{name}.py"), PORT=str(agent.status().port))
