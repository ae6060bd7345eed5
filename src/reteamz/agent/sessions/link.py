"""Messages over a local socket: four bytes of length, then MessagePack. Both ends bound what they take."""

from __future__ import annotations

import os
import select
import socket
import struct
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from reteamz.agent.control import TIMEOUT_S, Request, Status, told
from reteamz.agent.endpoint import Endpoint, endpoint
from reteamz.agent.sessions.messages import FRAME_BYTES, TO_HELPER, Answered, Asked, Goodbye, ToHelper, ToService
from reteamz.wire.errors import ReteamzError

SOCKET: Final = {
    "win32": Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "Reteamz" / "agent.port",
    "darwin": Path("/var/run/reteamz/agent.sock"),
}.get(sys.platform, Path("/run/reteamz/agent.sock"))
"""Where the service of a computer listens."""
_LENGTH: Final = struct.Struct(">I")


class Closed(Exception):
    """The other end is gone."""


class Link:
    """One connection; one thread reads, any may write."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._lock = threading.Lock()

    def send(self, message: ToHelper | ToService) -> None:
        """Send a message whole. Raises :class:`Closed`."""
        body = msgspec.msgpack.encode(message)
        try:
            with self._lock:
                self._socket.sendall(_LENGTH.pack(len(body)) + body)
        except OSError:
            raise Closed from None

    def send_now(self, message: ToHelper) -> None:
        """Send a message that fits into the socket's buffer; an end that does not read loses its connection. Raises :class:`Closed`."""
        body = msgspec.msgpack.encode(message)
        frame = _LENGTH.pack(len(body)) + body
        try:
            with self._lock:
                sent = _sent(self._socket, frame)
        except OSError:
            sent = 0
        if sent < len(frame):
            self.close()
            raise Closed

    def receive(self, most: int) -> bytes:
        """Return the next message, undecoded, of at most ``most`` bytes. Raises :class:`Closed`, ``input_invalid``."""
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        if length > most:
            raise ReteamzError("input_invalid", f"A message has at most {most} bytes.")
        return self._exactly(length)

    def _exactly(self, length: int) -> bytes:
        parts = bytearray()
        while len(parts) < length:
            try:
                part = self._socket.recv(min(length - len(parts), 1 << 16))
            except OSError:
                raise Closed from None
            if not part:
                raise Closed
            parts += part
        return bytes(parts)

    def close(self) -> None:
        """End the connection; whoever reads or writes it is told so."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def _sent(connection: socket.socket, frame: bytes) -> int:
    """Send what goes without waiting; return how many bytes that were. Raises OSError."""
    if sys.platform == "win32":
        # There is no such flag; what Windows can take at all it takes whole.
        return connection.send(frame) if select.select([], [connection], [], 0)[1] else 0
    return connection.send(frame, socket.MSG_DONTWAIT)


def connect(path: Path, timeout: float | None = TIMEOUT_S, way: Endpoint | None = None) -> Link | None:
    """Return a connection to the service, None when none listens; ``way`` is the platform's when None.

    Raises:
        ReteamzError: ``forbidden`` when somebody else than the service's own user, or root, could be listening there.
    """
    way = way or endpoint()
    try:
        connection = way.connect(path, timeout)
    except OSError:
        return None
    try:
        trusted = way.is_service(path, connection)
    except OSError:
        connection.close()
        return None
    if not trusted:
        connection.close()
        raise ReteamzError("forbidden", f"{path} is not the socket of this computer's agent; ask its administrator.")
    return Link(connection)


def ask_service(path: Path, request: Request) -> Status | None:
    """Ask the service of this computer; None when none runs. Raises what it answers."""
    link = connect(path)
    if link is None:
        return None
    try:
        link.send(Asked(request))
        answer = TO_HELPER.decode(link.receive(16 * FRAME_BYTES))
    except (Closed, msgspec.MsgspecError):
        return None
    finally:
        link.close()
    if isinstance(answer, Goodbye):
        raise ReteamzError("rate_limited", answer.message)
    return told(answer.answer) if isinstance(answer, Answered) else None
