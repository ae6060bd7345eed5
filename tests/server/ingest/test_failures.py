"""Commits that fail: nothing half-written, an answer to everyone, and a store that goes on."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from tests.loops import in_a_loop
from tests.server.ingest.support import SECRET, Device, serving

from reteamz.server.store.activity import ActivityStore


def test_a_full_disk_is_told_stores_nothing_and_is_over_when_there_is_room(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.server.ingest.full_disk", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    told = json.loads(ran.stdout)
    assert told == {"codes": [[503, "disk_full", "60"]] * 3, "same": True, "after": 200, "kept": [1, 2]}


@in_a_loop
async def test_a_failed_commit_fails_all_that_wait_and_forgets_their_names(tmp_path: Path) -> None:
    async with serving(tmp_path, wait_s=0.05) as server:
        devices = [server.enrol(Device(name=str(number))) for number in range(4)]
        batches = [device.work() for device in devices]
        with server.store.cursor() as cursor:
            cursor.execute("ALTER TABLE event RENAME TO hidden")
        answers = await asyncio.gather(*(server.send(signed) for signed in batches))
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(503, "busy")}
        with server.store.cursor() as cursor:
            cursor.execute("ALTER TABLE hidden RENAME TO event")
        assert server.sizes() == {"batch": 0, "event": 0, "dictionary": 0, "blob": 0, "alarm": 0}
        assert server.store.id_of(devices[0].account, "nothing") == 0
        assert server.store.name(devices[0].account, 1) == ""
        for signed in batches:
            assert (await server.send(signed)).status_code == 200
        entries = server.store.entries(devices[0].account)
        assert [entry.id for entry in entries] == list(range(1, len(entries) + 1)), "no hole is left"


@in_a_loop
async def test_a_store_that_was_lost_is_opened_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        device = server.enrol(Device())
        assert (await server.send(device.work())).status_code == 200
        server.store.close()
        assert (await server.send(device.work())).status_code == 200
        assert server.count("batch") == 2


def test_a_file_belongs_to_one_process(tmp_path: Path) -> None:
    store = ActivityStore.open(tmp_path / "activity.duckdb", SECRET)
    script = f"import duckdb; duckdb.connect({str(tmp_path / 'activity.duckdb')!r})"
    second = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert "lock" in second.stderr
    store.close()


def test_a_damaged_file_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "activity.duckdb"
    path.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(duckdb.Error):
        ActivityStore.open(path, SECRET)
    assert path.read_bytes().startswith(b"not a database"), "it is left as it was"
