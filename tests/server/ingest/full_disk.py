"""Run by ``test_failures.py`` in a process of its own, whose files cannot grow: what a full disk does to a server."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from pathlib import Path

from tests.server.ingest.support import NOW_MS, Device, fill_disk_limit, serving, token


async def run(folder: Path) -> dict[str, object]:
    async with serving(folder) as server:
        device = server.enrol(Device())
        before = device.work()
        assert (await server.send(before)).status_code == 200
        sizes = server.sizes()
        fill_disk_limit(max(path.stat().st_size for path in folder.iterdir()) + 4096)
        tokens = [token("person", "p"), *(token("title", str(number)) for number in range(3_000))]
        events = [(0, 0, NOW_MS - 10_000 + n, 1, 60, -1, -1, 1 + n, -1, -1, 0, -1) for n in range(2_000)]
        large = device.sign(device.batch(tokens, events))
        refusals = [await server.send(large) for _ in range(3)]
        codes = [(answer.status_code, answer.json()["code"], answer.headers["retry-after"]) for answer in refusals]
        same = server.sizes() == sizes
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        after = await server.send(large)
    async with serving(folder) as server:
        kept = [entry.seq for entry in server.store.journal(device.account, device.id, 0, 10)]
    return {"codes": codes, "same": same, "after": after.status_code, "kept": kept}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(Path(sys.argv[1])))))
