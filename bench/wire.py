"""Counts what goes over a connection: a relay between an agent and its server, which adds nothing and changes nothing."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

_ASKED: Final = re.compile(r"^(GET|POST|PUT) ([^ ?]+)\S* HTTP/1\.1\r$", re.MULTILINE)


@dataclass
class Wire:
    """What went through so far."""

    url: str = ""
    up: int = 0
    """Bytes from the agent, headers included."""
    down: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    """Method and path of what was asked, without numbers and queries."""
    batches: list[float] = field(default_factory=list)
    """When each batch began to go, in seconds of the loop's clock."""


@contextmanager
def relay(server: str) -> Iterator[Wire]:
    """Yield a wire whose address leads to a server on loopback."""
    wire = Wire()
    loop = asyncio.new_event_loop()
    begun = threading.Event()
    thread = threading.Thread(target=_run, args=(loop, wire, server, begun), daemon=True)
    thread.start()
    begun.wait(20)
    try:
        yield wire
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)


def _run(loop: asyncio.AbstractEventLoop, wire: Wire, server: str, begun: threading.Event) -> None:
    port = urlsplit(server).port

    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        away_reader, away_writer = await asyncio.open_connection("127.0.0.1", port)

        async def up() -> None:
            while data := await reader.read(1 << 16):
                wire.up += len(data)
                asked = [f"{method} {path}" for method, path in _ASKED.findall(data.decode("latin-1"))]
                wire.requests.update(asked)
                wire.batches += [loop.time()] * sum("/batch" in one for one in asked)
                away_writer.write(data)
                await away_writer.drain()
            away_writer.close()

        async def down() -> None:
            while data := await away_reader.read(1 << 16):
                wire.down += len(data)
                writer.write(data)
                await writer.drain()
            writer.close()

        with suppress(OSError):
            await asyncio.gather(up(), down())

    async def listen() -> None:
        listening = await asyncio.start_server(joined, "127.0.0.1", 0)
        wire.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        begun.set()

    loop.run_until_complete(listen())
    loop.run_forever()
