"""Real windows on a real X server, read by the real agent."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from tests.agent.conftest import agent_running, enrol, log_rows
from tests.waiting import wait_for
from tests.windows import Windows, xdotool

from reteamz.agent.control import Request, ask
from reteamz.agent.desktop.base import Window
from reteamz.agent.desktop.choose import open_desktop
from reteamz.agent.desktop.x11 import X11Desktop
from reteamz.owner.client import Owner
from reteamz.wire.errors import ReteamzError


def test_the_focused_window_is_seen(display: str, windows: Windows) -> None:
    desktop = X11Desktop(display)
    windows.open("Angebot 4711 – für Äpfel 🍏", "Writer")
    windows.open("Other")
    windows.focus("Angebot 4711 – für Äpfel 🍏")
    assert desktop.look().window == Window("Writer", "Angebot 4711 – für Äpfel 🍏")
    windows.focus("Other")
    assert desktop.look().window == Window("xterm", "Other")
    desktop.close()


def test_a_window_that_closes_is_no_failure(display: str, windows: Windows) -> None:
    desktop = X11Desktop(display)
    for _ in range(5):
        windows.open("Short-lived")
        windows.focus("Short-lived")
        windows.close()
        desktop.look()
    desktop.close()


def test_input_ends_idleness(display: str, windows: Windows) -> None:
    desktop = X11Desktop(display)
    windows.open("Keys")
    windows.focus("Keys")
    xdotool(display, "key", "a")
    wait_for(lambda: (desktop.look().idle or 0) >= 300, what="300 ms without input")
    xdotool(display, "key", "b")
    assert (desktop.look().idle or 0) < 300
    desktop.close()


def test_what_it_cannot_tell_it_says(display: str) -> None:
    desktop = X11Desktop(display)
    told = desktop.unsupported()
    assert "idle" not in told
    assert "window" not in told
    assert all(reason for reason in told.values())
    desktop.close()


# python-xlib leaves the socket of a display that is not there to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("environment", [{}, {"DISPLAY": ":4711"}])
def test_no_display_is_one_sentence(environment: dict[str, str]) -> None:
    with pytest.raises(ReteamzError, match="display_missing"):
        open_desktop(environment)


def test_wayland_is_left_to_awatcher() -> None:
    assert open_desktop({"WAYLAND_DISPLAY": "wayland-0", "XDG_SESSION_TYPE": "wayland"}) is None


def test_titles_reach_the_owner_and_nobody_else(
    display: str, windows: Windows, account: Callable[..., Owner], tmp_path: Path
) -> None:
    owner = account("x11")
    folder = tmp_path / "agent"
    enrol(owner, folder)
    windows.open("Before the owner trusted it")
    windows.open("Tender for Ridgeway Looms")
    windows.focus("Before the owner trusted it")
    with agent_running(folder, display, "--sample-every", "0.1", "--upload-every", "0.3") as agent:

        def anonymous() -> bool:
            xdotool(display, "key", "shift")
            return bool(log_rows(owner))

        wait_for(anonymous, what="anonymous events")
        assert {row["title"] for row in log_rows(owner)} == {""}
        assert agent.status().mode == "anonymous"
        owner.confirm(owner.waiting())
        wait_for(lambda: agent.status().mode == "encrypted", what="the grant")
        windows.focus("Tender for Ridgeway Looms")

        def told() -> bool:
            xdotool(display, "key", "shift")
            return any(row["title"] == "Tender for Ridgeway Looms" for row in log_rows(owner))

        try:
            wait_for(told, 20, what="the title")
        except AssertionError:
            raise AssertionError(f"{agent.status()} {log_rows(owner)}") from None
        last = agent.status().last
        assert last is not None
        assert last.title == "Tender for Ridgeway Looms"
    rows = log_rows(owner)
    assert {row["app"] for row in rows if row["title"]} == {"xterm"}
    assert "Before the owner trusted it" not in {row["title"] for row in rows if row["start_ms"] == rows[0]["start_ms"]}
    for path in folder.rglob("*"):
        if path.is_file():
            assert b"Ridgeway" not in path.read_bytes(), path
    assert b"Ridgeway" not in folder.with_name("agent.log").read_bytes()


def test_nobody_there_is_idle_from_the_last_input_on(
    display: str, windows: Windows, account: Callable[..., Owner], tmp_path: Path
) -> None:
    owner = account("idle")
    folder = tmp_path / "agent"
    enrol(owner, folder)
    owner.confirm(owner.waiting())
    windows.open("Left alone")
    windows.focus("Left alone")
    xdotool(display, "key", "a")
    options = ("--sample-every", "0.1", "--upload-every", "0.3", "--idle-limit", "1")
    with agent_running(folder, display, *options):
        wait_for(lambda: any(row["kind"] == "idle" for row in log_rows(owner)), what="an idle event")
    rows = log_rows(owner)
    active = sum(int(str(row["duration_ms"])) for row in rows if row["kind"] == "active")
    # What was active was so before the last input, never during the second that it took to notice.
    assert active < 1000
    starts = sorted((int(str(row["start_ms"])), int(str(row["duration_ms"]))) for row in rows)
    assert all(start + length <= following[0] for (start, length), following in pairwise(starts))


def test_private_time_counts_as_private_with_nothing_else(
    display: str, windows: Windows, account: Callable[..., Owner], tmp_path: Path
) -> None:
    owner = account("private")
    folder = tmp_path / "agent"
    enrol(owner, folder)
    owner.confirm(owner.waiting())
    windows.open("Nobody's business")
    windows.focus("Nobody's business")
    command = [sys.executable, "-m", "reteamz.cli.main", "agent", "--dir", str(folder)]
    told = subprocess.run([*command, "pause", "--minutes", "5"], capture_output=True, text=True, check=True)
    assert "Private until" in told.stdout
    with agent_running(folder, display, "--sample-every", "0.1", "--upload-every", "0.3") as agent:

        def private() -> bool:
            xdotool(display, "key", "shift")
            return any(row["kind"] == "private" for row in log_rows(owner))

        wait_for(private, what="private time")
        assert agent.status().last is None
        shown = subprocess.run([*command, "status"], capture_output=True, text=True, check=True).stdout
        assert "Not recording (private until" in shown
        assert "Nobody's" not in shown
        subprocess.run([*command, "resume"], capture_output=True, check=True)

        def active() -> bool:
            xdotool(display, "key", "shift")
            return any(row["title"] == "Nobody's business" for row in log_rows(owner))

        wait_for(active, what="recording again")
    assert all(row["title"] == row["app"] == "" for row in log_rows(owner) if row["kind"] == "private")


def test_a_second_agent_is_refused(display: str, account: Callable[..., Owner], tmp_path: Path) -> None:
    owner = account("second")
    folder = tmp_path / "agent"
    enrol(owner, folder)
    with agent_running(folder, display):
        second = subprocess.run(
            [sys.executable, "-m", "reteamz.cli.main", "agent", "--dir", str(folder), "run", "--port", "0"],
            env={**os.environ, "DISPLAY": display},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert second.returncode == 1
        assert second.stderr == ("reteamz: The agent runs already for this folder; see `reteamz agent status`.\n")
        assert ask(folder, Request("status")) is not None


def test_keys_and_clicks_are_counted_and_nothing_else(display: str, windows: Windows) -> None:
    desktop = X11Desktop(display)
    windows.open("Counted")
    windows.focus("Counted")
    desktop.look()
    xdotool(display, "type", "abc")
    xdotool(display, "click", "1", "click", "3")
    xdotool(display, "mousemove", "10", "10", "mousemove", "300", "300", "click", "4")
    counts: list[int] = []
    wait_for(lambda: counts.append(desktop.look().input) or sum(counts) >= 5, what="five presses")
    xdotool(display, "key", "Return")
    wait_for(lambda: counts.append(desktop.look().input) or sum(counts) >= 6, what="one more")
    assert sum(counts) == 6
    desktop.close()
