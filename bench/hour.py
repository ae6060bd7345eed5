"""What an agent costs in a working hour: real windows that somebody goes through and types into, with a pause in which nobody is there.

``python -m bench.hour`` prints one JSON object; ``--minutes`` is how long the hour is.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import httpx

from bench.whole import PASSWORD, agent_at, cpu_s, display, enrolled, now, resident_mb
from bench.wire import Wire, relay
from reteamz.demo.server import free_port, serving
from reteamz.owner.client import Owner

APPS: Final = ("Writer", "Mail", "Sheets", "Browser")
SEED: Final = 4_711
PAUSE: Final = (0.5, 0.7)
"""Part of the hour in which nobody touches anything."""
DAY_H: Final = 8


class Desk:
    """Windows on a display, and somebody in front of them."""

    def __init__(self, display: str) -> None:
        self._environment = {**os.environ, "DISPLAY": display}
        self._chance = random.Random(SEED)
        self._processes = [
            subprocess.Popen(
                ["xterm", "-class", app, "-T", app, "-xrm", "*allowTitleOps: false", "-e", "cat"],
                env=self._environment,
                stderr=subprocess.DEVNULL,
            )
            for app in APPS
        ]
        self._ids = [self._window(process.pid) for process in self._processes]
        self.switches = 0
        self.keys = 0

    def _window(self, pid: int) -> str:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            found = self._tool("search", "--onlyvisible", "--pid", str(pid), check=False).split()
            if found:
                return found[-1]
            # xdotool tells nobody when a window comes up: it is asked.
            time.sleep(0.1)
        raise RuntimeError("no window came up")

    def _tool(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["xdotool", *arguments], env=self._environment, capture_output=True, text=True, check=check
        )
        return done.stdout

    def work(self) -> None:
        """Go to a window, whose title changes as it goes from one document to the next, and type a little."""
        one = self._chance.choice(self._ids)
        self._tool(
            "set_window", "--name", f"Offer {self._chance.randrange(400)} for row {self._chance.randrange(97)}", one
        )
        self._tool("windowfocus", "--sync", one)
        text = "".join(self._chance.choices("abcdefghij klmnop", k=self._chance.randrange(5, 60)))
        self._tool("type", "--delay", "80", text)
        self.switches += 1
        self.keys += len(text)
        # A person looks at what they opened.
        time.sleep(self._chance.uniform(2, 20))

    def close(self) -> None:
        """Close every window."""
        for process in self._processes:
            process.terminate()
            process.wait(20)


def watched(desk: Desk, agent: int, wire: Wire, minutes: float) -> dict[str, Any]:
    """Drive the desk for so long; return what the agent took."""
    began, cpu = time.monotonic(), cpu_s(agent)
    up, down, batches, asked = wire.up, wire.down, len(wire.batches), wire.requests.copy()
    length = minutes * 60
    resident: list[float] = []
    quiet: list[tuple[float, float]] = []
    while (passed := time.monotonic() - began) < length:
        resident.append(resident_mb(agent))
        if PAUSE[0] * length <= passed < PAUSE[1] * length:
            quiet.append((time.monotonic(), cpu_s(agent)))
            # Nobody is there; so often the agent's memory is looked at.
            time.sleep(5)
        else:
            desk.work()
    passed = time.monotonic() - began
    times = wire.batches[batches:]
    apart = [round(after - before) for before, after in pairwise(times)]
    bytes_of_it = wire.up - up + wire.down - down
    return {
        "minutes": round(passed / 60, 1),
        "windows_gone_to": desk.switches,
        "keys": desk.keys,
        "cpu_percent": round(100 * (cpu_s(agent) - cpu) / passed, 2),
        "cpu_percent_while_nobody_is_there": round(
            100 * (quiet[-1][1] - quiet[0][1]) / (quiet[-1][0] - quiet[0][0]), 2
        ),
        "resident_mb": {"median": round(statistics.median(resident), 1), "most": round(max(resident), 1)},
        "requests": wire.requests - asked,
        "seconds_between_batches": {"median": statistics.median(apart), "least": min(apart), "most": max(apart)}
        if apart
        else None,
        "kilobytes_on_the_wire": round(bytes_of_it / 1000),
        "megabytes_a_working_day": round(bytes_of_it / passed * 3_600 * DAY_H / 1e6, 2),
    }


def main() -> None:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="bench-") as name, httpx.Client() as http:
        folder = Path(name)
        with serving(folder / "server", free_port()) as url, relay(url) as wire, display() as screen:
            owner = Owner.sign_up(wire.url, "bench@company.example", PASSWORD, "Works", now=now)
            enrolled(owner, folder / "agent", http, 5_000).close()
            desk = Desk(screen)
            with agent_at(folder / "agent", screen) as agent:
                told = watched(desk, agent, wire, minutes)
            desk.close()
            owner.close()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
