"""Locked screens and switched sessions, told by a logind on a bus of its own."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jeepney import HeaderFields, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from reteamz.agent.desktop.logind import LockState

SESSION = "/org/freedesktop/login1/session/_31"


class Logind:
    """Answers what the agent asks; what a test sets is what it tells."""

    def __init__(self, address: str) -> None:
        self.locked = False
        self.active = True
        self.by_process = True
        self.display = ("1", SESSION)
        self._connection = open_dbus_connection(bus=address)
        self._connection.send_and_get_reply(message_bus.RequestName("org.freedesktop.login1"))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                message = self._connection.receive(timeout=0.2)
            except TimeoutError:
                if self._connection.sock.fileno() < 0:
                    return
                continue
            except (OSError, ValueError, EOFError):
                return
            if message.header.message_type is MessageType.method_call:
                self._connection.send(self._answer(message))

    def _answer(self, message: Any) -> Any:
        member = message.header.fields[HeaderFields.member]
        if member == "GetSessionByPID" and self.by_process:
            return new_method_return(message, "o", (SESSION,))
        if member == "GetUser":
            return new_method_return(message, "o", ("/org/freedesktop/login1/user/_0",))
        if member == "Get":
            return new_method_return(message, "v", (("(so)", self.display),))
        if member == "GetAll":
            told = {"LockedHint": ("b", self.locked), "Active": ("b", self.active)}
            return new_method_return(message, "a{sv}", (told,))
        return new_error(message, "org.freedesktop.login1.NoSessionForPID", "s", ("none",))

    def close(self) -> None:
        self._connection.close()
        self._thread.join(10)


@pytest.fixture
def logind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Logind]:
    program = shutil.which("dbus-daemon")
    assert program is not None, "dbus-daemon is missing; run make test"
    address = f"unix:path={tmp_path}/bus"
    process = subprocess.Popen(
        [program, "--session", "--nofork", "--print-address=1", f"--address={address}"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline().strip()
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        made = Logind(address)
        yield made
        made.close()
        process.terminate()
        process.wait(20)


@pytest.fixture
def look(logind: Logind) -> Iterator[Callable[[], LockState]]:
    opened: list[LockState] = []

    def start() -> LockState:
        opened.append(LockState())
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def test_a_locked_screen_and_a_session_without_the_seat(logind: Logind, look: Callable[[], LockState]) -> None:
    state = look()
    assert (state.locked(), state.reason) == (False, "")
    logind.locked = True
    assert state.locked() is True
    logind.locked, logind.active = False, False
    assert state.locked() is True
    logind.active = True
    assert state.locked() is False


def test_a_service_of_a_user_finds_the_users_desktop(logind: Logind, look: Callable[[], LockState]) -> None:
    logind.by_process = False
    logind.locked = True
    state = look()
    assert (state.locked(), state.reason) == (True, "")


def test_without_a_desktop_it_says_so(logind: Logind, look: Callable[[], LockState]) -> None:
    logind.by_process = False
    logind.display = ("", "/")
    state = look()
    assert state.locked() is None
    assert state.reason == "logind does not know this session, so a locked screen counts as idle"
