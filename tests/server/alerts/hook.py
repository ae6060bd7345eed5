"""A real HTTP server on the loopback that takes webhooks, and checks what signs them."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What was called; ``status`` is what the next calls are answered, ``where`` a Location."""

    secret: str = ""
    status: int = 204
    where: str = ""
    url: str = ""
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def verified(self, place: int = -1) -> dict[str, Any]:
        """Return a call's body, after the check that a receiver makes (spec 15.2)."""
        headers, body = self.calls[place]
        expected = hmac.new(
            self.secret.encode(), headers["Reteamz-Timestamp"].encode() + b"." + body, hashlib.sha256
        ).hexdigest()
        assert headers["Reteamz-Signature"] == f"v1={expected}"
        told: dict[str, Any] = json.loads(body)
        return told


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.calls.append((dict(self.headers.items()), body))
            self.send_response(receiver.status)
            if receiver.where:
                self.send_header("Location", receiver.where)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hooks/1?key=a"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
