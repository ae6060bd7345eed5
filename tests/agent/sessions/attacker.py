"""What a hostile user says to the service's socket; run as that user, with the socket as argument. Prints how many connections stayed open."""

from __future__ import annotations

import socket
import struct
import sys
from typing import Any

import msgspec

LOOK = {"window": {"app": "forged", "title": "Forged by Mal"}, "idle": 0, "locked": False}


def link() -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(20)
    made.connect(sys.argv[1])
    return made


def frame(**message: Any) -> bytes:
    body = msgspec.msgpack.encode(message)
    return struct.pack(">I", len(body)) + body


def refused(*parts: bytes) -> None:
    """Say all of it, and require that the service ends the connection."""
    made = link()
    try:
        for part in parts:
            made.sendall(part)
        while made.recv(65_536):
            pass
    except (BrokenPipeError, ConnectionResetError):
        pass
    made.close()


def stays_open(made: socket.socket) -> bool:
    made.settimeout(0.5)
    try:
        return made.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionResetError:
        return False


HELLO = frame(type="hello", v=1, desktop="X11")

refused(b"\xff" * 1000)
refused(struct.pack(">I", 2**32 - 1))
refused(frame(type="seen", look=LOOK, offset=0))
refused(frame(type="hello", v=1, desktop="x" * 5000))
refused(frame(type="hello", v=1, desktop="X11", person="Ann Marsh", uid=0))
refused(HELLO, frame(type="seen", look=LOOK, offset=10**9))
refused(HELLO, HELLO)
picture = frame(
    type="captured", number=1, kind="screenshot", media="image/webp", at=0, caption={}, data=b"x" * 70_000, windows=[]
)
refused(HELLO, picture)
seen = frame(type="seen", look={**LOOK, "idle": -(2**60), "input": 2**60}, offset=0)
refused(HELLO, *[seen] * 5_000)
crowd = [link() for _ in range(50)]
print(sum(stays_open(made) for made in crowd))
