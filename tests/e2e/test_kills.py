"""kill −9 of agent and server at random moments: what the owner sees equals what was recorded, nothing lost, nothing doubled."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from functools import partial
from itertools import pairwise
from pathlib import Path

from tests.agent.conftest import RunningAgent, enrol, log_rows, now, start_agent
from tests.browser import PASSWORD
from tests.conftest import RealServer
from tests.e2e.feeder import MINUTE_MS
from tests.waiting import wait_for
from tests.windows import Windows, xdotool

from reteamz.owner.client import Owner

LAST = 240
FEEDER = Path(__file__).with_name("feeder.py")


class Feeder:
    """A feeder process; ``reached`` is the last number that it told."""

    def __init__(self, folder: Path, begin: int, first: int, program: Path = FEEDER, last: int = LAST) -> None:
        self.reached = first - 1
        self.process = subprocess.Popen(
            [sys.executable, str(program), str(folder), str(begin), str(first), str(last)],
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n"):
                self.reached = int(line)

    def wait(self, goal: int) -> None:
        """Wait until a number was told."""
        wait_for(lambda: self.reached >= goal or self.process.poll() is not None, what=f"number {goal}")

    def kill_in(self, seconds: float) -> None:
        """Kill it after some time, at a moment that nobody chose."""
        threading.Timer(seconds, self.process.kill).start()
        self.end()

    def end(self) -> None:
        self._reader.join()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def test_feeder_and_server_are_killed(server: RealServer, tmp_path: Path) -> None:
    dice = random.Random(20261124)
    owner = Owner.sign_up(server.url, "kills@company.example", PASSWORD, "Lamplight Works", now=now)
    folder = tmp_path / "agent"
    enrol(owner, folder)
    owner.confirm(owner.waiting())
    begin = now() - (LAST + 60) * MINUTE_MS
    # Whole minutes: an event that lies across midnight is told as two.
    begin -= begin % MINUTE_MS
    first, kills = 0, 0
    while True:
        feeder = Feeder(folder, begin, first)
        if kills < 12:
            goal = min(LAST - 1, feeder.reached + dice.randint(4, 30))
            feeder.wait(goal)
            kills += 1
            if kills % 3 == 0:
                server.stop(signal.SIGKILL)
                server.start()
            feeder.kill_in(dice.random() * 0.02)
            # The next one goes on with the first sample that was not told to be on disk.
            first = feeder.reached + 1
        else:
            feeder.end()
            assert feeder.process.returncode == 0
            break
    assert feeder.reached == LAST
    rows = [row for row in log_rows(owner) if row["title"]]
    assert [row["title"] for row in rows] == [f"Page {number}" for number in range(LAST + 1)]
    assert {row["duration_ms"] for row in rows} == {MINUTE_MS}
    assert [row["start_ms"] for row in rows] == [begin + number * MINUTE_MS for number in range(LAST + 1)]
    owner.close()


def _sees(agent: RunningAgent, display: str, title: str) -> bool:
    xdotool(display, "key", "shift")
    status = agent.status()
    return status.mode == "encrypted" and status.last is not None and status.last.title == title


def _told(owner: Owner, title: str) -> bool:
    return any(row["title"] == title for row in log_rows(owner))


def test_the_real_agent_is_killed(server: RealServer, display: str, windows: Windows, tmp_path: Path) -> None:
    dice = random.Random(7)
    owner = Owner.sign_up(server.url, "kills-x11@company.example", PASSWORD, "Lamplight Works", now=now)
    folder = tmp_path / "agent"
    enrol(owner, folder)
    owner.confirm(owner.waiting())
    options = ("--sample-every", "0.05", "--upload-every", "0.3")
    started_at = now()
    for number in range(4):
        title = f"Round {number}"
        windows.open(title)
        windows.focus(title)
        agent = start_agent(folder, display, *options)
        wait_for(partial(_sees, agent, display, title), what=title)
        # A change of window is on disk at once; what is told afterwards may be killed.
        if number < 3:
            threading.Timer(dice.random() * 0.3, agent.process.kill).start()
            agent.process.wait(60)
        else:
            wait_for(partial(_told, owner, title), what="the last round")
            assert agent.stop() == 0
    rows = log_rows(owner)
    spans = sorted(
        (int(str(row["start_ms"])), int(str(row["start_ms"])) + int(str(row["duration_ms"]))) for row in rows
    )
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert sum(end - start for start, end in spans) <= now() - started_at
    owner.close()
