"""The demo as a program sees it: one JSON object, and a folder in which no name can be found."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.agent.conftest import log_rows
from tests.waiting import wait_for
from tests.windows import Windows, xdotool

from reteamz.demo.company import found
from reteamz.owner.client import Owner

COMMAND = [sys.executable, "-m", "reteamz.cli.main", "demo"]


def test_everybody_has_a_name_of_their_own() -> None:
    for people in (5, 200, 325):
        assert len({person.name for person in found(people).people}) == people


def test_once_prints_one_object_and_leaves_no_name_behind(tmp_path: Path) -> None:
    ran = subprocess.run(
        [*COMMAND, "--once", "--people", "3", "--days", "9", "--data", str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert ran.stdout.count("\n") == 1
    told = json.loads(ran.stdout)
    assert set(told) == {
        "url", "email", "password", "account", "people", "events", "kit", "recovery_code", "canaries",
    }  # fmt: skip
    assert told["people"] == 3
    assert told["events"] > 500
    assert len(told["canaries"]) > 20
    files = [path for path in (tmp_path / "demo").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) > 100_000
    for canary in (*told["canaries"], told["password"], told["recovery_code"]):
        found = subprocess.run(
            ["grep", "-rlaFi", "--", canary, str(tmp_path / "demo")],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (found.returncode, found.stdout) == (1, ""), canary


def test_a_folder_with_something_in_it_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    ran = subprocess.run(
        [*COMMAND, "--once", "--data", str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 1
    assert "is not empty" in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_live_records_this_computers_own_screen(display: str, windows: Windows, tmp_path: Path) -> None:
    windows.open("A window that was open before")
    windows.focus("A window that was open before")
    process = subprocess.Popen(
        [*COMMAND, "--live", "--people", "1", "--days", "1", "--data", str(tmp_path / "demo")],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "DISPLAY": display, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        told: dict[str, str] = {}
        for line in process.stdout:
            words = line.split()
            if len(words) == 2:
                told[words[0]] = words[1]
            if "Stop with Ctrl-C" in line:
                break
        owner = Owner.log_in(told["Address"], told["E-mail"], told["Password"], lambda: time.time_ns() // 1_000_000)

        def recorded() -> bool:
            # Somebody is there: what may turn out to be idle is held back.
            xdotool(display, "key", "shift")
            return "A window that was open before" in {row["title"] for row in log_rows(owner)}

        wait_for(recorded, what="the window's title at the owner's end")
        owner.close()
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        process.stdout.close()
