"""A proxy that keeps every byte of both directions, and a search in it that looks into compressed bodies."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import zstandard
from tests.conftest import free_port

_ZSTD = b"\x28\xb5\x2f\xfd"


class Recorder:
    """Listens on ``port``; forwards to ``to``."""

    def __init__(self, to: int) -> None:
        self.to = to
        self.port = free_port()
        self._streams: list[bytearray] = []
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", self.port), backlog=128)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._socket.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                near.close()
                continue
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(source, target), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        stream = bytearray()
        with self._lock:
            self._streams.append(stream)
        with suppress(OSError):
            while chunk := source.recv(65536):
                stream += chunk
                target.sendall(chunk)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def forget(self) -> None:
        """Begin anew: what was recorded so far does not count."""
        with self._lock:
            for stream in self._streams:
                stream.clear()

    def recorded(self) -> bytes:
        """Return all bytes, and behind them every zstd frame unpacked."""
        with self._lock:
            streams = [bytes(stream) for stream in self._streams]
        out = list(streams)
        for stream in streams:
            place = stream.find(_ZSTD)
            while place >= 0:
                with suppress(zstandard.ZstdError):
                    out.append(zstandard.ZstdDecompressor().decompressobj().decompress(stream[place:]))
                place = stream.find(_ZSTD, place + 4)
        return b"\n".join(out)
