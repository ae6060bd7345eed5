"""Durable ingestion over HTTP against preparing and committing the same rows in the same transactions without HTTP, and against the commit alone.

``python -m bench.ingestion`` prints one JSON object.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from bench import corpus
from reteamz.server.store.activity import ActivityStore, Stored
from reteamz.server.store.activity.columns import batch_columns, event_columns
from reteamz.server.store.activity.journal import Packer
from reteamz.server.store.activity.schema import connect
from reteamz.server.store.activity.tables import name_rows, newcomer_rows
from reteamz.wire.batch import Batch, check_batch, decode_body
from reteamz.wire.encoding import b64decode

SECONDS = 5
"""How long the load generator sends."""


def stored(device: corpus.Device) -> list[Stored]:
    """Return a device's batches as the committer gets them."""
    rows = []
    for body, signature in device.batches:
        message = decode_body(body)
        assert isinstance(message, Batch)
        fields = check_batch(message, corpus.START_MS * 2)
        rows.append(
            Stored(
                message.account, message.device, message.seq, hashlib.sha256(body).digest(), body, b64decode(signature),
                corpus.START_MS, message.tokens, fields, message.events, message.blobs,
            )
        )  # fmt: skip
    return rows


def groups(devices: list[corpus.Device], folder: Path) -> list[list[Stored]]:
    """Return the batches that were committed over HTTP, in the same transactions."""
    made = {(row.device, row.seq): row for device in devices for row in stored(device)}
    return [[made[device, seq] for device, seq in group] for group in json.loads((folder / "groups.json").read_text())]


def one_of_each(waiting: list[list[Stored]], devices: int) -> list[list[Stored]]:
    """Return the same batches in the largest transactions that so many connections could ever fill."""
    flat = [batch for group in waiting for batch in group]
    return [flat[start : start + devices] for start in range(0, len(flat), devices)]


def prepare_and_commit(folder: Path, batches: list[list[Stored]]) -> float:
    """Return the seconds that the store takes for all groups."""
    store = ActivityStore.open(folder / "prepared.duckdb", bytes(32))
    began = time.perf_counter()
    for group in batches:
        store.write(group)
    took = time.perf_counter() - began
    store.close()
    return took


def commit_alone(folder: Path, batches: list[list[Stored]]) -> float:
    """Return the seconds of the transactions alone, with every Arrow table made before."""
    store = ActivityStore.open(folder / "names.duckdb", bytes(32))
    packer = Packer()
    prepared: list[dict[str, Any]] = []
    for group in batches:
        change = store._memory.change()
        accounts = [change.account(batch.account).number for batch in group]
        devices = [change.device(batch.device, 1) for batch in group]
        ids = [change.names(change.account(batch.account), batch.tokens, batch.fields) for batch in group]
        packed = [packer.pack(batch.body, batch.tokens, row) for batch, row in zip(group, ids, strict=True)]
        prepared.append(
            {
                "batch": batch_columns(group, accounts, devices, packed),
                "event": event_columns(group, accounts, devices, ids, 0),
            }
            | newcomer_rows(change)
            | name_rows(change, 0)
        )
    store.close()
    connection = connect(folder / "committed.duckdb")
    began = time.perf_counter()
    for rows in prepared:
        connection.execute("BEGIN TRANSACTION")
        for table, columns in rows.items():
            connection.register("arriving", columns)
            connection.execute(f"INSERT INTO {table} SELECT * FROM arriving")
            connection.unregister("arriving")
        connection.execute("COMMIT")
    took = time.perf_counter() - began
    connection.close()
    return took


def over_http(folder: Path, devices: list[corpus.Device], *, zstd: bool, verify: bool) -> dict[str, Any]:
    """Return wrk's figures for all batches over HTTP."""
    (folder / "served.duckdb").unlink(missing_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "BENCH_FOLDER": str(folder),
        "BENCH_PORT": str(port),
        "BENCH_ENCODING": "zstd" if zstd else "",
        "BENCH_VERIFY": "yes" if verify else "no",
    }
    server = subprocess.Popen([sys.executable, "-m", "bench.ingest_app"], env=environment, start_new_session=True)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > deadline or server.poll() is not None:
                    raise
                time.sleep(0.05)
        count = str(len(devices))
        command = ["wrk", "-t", count, "-c", count, "-d", f"{SECONDS}s", "--timeout", "60s"]
        script = Path(__file__).parent / "batches.lua"
        done = subprocess.run(
            [*command, "-s", str(script), f"http://127.0.0.1:{port}"],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(60)
    # wrk waits out its time even when nothing is left to send: there must be more than it can send.
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    result: dict[str, Any] = json.loads(line.removeprefix("RESULT "))
    if result["refused"] or result["stored"] >= sum(len(device.batches) for device in devices):
        raise RuntimeError(f"give it more --batches: {result} {done.stderr}")
    with duckdb.connect(str(folder / "served.duckdb"), read_only=True) as connection:
        row = connection.execute("SELECT count(*) FROM event").fetchone()
        assert row is not None
        result["events_on_disk"] = row[0]
    result["bytes_on_disk"] = (folder / "served.duckdb").stat().st_size
    return result


def run(devices: int, batches: int, events: int, *, zstd: bool) -> dict[str, Any]:
    """Run everything once and return the figures."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        made = corpus.make(devices, batches, events)
        corpus.save(made, folder, zstd=zstd)
        total = devices * batches * events
        http = over_http(folder, made, zstd=zstd, verify=True)
        waiting = groups(made, folder)
        same = sum(len(batch.events) for group in waiting for batch in group)
        prepared = prepare_and_commit(folder, waiting)
        alone = commit_alone(folder, waiting)
        (folder / "prepared.duckdb").unlink()
        largest = prepare_and_commit(folder, one_of_each(waiting, devices))
        unverified = over_http(folder, made, zstd=zstd, verify=False)
        rates = {
            "over_http": http["stored"] * events / http["seconds"],
            "over_http_without_signatures": unverified["stored"] * events / unverified["seconds"],
            "prepare_and_commit": same / prepared,
            "prepare_and_commit_in_largest_groups": same / largest,
            "commit_alone": same / alone,
        }
        return {
            "events": total,
            "events_a_batch": events,
            "devices": devices,
            "encoding": "zstd" if zstd else "identity",
            "events_per_second": {name: round(rate) for name, rate in rates.items()},
            "of_prepare_and_commit": round(rates["over_http"] / rates["prepare_and_commit"], 3),
            "of_prepare_and_commit_in_largest_groups": round(
                rates["over_http"] / rates["prepare_and_commit_in_largest_groups"], 3
            ),
            "batches_a_transaction": round(http["stored"] / len(waiting), 1),
            "of_commit_alone": round(rates["over_http"] / rates["commit_alone"], 3),
            "signatures_cost": round(1 - rates["over_http"] / rates["over_http_without_signatures"], 3),
            "bytes_an_event": round(http["bytes_on_disk"] / http["events_on_disk"], 1),
            "http": http,
        }
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=32, help="devices, each with one connection")
    parser.add_argument("--batches", type=int, default=400, help="batches of each device")
    parser.add_argument("--events", type=int, default=120, help="events in each batch")
    parser.add_argument("--zstd", action="store_true", help="send compressed bodies")
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.devices, arguments.batches, arguments.events, zstd=arguments.zstd)))


if __name__ == "__main__":
    main()
