"""A month without the server, in simulated time: memory stays where it is, the disk grows by what was seen, and all of it arrives, once."""

from __future__ import annotations

import gc
import random
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
from tests.agent.conftest import now
from tests.agent.test_uploader import Line

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.agent.uploader import Uploader
from reteamz.owner.client import Owner

DAYS, HOURS = 30, 8
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
TRY_MS = 15 * MINUTE_MS
"""Between two tries, after many that failed."""
GROWTH_BYTES = 200_000
DISK_BYTES = 6 * 1024 * 1024


def test_a_month_away(account: Callable[..., Owner], tmp_path: Path) -> None:
    owner, folder, line, chance = account("away"), tmp_path / "agent", Line(), random.Random(30)
    clock = [now()]
    seen: Counter[str] = Counter()
    used: list[int] = []
    with httpx.Client(transport=line) as http:
        enroll(folder, owner.enrolment_code(), http, now)
        device = Device.open(folder, http, lambda: clock[0])
        owner.confirm(owner.waiting())
        device.sync.poll_once()
        line.cut = "before"
        tracemalloc.start()
        for day in range(DAYS):
            # The computer is switched off every evening, and on every morning.
            device.close()
            clock[0] = now() - (DAYS - day) * DAY_MS
            device = Device.open(folder, http, lambda: clock[0])
            uploader = Uploader(device, lambda: clock[0], 60.0, lambda: clock[0], lambda: 0.5)
            end, tried = clock[0] + HOURS * 60 * MINUTE_MS, clock[0]
            while clock[0] < end:
                length = chance.randint(5, 240) * 1_000
                title = f"Ledger {chance.randint(1, 400)}"
                device.feed(Sample(clock[0], duration=length, person="Otti Marsh", app="Writer", title=title))
                seen[title] += length
                clock[0] += length
                if clock[0] >= tried + TRY_MS:
                    tried = clock[0]
                    uploader.once()
                    assert uploader.problem is not None
            device.flush()
            # What failed tries leave in cycles is not what is kept.
            gc.collect()
            used.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert used[-1] - used[6] < GROWTH_BYTES, used
        assert sum(file.stat().st_size for file in folder.iterdir()) < DISK_BYTES
        device.close()
        line.cut, clock[0] = "", now()
        device = Device.open(folder, http, now)
        uploader = Uploader(device, now, 60.0, now, lambda: 0.5)
        while device.waiting():
            uploader.once()
            assert uploader.problem is None
        device.close()
    reader = owner.reader()
    days = {"from": "2020-01-01", "to": "2029-12-31", "limit": "1000"}
    rows = owner.connection.get("/api/reports/titles", dict, **days)["rows"]
    assert {reader.replace(row["name"]): row["ms"] for row in rows} == seen
