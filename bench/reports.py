"""The top-applications report over HTTP, names joined, against the bare DuckDB grouping of the same rows.

``python -m bench.reports`` prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx
from litestar import Litestar
from litestar.di import Provide

from bench.corpus import ACCOUNT, token
from reteamz.server.accounts.access import Viewer
from reteamz.server.reports.routes import handlers
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.activity.schema import connect

FIRST = date(2026, 1, 1)
DAYS = 250
APPS = 300
RUNS = 15


def fill(path: Path, events: int) -> None:
    """Write a store of one account with so many events of 200 people."""
    connection = connect(path)
    connection.execute("INSERT INTO account VALUES (1, ?)", [ACCOUNT])
    connection.execute("INSERT INTO device VALUES (1, 1, 'AAAAAAAAAAAAAAAAAAAAAA')")
    names = [(1, "app", n, n, token("app", n), 1, 0) for n in range(1, APPS + 1)]
    names += [(1, "person", APPS + n, APPS + n, token("person", n), 1, 0) for n in range(1, 201)]
    connection.executemany("INSERT INTO dictionary VALUES (?, ?, ?, ?, ?, ?, ?)", names)
    connection.execute(
        f"""
        INSERT INTO event SELECT 1, 1, {APPS} + 1 + (i * 7919) % 200, DATE '{FIRST}' + CAST(i * {DAYS} // {events} AS INTEGER),
            1767225600000 + i * {DAYS} * 86400000 // {events}, 1000 + (i * 104729) % 60000, 60,
            CASE WHEN i % 12 = 0 THEN 2 WHEN i % 29 = 0 THEN 1 ELSE 0 END,
            1 + CAST(floor(pow((i * 48271 % 1000003) / 1000003.0, 3) * {APPS}) AS INTEGER), 0, 0, 0, 0, 3, -1, 1
        FROM range({events}) AS numbers(i)
        """
    )
    connection.execute("CHECKPOINT")
    connection.close()


def timed(work: Callable[[], Any]) -> float:
    """Return the median of several runs, in seconds."""
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


async def over_http(store: ActivityStore) -> float:
    """Return the median time of the report from request to the last byte of JSON, through the whole application."""

    async def nobody(account: str, departments: object) -> list[int]:
        return []

    viewer = Viewer(ACCOUNT, "A" * 22, "owner")
    app = Litestar(
        route_handlers=[handler for handler in handlers if "apps" in str(handler.paths)],
        dependencies={
            "viewer": Provide(lambda: viewer, sync_to_thread=False),
            "activity": Provide(lambda: store, sync_to_thread=False),
            "persons_of": Provide(lambda: nobody, sync_to_thread=False),
        },
    )
    last = FIRST + timedelta(days=DAYS)
    taken = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://bench") as client:
        for _ in range(RUNS):
            began = time.perf_counter()
            answer = await client.get("/api/reports/apps", params={"from": str(FIRST), "to": str(last), "limit": 10})
            taken.append(time.perf_counter() - began)
            assert len(answer.json()["rows"]) == 10, answer.text
    return statistics.median(taken)


def run(events: int) -> dict[str, Any]:
    """Return the figures for so many events."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder) / "activity.duckdb"
        fill(path, events)
        bare = duckdb.connect(str(path), read_only=True)
        query = "SELECT app, sum(duration_ms)::BIGINT AS ms, count(*) FROM event GROUP BY app ORDER BY ms DESC LIMIT 10"
        grouping = timed(lambda: bare.execute(query).fetchall())
        bare.close()
        store = ActivityStore.open(path, bytes(32))
        report = asyncio.run(over_http(store))
        store.close()
        return {
            "events": events,
            "bare_grouping_ms": round(grouping * 1000, 1),
            "report_ms": round(report * 1000, 1),
            "ratio": round(report / grouping, 2),
            "bytes": path.stat().st_size,
        }


def main() -> None:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    print(json.dumps(run(parser.parse_args().events)))


if __name__ == "__main__":
    main()
