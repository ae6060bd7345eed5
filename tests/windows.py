"""A real X server and real windows on it, switched as a person switches them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.waiting import wait_for


@contextmanager
def x_server() -> Iterator[str]:
    """Run an X server without a window manager; yields an address for DISPLAY.

    It must not reset when its last client goes: a window that is being opened at that moment would be cut off.
    """
    reading, writing = os.pipe()
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    assert number, "Xvfb did not start"
    try:
        yield f":{number}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """An X server that all tests share."""
    with x_server() as address:
        yield address


def xdotool(display: str, *arguments: str) -> str:
    """Run xdotool, the way a person would move and click."""
    done = subprocess.run(
        ["xdotool", *arguments], env={**os.environ, "DISPLAY": display}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Windows:
    """Real windows on a display: terminals with titles."""

    def __init__(self, display: str) -> None:
        self._display = display
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._ids: dict[str, str] = {}

    def open(self, title: str, name: str = "xterm") -> None:
        """Open a window of this title; ``name`` is its application."""
        program = shutil.which("xterm")
        assert program is not None, "xterm is missing; run make test"
        self._processes[title] = subprocess.Popen(
            [program, "-class", name, "-T", title, "-xrm", "*allowTitleOps: false", "-e", "sleep", "3600"],
            env={**os.environ, "DISPLAY": self._display},
            stderr=subprocess.DEVNULL,
        )
        pid = self._processes[title].pid
        wait_for(lambda: self._find(title, pid), what=f"window {title}")
        # As browsers and offices do: the name in UTF-8, which xterm sets in some locales only.
        xdotool(self._display, "set_window", "--name", title, self._ids[title])

    def _find(self, title: str, pid: int) -> bool:
        assert self._processes[title].poll() is None, "xterm has ended"
        done = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--pid", str(pid)],
            env={**os.environ, "DISPLAY": self._display},
            capture_output=True,
            text=True,
        )
        found = done.stdout.split()
        if found:
            self._ids[title] = found[-1]
        return bool(found)

    def focus(self, title: str) -> None:
        """Give a window the input focus."""
        xdotool(self._display, "windowfocus", "--sync", self._ids[title])

    def close(self) -> None:
        """Close every window."""
        for process in self._processes.values():
            process.terminate()
            process.wait(20)


@pytest.fixture
def windows(display: str) -> Iterator[Windows]:
    opened = Windows(display)
    yield opened
    opened.close()
