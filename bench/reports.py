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
from reteamz.server.rating.rate import Ratings
from reteamz.server.reports.filters import Filter
from reteamz.server.reports.rated import productivity
from reteamz.server.reports.routes import handlers
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.activity.schema import connect
from reteamz.server.store.control import ControlStore

FIRST = date(2026, 1, 1)
DAYS = 250
APPS = 300
RUNS = 15
LAST = FIRST + timedelta(days=DAYS)
NOW_MS = 1_798_000_000_000


def plain(field: str, number: int) -> str:
    """Return the entry of an account that is not encrypted."""
    return f"{field}:Program number {number}"


def fill(path: Path, events: int, entry: Callable[[str, int], str]) -> None:
    """Write a store of one account with so many events of 200 people; ``entry`` makes its names."""
    connection = connect(path)
    connection.execute("INSERT INTO account VALUES (1, ?)", [ACCOUNT])
    connection.execute("INSERT INTO device VALUES (1, 1, 'AAAAAAAAAAAAAAAAAAAAAA')")
    names = [(1, "app", n, n, entry("app", n), 1, 0) for n in range(1, APPS + 1)]
    names += [(1, "person", APPS + n, APPS + n, entry("person", n), 1, 0) for n in range(1, 201)]
    connection.executemany("INSERT INTO dictionary VALUES (?, ?, ?, ?, ?, ?, ?)", names)
    connection.execute(
        f"""
        INSERT INTO event SELECT 1, 1, {APPS} + 1 + (i * 7919) % 200, DATE '{FIRST}' + CAST(i * {DAYS} // {events} AS INTEGER),
            1767225600000 + i * {DAYS} * 86400000 // {events}, 1000 + (i * 104729) % 60000, 60,
            CASE WHEN i % 12 = 0 THEN 2 WHEN i % 29 = 0 THEN 1 ELSE 0 END,
            1 + CAST(floor(pow((i * 48271 % 1000003) / 1000003.0, 3) * {APPS}) AS INTEGER), 0, 0, 0, 0, 3, -1, 1, 0
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


async def over_http(store: ActivityStore, path: str, **query: Any) -> float:
    """Return the median time of a report from request to the last byte of JSON, through the whole application."""

    async def nobody(account: str, departments: object) -> list[int]:
        return []

    viewer = Viewer(ACCOUNT, "A" * 22, "owner")
    # Asked only about departments and ratings, which this account does not have.
    control = ControlStore("sqlite://")
    app = Litestar(
        logging_config=None,
        route_handlers=handlers,
        dependencies={
            "viewer": Provide(lambda: viewer, sync_to_thread=False),
            "activity": Provide(lambda: store, sync_to_thread=False),
            "persons_of": Provide(lambda: nobody, sync_to_thread=False),
            "control": Provide(lambda: control, sync_to_thread=False),
            "now": Provide(lambda: lambda: NOW_MS, sync_to_thread=False),
        },
    )
    taken = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://bench") as client:
        for _ in range(RUNS):
            began = time.perf_counter()
            answer = await client.get(f"/api/reports/{path}", params={"from": str(FIRST), "to": str(LAST)} | query)
            taken.append(time.perf_counter() - began)
            assert answer.is_success, answer.text
    return statistics.median(taken)


BARE = "SELECT app, sum(duration_ms)::BIGINT AS ms, count(*) FROM event {where} GROUP BY app ORDER BY ms DESC LIMIT 10"
SAME_ROWS = f"WHERE account = 1 AND day BETWEEN DATE '{FIRST}' AND DATE '{LAST}' AND kind <= 1"


def grouping(path: Path, where: str) -> float:
    """Return the median time of DuckDB alone, in milliseconds."""
    query = BARE.format(where=where)
    with duckdb.connect(str(path), read_only=True) as bare:
        return _ms(timed(lambda: bare.execute(query).fetchall()))


def rated(store: ActivityStore) -> dict[str, float]:
    """Return the median times of time by rating: half the applications rated, then some of them otherwise in a department."""
    everything = Filter(ACCOUNT, 1, FIRST, LAST)
    everywhere = {number: number % 3 for number in range(1, APPS // 2)}
    own = dict.fromkeys(range(1, 50), 1)
    alone = Ratings(everywhere)
    both = Ratings(everywhere, {"sales": own}, {APPS + number: "sales" for number in range(1, 51)})
    return {
        "productivity_ms": _ms(timed(lambda: productivity(store, everything, alone))),
        "productivity_with_departments_ms": _ms(timed(lambda: productivity(store, everything, both))),
    }


def run(events: int) -> dict[str, Any]:
    """Return the figures for so many events, encrypted and plain."""
    told: dict[str, Any] = {"events": events}
    for mode, entry in (("encrypted", token), ("plain", plain)):
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            path = Path(folder) / "activity.duckdb"
            fill(path, events, entry)
            if mode == "encrypted":
                told["bare_grouping_of_all_rows_ms"] = grouping(path, "")
                told["bare_grouping_of_the_same_rows_ms"] = grouping(path, SAME_ROWS)
                told["bytes"] = path.stat().st_size
            store = ActivityStore.open(path, bytes(32))
            told[f"report_{mode}_ms"] = _ms(asyncio.run(over_http(store, "apps", limit=10)))
            if mode == "encrypted":
                told["overview_ms"] = _ms(asyncio.run(over_http(store, "overview")))
                told |= rated(store)
            store.close()
    told["of_all_rows"] = round(told["report_encrypted_ms"] / told["bare_grouping_of_all_rows_ms"], 2)
    told["of_the_same_rows"] = round(told["report_encrypted_ms"] / told["bare_grouping_of_the_same_rows_ms"], 2)
    told["encrypted_to_plain"] = round(told["report_encrypted_ms"] / told["report_plain_ms"], 2)
    return told


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def main() -> None:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    print(json.dumps(run(parser.parse_args().events)))


if __name__ == "__main__":
    main()
