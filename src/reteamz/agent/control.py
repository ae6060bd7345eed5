"""The running agent answers its own user on a Unix socket in its folder: status, private time, upload now."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

import msgspec

from reteamz.wire.errors import CODES, Code, ReteamzError

NAME: Final = "agent.sock"
TIMEOUT_S: Final = 10.0
_MOST: Final = 64 * 1024
_CREDENTIALS: Final = struct.Struct("3i")


class Request(msgspec.Struct, frozen=True):
    """What is asked; ``until`` in milliseconds, for ``private``."""

    ask: Literal["status", "private", "upload"]
    until: int = 0


class LastSeen(msgspec.Struct, frozen=True):
    """What was recorded last, in the clear, from memory."""

    app: str
    title: str
    site: str


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What the person at the computer is told; times in milliseconds."""

    running: bool
    mode: Literal["anonymous", "plain", "encrypted"]
    account: str
    device: str
    server: str
    fingerprint: str
    recorded: list[str]
    waiting: int
    uploaded_at: int = 0
    private_until: int = 0
    port: int = 0
    desktop: str = ""
    unsupported: dict[str, str] = {}
    last: LastSeen | None = None
    problem: str = ""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer: a status, or why not."""

    status: Status | None = None
    code: str = ""
    message: str = ""


Answering = Callable[[Request], Status]


class ControlServer:
    """Listens in the agent's folder, for its own user only."""

    def __init__(self, folder: Path, answer: Answering) -> None:
        """Raises ``folder_unusable``."""
        self._answer = answer
        self._folder = folder
        with suppress(FileNotFoundError):
            (folder / NAME).unlink()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            _at(folder, self._socket.bind)
        except OSError as error:
            self._socket.close()
            raise ReteamzError(
                "folder_unusable", f"{folder} cannot hold a socket ({error.strerror}); name another with --dir."
            ) from None
        os.chmod(folder / NAME, 0o600)
        self._socket.listen(8)
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(TIMEOUT_S)
        with suppress(FileNotFoundError):
            (self._folder / NAME).unlink()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(TIMEOUT_S)
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        if _CREDENTIALS.unpack(raw)[1] not in (os.geteuid(), 0):
            return
        try:
            answer = Answer(self._answer(msgspec.json.decode(_read(connection), type=Request)))
        except msgspec.MsgspecError:
            answer = Answer(None, "input_invalid", "This is not a question of the agreed form.")
        except ReteamzError as error:
            answer = Answer(None, error.code, error.message)
        connection.sendall(msgspec.json.encode(answer) + b"\n")


def ask(folder: Path, request: Request) -> Status | None:
    """Ask the running agent of a folder; None when none runs. Raises what it answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(TIMEOUT_S)
        try:
            _at(folder, connection.connect)
            connection.sendall(msgspec.json.encode(request) + b"\n")
            answer = msgspec.json.decode(_read(connection), type=Answer)
        except (OSError, msgspec.MsgspecError):
            return None
    if answer.status is None and answer.code in CODES:
        code: Code = answer.code  # type: ignore[assignment]  # checked in the line above
        raise ReteamzError(code, answer.message)
    return answer.status


def _at(folder: Path, work: Callable[[str], object]) -> None:
    """Use the socket's address by the folder's descriptor: a path may have 107 bytes only."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        work(f"/proc/self/fd/{descriptor}/{NAME}")
    finally:
        os.close(descriptor)


def _read(connection: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n") and len(data) < _MOST:
        chunk = connection.recv(4096)
        if not chunk:
            break
        data += chunk
    return data
