"""The running agent answers its own user on a socket in its folder: status, private time, upload now."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

import msgspec

from reteamz.agent.endpoint import Endpoint, endpoint, unblock
from reteamz.agent.history.past import Brought, Past
from reteamz.agent.users import own_user
from reteamz.wire.errors import CODES, Code, ReteamzError

NAME: Final = "agent.sock"
TIMEOUT_S: Final = 10.0
_MOST: Final = 64 * 1024


Recording = Literal["recording", "private", "paused"]
"""Whether something is recorded now; "paused" stands for nobody at the desktop's session, and for what the policy leaves out."""


class Request(msgspec.Struct, frozen=True):
    """What is asked; ``until`` in milliseconds, for ``private``; ``shown`` are the sentences that a person accepts or declines; ``past`` is time
    that another program recorded, for ``bring``."""

    ask: Literal["status", "private", "upload", "accept", "decline", "bring"]
    until: int = 0
    shown: list[str] = []
    past: list[Past] = []


class LastSeen(msgspec.Struct, frozen=True):
    """Something that was recorded, in the clear, from memory; ``at`` in milliseconds, ``kind`` as spec 9.2 numbers it."""

    app: str
    title: str
    site: str
    at: int = 0
    kind: int = 0


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What the person at the computer is told; times in milliseconds.

    ``recorded`` is in force, ``asked`` waits for their answer, ``declined`` was refused by them: in words, as the notice says them. ``recent``
    are the last things recorded of them, the newest first.
    """

    running: bool
    mode: Literal["anonymous", "plain", "encrypted"]
    account: str
    device: str
    server: str
    fingerprint: str
    recorded: list[str]
    waiting: int
    recording: Recording = "paused"
    person: str = ""
    readers: list[str] = []
    asked: list[str] = []
    accepted: list[str] = []
    declined: list[str] = []
    recent: list[LastSeen] = []
    may_be_private: bool = True
    uploaded_at: int = 0
    private_until: int = 0
    port: int = 0
    desktop: str = ""
    unsupported: dict[str, str] = {}
    last: LastSeen | None = None
    problem: str = ""
    brought: Brought | None = None
    """What became of the past time that the request brought."""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer: a status, or why not."""

    status: Status | None = None
    code: str = ""
    message: str = ""


Answering = Callable[[Request, int], Status]
"""Answers a request of a user. Raises why not."""


class ControlServer:
    """Listens in the agent's folder, for its own user only."""

    def __init__(self, folder: Path, answer: Answering, way: Endpoint | None = None) -> None:
        """``way`` is the platform's when None. Raises ``folder_unusable``."""
        way = way or endpoint()
        self._answer = answer
        self._folder = folder
        self._endpoint = way
        self._ended = False
        try:
            self._socket = way.listen(folder / NAME, False, 8)
        except OSError as error:
            raise ReteamzError(
                "folder_unusable", f"{folder} cannot hold a socket ({error.strerror}); name another with --dir."
            ) from None
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._ended = True
        unblock(self._socket, self._endpoint, self._folder / NAME)
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
            if self._ended:
                connection.close()
                return
            with connection, suppress(OSError):
                connection.settimeout(TIMEOUT_S)
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        if not self._endpoint.is_ours(connection):
            return
        try:
            answer = answered(self._answer, msgspec.json.decode(_read(connection), type=Request), own_user())
        except msgspec.MsgspecError:
            answer = Answer(None, "input_invalid", "This is not a question of the agreed form.")
        connection.sendall(msgspec.json.encode(answer) + b"\n")


def ask(folder: Path, request: Request, way: Endpoint | None = None) -> Status | None:
    """Ask the running agent of a folder; None when none runs. ``way`` is the platform's when None. Raises what it answers."""
    way = way or endpoint()
    try:
        with way.connect(folder / NAME, TIMEOUT_S) as connection:
            # A port may be another program's by now.
            if not way.is_ours(connection):
                return None
            connection.sendall(msgspec.json.encode(request) + b"\n")
            answer = msgspec.json.decode(_read(connection), type=Answer)
    except (OSError, msgspec.MsgspecError):
        return None
    return told(answer)


def answered(answer: Answering, request: Request, user: int) -> Answer:
    """Answer a request of a user."""
    try:
        return Answer(answer(request, user))
    except ReteamzError as error:
        return Answer(None, error.code, error.message)


def told(answer: Answer) -> Status | None:
    """Return the status of an answer. Raises what it says instead."""
    if answer.status is None and answer.code in CODES:
        code: Code = answer.code  # type: ignore[assignment]  # checked in the line above
        raise ReteamzError(code, answer.message)
    return answer.status


def _read(connection: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n") and len(data) < _MOST:
        chunk = connection.recv(4096)
        if not chunk:
            break
        data += chunk
    return data
