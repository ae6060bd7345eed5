"""Where programs of one computer meet the agent, and how each learns who the other is.

Linux and macOS have sockets in the file system, whose kernel names the user at the other end. Windows has none that Python opens: there the agent
listens on a port of the loopback interface, writes its number into the file that would be the socket, and both ends look up whose the
connection is.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from reteamz.agent.connections import Address, process_at, user_at
from reteamz.agent.users import own_user

SERVICE: Final = "ReteamzAgent"
"""The name of the service on Windows."""
_HOST: Final = "127.0.0.1"
_CREDENTIALS: Final = struct.Struct("3i")
_XUCRED: Final = struct.Struct("=IIh")
"""The beginning of macOS's xucred: version, user, number of groups (sys/ucred.h)."""
_LOCAL: Final = 0
"""SOL_LOCAL (sys/un.h)."""
_PEER_CRED: Final = 1
"""LOCAL_PEERCRED (sys/un.h, unix(4))."""
_XUCRED_BYTES: Final = 76


class Endpoint(Protocol):
    """A way to meet; ``path`` is a socket's, or that of the file that stands for one."""

    def listen(self, path: Path, everybody: bool, waiting: int) -> socket.socket:
        """Listen, for this user or for everybody; a socket that was left there is replaced. Raises OSError."""
        ...

    def connect(self, path: Path, timeout: float | None) -> socket.socket:
        """Connect, with a timeout in seconds. Raises OSError."""
        ...

    def peer(self, connection: socket.socket) -> int | None:
        """Return the user at the other end, None where the system does not tell."""
        ...

    def is_ours(self, connection: socket.socket) -> bool:
        """Tell whether this user's own agent, or root's, is at the other end."""
        ...

    def is_service(self, path: Path, connection: socket.socket) -> bool:
        """Tell whether this computer's service is at the other end, and nobody else can have put a socket there. Raises OSError."""
        ...


class UnixEndpoint:
    """A socket in the file system."""

    def listen(self, path: Path, everybody: bool, waiting: int) -> socket.socket:
        """Listen. Raises OSError."""
        with suppress(FileNotFoundError):
            path.unlink()
        listening = _unix()
        try:
            _at(path, listening.bind)
            os.chmod(path, 0o666 if everybody else 0o600)
            listening.listen(waiting)
        except OSError:
            listening.close()
            raise
        return listening

    def connect(self, path: Path, timeout: float | None) -> socket.socket:
        """Connect. Raises OSError."""
        connection = _unix()
        connection.settimeout(timeout)
        try:
            _at(path, connection.connect)
        except OSError:
            connection.close()
            raise
        return connection

    def peer(self, connection: socket.socket) -> int | None:
        """Return the user at the other end (SO_PEERCRED, LOCAL_PEERCRED)."""
        try:
            if sys.platform == "darwin":
                return peer_of_xucred(connection.getsockopt(_LOCAL, _PEER_CRED, _XUCRED_BYTES))
            if sys.platform == "linux":
                raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
                return int(_CREDENTIALS.unpack(raw)[1])
        except OSError:
            pass
        return None

    def is_ours(self, connection: socket.socket) -> bool:
        """Tell whether the other end is this user's or root's."""
        return self.peer(connection) in (own_user(), 0)

    def is_service(self, path: Path, connection: socket.socket) -> bool:
        """Tell whether only the service could listen there, and it does. Raises OSError."""
        folder, owner = path.parent.stat(), path.stat().st_uid
        # Only who owns the folder can put a socket there, and the kernel tells who listens on it.
        closed = folder.st_uid in (0, owner) and not folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        return closed and self.peer(connection) == owner


class LoopbackEndpoint:
    """A port of the loopback interface, named by a file.

    Args:
        user: tells the user of the first end of a connection, given both.
        service: tells whether the first end of a connection is the computer's service.
    """

    def __init__(
        self,
        user: Callable[[Address, Address], int | None] = user_at,
        service: Callable[[Address, Address], bool] = lambda here, there: _service_at(here, there),
    ) -> None:
        self._user = user
        self._service = service

    def listen(self, path: Path, everybody: bool, waiting: int) -> socket.socket:
        """Listen on a free port and write its number down. Raises OSError."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if sys.platform == "win32":
                # Without it another program may take the port as well (Microsoft's page on SO_EXCLUSIVEADDRUSE).
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            listening.bind((_HOST, 0))
            listening.listen(waiting)
            fresh = path.with_name(path.name + ".new")
            fresh.write_text(str(listening.getsockname()[1]), encoding="ascii")
            os.replace(fresh, path)
        except OSError:
            listening.close()
            raise
        return listening

    def connect(self, path: Path, timeout: float | None) -> socket.socket:
        """Connect to the port that the file names. Raises OSError."""
        try:
            port = int(path.read_text(encoding="ascii"))
        except ValueError:
            raise ConnectionRefusedError from None
        connection = socket.create_connection((_HOST, port), timeout)
        # A port of one's own connects to itself where nobody listens.
        if connection.getsockname() == connection.getpeername():
            connection.close()
            raise ConnectionRefusedError
        return connection

    def peer(self, connection: socket.socket) -> int | None:
        """Return the user at the other end."""
        return self._user(*_ends(connection))

    def is_ours(self, connection: socket.socket) -> bool:
        """Tell whether the other end is this user's or the system's."""
        return self.peer(connection) in (own_user(), 0)

    def is_service(self, path: Path, connection: socket.socket) -> bool:
        """Tell whether the service control manager's own process is at the other end; whoever wrote the file does not matter then."""
        return self._service(*_ends(connection))


def endpoint() -> Endpoint:
    """Return the way of this platform."""
    return LoopbackEndpoint() if sys.platform == "win32" else UnixEndpoint()


def unblock(listening: socket.socket, way: Endpoint, path: Path) -> None:
    """Let go whoever waits for a connection: on Linux they are told of the end, elsewhere one last connection comes."""
    try:
        listening.shutdown(socket.SHUT_RDWR)
    except OSError:
        with suppress(OSError):
            way.connect(path, 1).close()


def peer_of_xucred(raw: bytes) -> int | None:
    """Return the user of macOS's answer, None for one of another version."""
    if len(raw) < _XUCRED.size:
        return None
    version, user, _ = _XUCRED.unpack_from(raw)
    return int(user) if version == 0 else None


def _service_at(here: Address, there: Address) -> bool:
    if sys.platform == "win32":
        from reteamz.agent.windows_system import service_process

        process = service_process(SERVICE)
        return process is not None and process == process_at(here, there)
    return False


def _ends(connection: socket.socket) -> tuple[Address, Address]:
    """Return the other end of a connection, then this one."""
    return connection.getpeername()[:2], connection.getsockname()[:2]


def _unix() -> socket.socket:
    if sys.platform == "win32":
        raise OSError("Windows has no such sockets")
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)


def _at(path: Path, work: Callable[[str], object]) -> None:
    """Use a socket's address. On Linux by its folder's descriptor: a path may have 107 bytes only, on macOS 103."""
    if sys.platform != "linux":
        work(str(path))
        return
    descriptor = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        work(f"/proc/self/fd/{descriptor}/{path.name}")
    finally:
        os.close(descriptor)
