"""Devices that sign batches without the keys that would make their tokens, and an app with the ingest route on a real store."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Litestar
from litestar.di import Provide

from reteamz.server.ingest.committer import Committer
from reteamz.server.ingest.receiver import Receiver
from reteamz.server.ingest.routes import handlers
from reteamz.server.store.activity import ActivityStore
from reteamz.wire.encoding import b64encode, sha256
from reteamz.wire.signing import BATCH, signed_bytes

NOW_MS = 1_760_000_000_000
SECRET = bytes(range(32))


def identifier(text: str) -> str:
    """Return sixteen bytes that depend on the text, in base64."""
    return b64encode(hashlib.sha256(text.encode()).digest()[:16])


def token(field: str, text: str, epoch: int = 1) -> str:
    """Return something of the form of a token that depends on field, text and epoch; nobody can decrypt it."""
    return f"rtz1.{field}.{epoch}.{b64encode(hashlib.sha256(f'{field}:{text}'.encode()).digest())}"


@dataclass(frozen=True)
class Record:
    """What a directory knows of a device."""

    account: str
    device: str
    state: Literal["waiting", "confirmed", "removed"]
    mode: Literal["plain", "encrypted"]
    epoch: int
    signing_key: bytes


@dataclass
class Directory:
    """Devices by identifier."""

    records: dict[str, Record] = field(default_factory=dict)

    async def get(self, device: str) -> Record | None:
        return self.records.get(device)


@dataclass
class Signed:
    """A body as a device sends it."""

    device: str
    seq: int
    body: bytes
    signature: str

    @property
    def sha256(self) -> str:
        return sha256(self.body)

    @property
    def headers(self) -> dict[str, str]:
        return {"Reteamz-Device": self.device, "Reteamz-Signature": self.signature}


class Device:
    """Signs and chains batches."""

    def __init__(self, account: str = "acme", name: str = "laptop") -> None:
        self.account = identifier(account)
        self.id = identifier(f"{account}/{name}")
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(self.id.encode()).digest())
        self.seq = 0
        self.prev = ""

    def record(
        self,
        state: Literal["waiting", "confirmed", "removed"] = "confirmed",
        mode: Literal["plain", "encrypted"] = "encrypted",
        epoch: int = 1,
    ) -> Record:
        raw = self._key.public_key().public_bytes_raw()
        return Record(self.account, self.id, state, mode, epoch, raw)

    def sign(self, message: dict[str, Any] | bytes) -> Signed:
        body = message if isinstance(message, bytes) else msgspec.json.encode(message)
        seq = message["seq"] if isinstance(message, dict) else 0
        return Signed(self.id, seq, body, b64encode(self._key.sign(signed_bytes(BATCH, body))))

    def follow(self, signed: Signed) -> Signed:
        """Let the next batch follow this one."""
        self.seq, self.prev = signed.seq, signed.sha256
        return signed

    def batch(self, tokens: Sequence[str] = (), events: Sequence[Sequence[int]] = (), **changes: Any) -> dict[str, Any]:
        """Return the next batch as a message, not yet followed."""
        return {
            "v": 1,
            "account": self.account,
            "device": self.id,
            "seq": self.seq + 1,
            "prev": self.prev,
            "epoch": 1,
            "roster": {"version": 1, "sha256": "A" * 43},
            "policy": 0,
            "mode": "encrypted",
            "tokens": list(tokens),
            "events": [list(event) for event in events],
            "blobs": [],
        } | changes

    def next(self, tokens: Sequence[str] = (), events: Sequence[Sequence[int]] = (), **changes: Any) -> Signed:
        """Return the next batch, signed, and follow it."""
        return self.follow(self.sign(self.batch(tokens, events, **changes)))

    def work(self, count: int = 3, start_ms: int = NOW_MS - 3_600_000) -> Signed:
        """Return the next batch with a few events of one person in one application."""
        tokens = [token("person", self.id), token("app", "writer"), token("title", f"{self.id} {self.seq}")]
        first = start_ms + self.seq * 100_000
        events = [(0, 0, first + step * 1000, 1000, 60, 1, -1, 2, -1, -1, 5, -1) for step in range(count)]
        return self.next(tokens, events)


@dataclass
class Server:
    """A running app, its client and its parts."""

    client: httpx.AsyncClient
    store: ActivityStore
    committer: Committer
    directory: Directory

    def enrol(self, device: Device, **state: Any) -> Device:
        self.directory.records[device.id] = device.record(**state)
        return device

    def change(self, device: Device, **state: Any) -> None:
        self.directory.records[device.id] = replace(self.directory.records[device.id], **state)

    async def send(self, signed: Signed, content: bytes | None = None, **headers: str) -> httpx.Response:
        return await self.client.post(
            "/api/agent/batch",
            content=signed.body if content is None else content,
            headers=signed.headers | {name.replace("_", "-"): value for name, value in headers.items()},
        )

    def count(self, table: str) -> int:
        with self.store.cursor() as cursor:
            row = cursor.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert row is not None
        return int(row[0])

    def sizes(self) -> dict[str, int]:
        return {table: self.count(table) for table in ("batch", "event", "dictionary", "blob", "alarm")}


@asynccontextmanager
async def serving(
    folder: Path, directory: Directory | None = None, now: Callable[[], int] = lambda: NOW_MS, **limits: Any
) -> AsyncIterator[Server]:
    """Open a store in a folder and serve the ingest route from it."""
    store = ActivityStore.open(folder / "activity.duckdb", SECRET)
    committer = Committer(store, **limits)
    directory = Directory() if directory is None else directory
    receiver = Receiver(directory, committer, now)
    app = Litestar(route_handlers=handlers, dependencies={"receiver": Provide(lambda: receiver, sync_to_thread=False)})
    committer.start()
    try:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
            yield Server(client, store, committer, directory)
    finally:
        await committer.stop()
        store.close()


def fill_disk_limit(most_bytes: int) -> None:
    """Let no file of this process grow beyond a size, as a full disk would."""
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))
