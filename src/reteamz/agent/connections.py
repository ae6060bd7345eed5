"""Whose a connection over the loopback interface is, as the system tells. Where it does not, nobody's: such a connection is refused."""

from __future__ import annotations

import re
import socket
import struct
import subprocess
import sys
from collections.abc import Iterable
from typing import Final

Address = tuple[str, int]
"""IPv4 address and port."""

_LSOF_S: Final = 5.0
_ESTABLISHED: Final = "01"
"""State of a connection in the table (Linux, net/tcp_states.h)."""
_FIELD: Final = re.compile(r"^([a-z])(.*)$")


def user_at(client: Address, server: Address) -> int | None:
    """Return the user behind the client's end of a loopback connection, None where the system does not tell.

    Args:
        client: that end.
        server: the other.
    """
    try:
        if sys.platform == "win32":
            process = process_at(client, server)
            from reteamz.agent.windows_system import user_of

            return None if process is None else user_of(process)
        if sys.platform == "darwin":
            return found_by_lsof(_lsof(server[1]), client, server)
        with open("/proc/net/tcp", encoding="ascii") as table:
            return found_in_table(table, client, server)
    except (OSError, subprocess.SubprocessError):
        return None


def found_in_table(table: Iterable[str], client: Address, server: Address) -> int | None:
    """Find the user in lines of Linux's ``/proc/net/tcp``."""
    local, remote = _hex(client), _hex(server)
    for line in table:
        columns = line.split()
        # One that was closed has no user any more, which the table shows as root's.
        if len(columns) > 9 and columns[1:4] == [local, remote, _ESTABLISHED] and columns[9] != "0":
            return int(columns[7])
    return None


def found_by_lsof(told: str, client: Address, server: Address) -> int | None:
    """Find the user in what macOS's ``lsof -F un`` prints: a line for each field, begun by its letter."""
    wanted = f"{client[0]}:{client[1]}->{server[0]}:{server[1]}"
    user: int | None = None
    for line in told.splitlines():
        field = _FIELD.match(line)
        if field is None:
            continue
        if field[1] == "p":
            user = None
        elif field[1] == "u":
            user = int(field[2]) if field[2].isdecimal() else None
        elif field[1] == "n" and field[2] == wanted:
            return user
    return None


def _lsof(port: int) -> str:
    # It tells a user who is not root of their own processes alone: another user's connection is nobody's then, and refused.
    command = ["/usr/sbin/lsof", "-nP", f"-iTCP@127.0.0.1:{port}", "-sTCP:ESTABLISHED", "-F", "pun"]
    return subprocess.run(command, capture_output=True, text=True, timeout=_LSOF_S).stdout


def process_at(client: Address, server: Address) -> int | None:
    """Return the process behind the client's end of a loopback connection; Windows alone tells."""
    if sys.platform == "win32":
        from reteamz.agent.windows_system import process_at as found

        return found(_network(client), _network(server))
    return None


def _network(address: Address) -> tuple[int, int]:
    """Return address and port as Windows keeps them: bytes in network order, read as numbers of this processor."""
    (number,) = struct.unpack("<I", socket.inet_aton(address[0]))
    return number, socket.htons(address[1])


def _hex(address: Address) -> str:
    (number,) = struct.unpack("=I", socket.inet_aton(address[0]))
    return f"{number:08X}:{address[1]:04X}"
