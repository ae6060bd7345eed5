"""The ingestion route on a store of its own, served by granian as in production."""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from granian.constants import Interfaces
from granian.server import Server
from litestar import Litestar
from litestar.di import Provide

from bench.corpus import ACCOUNT
from reteamz.server.ingest import receiver as receiving
from reteamz.server.ingest.committer import Committer
from reteamz.server.ingest.receiver import Receiver
from reteamz.server.ingest.routes import handlers
from reteamz.server.store.activity import ActivityStore, Stored


@dataclass(frozen=True)
class Record:
    """A confirmed device."""

    account: str
    device: str
    state: Literal["waiting", "confirmed", "removed"]
    mode: Literal["plain", "encrypted"]
    epoch: int
    signing_key: bytes


class Directory:
    """The devices of the corpus."""

    def __init__(self, folder: Path) -> None:
        keys = json.loads((folder / "keys.json").read_text())
        self._records = {
            device: Record(ACCOUNT, device, "confirmed", "encrypted", 1, bytes.fromhex(key))
            for device, key in keys.items()
        }

    async def get(self, device: str) -> Record | None:
        return self._records.get(device)


def make_app() -> Litestar:
    """Build the app over the folder named in BENCH_FOLDER; BENCH_VERIFY=no leaves out the signatures, to see what they cost."""
    folder = Path(os.environ["BENCH_FOLDER"])
    if os.environ.get("BENCH_VERIFY") == "no":
        receiving.verify_batch = lambda key, body, signature: None
    store = ActivityStore.open(folder / "served.duckdb", bytes(32))
    write = store.write
    groups: list[list[tuple[str, int]]] = []

    def written(batches: Sequence[Stored]) -> None:
        groups.append([(batch.device, batch.seq) for batch in batches])
        write(batches)

    store.write = written  # type: ignore[method-assign]  # to repeat the same transactions without HTTP
    committer = Committer(store)
    receiver = Receiver(Directory(folder), committer, lambda: time.time_ns() // 1_000_000)

    @asynccontextmanager
    async def running(app: Litestar) -> AsyncIterator[None]:
        committer.start()
        yield
        await committer.stop()
        store.close()
        (folder / "groups.json").write_text(json.dumps(groups))

    return Litestar(
        route_handlers=handlers,
        dependencies={"receiver": Provide(lambda: receiver, sync_to_thread=False)},
        lifespan=[running],
    )


if __name__ == "__main__":
    Server(
        "bench.ingest_app:make_app",
        factory=True,
        interface=Interfaces.ASGI,
        port=int(os.environ["BENCH_PORT"]),
        log_access=False,
        log_level="warning",
    ).serve()
