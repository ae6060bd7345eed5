"""ActivityWatch's own server on this machine, for comparison: inserting events over its API, and its query of the top applications.

``python -m bench.activitywatch`` prints one JSON object.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

PROGRAM = Path(__file__).parents[1] / ".venv-activitywatch" / "bin" / "aw-server"
EVENTS = 20_000
BATCH = 120
HEARTBEATS = 2_400


def run() -> dict[str, Any]:
    """Start the server on an empty folder, insert, query, stop."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        homes = {f"XDG_{name}_HOME": folder for name in ("CONFIG", "DATA", "CACHE", "STATE")}
        with open(Path(folder) / "log", "wb") as log:
            server = subprocess.Popen(
                [str(PROGRAM), "--port", str(port)], env=os.environ | homes, stdout=log, stderr=log
            )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/0", timeout=120) as client:
                return measured(client, server)
        finally:
            server.terminate()
            server.wait(30)


def measured(client: httpx.Client, server: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Return events a second and the time of a query over them."""
    deadline = time.monotonic() + 60
    while True:
        try:
            client.get("/info").raise_for_status()
            break
        except httpx.HTTPError:
            if time.monotonic() > deadline or server.poll() is not None:
                raise
            time.sleep(0.1)
    client.post("/buckets/bench", json={"type": "currentwindow", "client": "bench", "hostname": "bench"})
    start = datetime(2026, 1, 1, tzinfo=UTC)
    batches = [
        [
            {
                "timestamp": (start + timedelta(seconds=n + i)).isoformat(),
                "duration": 1,
                "data": {"app": f"app {(n + i) % 60}", "title": f"title {(n + i) % 20_000}"},
            }
            for i in range(BATCH)
        ]
        for n in range(0, EVENTS, BATCH)
    ]
    began = time.perf_counter()
    for batch in batches:
        client.post("/buckets/bench/events", json=batch).raise_for_status()
    inserted = time.perf_counter() - began
    # What its watchers do all day: one heartbeat a request, each of another window.
    client.post("/buckets/beats", json={"type": "currentwindow", "client": "bench", "hostname": "bench"})
    began = time.perf_counter()
    for event in batches[0] * (HEARTBEATS // BATCH):
        client.post("/buckets/beats/heartbeat", params={"pulsetime": 0}, json=event).raise_for_status()
    beaten = time.perf_counter() - began
    query = {
        # It answers with a number: with the Flask that is current, aw-server 0.12 cannot write events as JSON. Sixty rows are left out.
        "query": ['apps = sort_by_duration(merge_events_by_keys(query_bucket("bench"), ["app"]));', "RETURN = 1;"],
        "timeperiods": ["2026-01-01T00:00:00+00:00/2026-12-31T00:00:00+00:00"],
    }
    began = time.perf_counter()
    answer = client.post("/query/", json=query).raise_for_status()
    asked = time.perf_counter() - began
    if answer.json() != [1]:
        raise RuntimeError(f"aw-server answered {answer.text[:100]}")
    count = len(batches) * BATCH
    return {
        "inserted_per_s": round(count / inserted),
        "heartbeats_per_s": round(HEARTBEATS / beaten),
        "query_events": count,
        "query_ms": round(asked * 1000),
        "query_events_per_s": round(count / asked),
    }


if __name__ == "__main__":
    print(json.dumps(run()))
