"""Roll-ups beside a writer: killed at any moment, in the way of others, or without room, nothing is counted twice or left out."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest
from tests.server.ingest.support import SECRET, Device
from tests.server.store.support import stored

from reteamz.server.store.activity import ActivityStore, StoreFailure, rollup

KILLS = 6


def consistent(store: ActivityStore) -> int:
    """Require every roll-up up to the mark, with the events after it, to say what all events say; return the number of events."""
    mark = store.mark
    with store.cursor() as cursor:
        (everything,) = cursor.execute("SELECT (count(*), sum(duration_ms)) FROM event").fetchall()
        for table in rollup.ROLLUPS:
            told = cursor.execute(
                f"""
                SELECT (sum(visits), sum(ms)) FROM (
                    SELECT visits, ms FROM {table} WHERE part <= {mark}
                    UNION ALL SELECT 1, duration_ms FROM event WHERE part > {mark}
                )
                """
            ).fetchall()
            assert told == [everything], table
        (beyond,) = cursor.execute(f"SELECT count(*) FROM rollup WHERE part > {mark}").fetchall()
        assert beyond == (0,)
        (hours,) = cursor.execute("SELECT sum(ms) FROM rollup_hour").fetchall()
        assert hours == cursor.execute(f"SELECT sum(duration_ms) FROM event WHERE part <= {mark}").fetchone()
    count: int = everything[0][0]
    assert store.unrolled <= count
    return count


def test_a_roll_up_that_is_killed_is_all_or_nothing(tmp_path: Path) -> None:
    marks = []
    for kill in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.server.store.rolling", str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        with process.stdout as told:
            for _ in range(kill + 2):
                assert told.readline().endswith("\n")
            threading.Timer(random.uniform(0.0, 0.15), process.kill).start()
            lines = [line for line in told if line.endswith("\n")]
        assert process.wait() == -9
        store = ActivityStore.open(tmp_path / "activity.duckdb", SECRET)
        assert not lines or store.mark >= int(lines[-1]), "what was told is on disk"
        assert consistent(store) % 3 == 0
        marks.append(store.mark)
        store.close()
    assert marks == sorted(set(marks))


def test_closing_gives_up_a_roll_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ActivityStore.open(tmp_path / "activity.duckdb", SECRET)
    device = Device()
    store.write([stored(device.work())])
    began = threading.Event()

    def endless(cursor: duckdb.DuckDBPyConnection, mark: int, upto: int) -> None:
        cursor.execute("DELETE FROM rollup")
        began.set()
        cursor.execute("SELECT sum(a.range * b.range) FROM range(10000000) AS a, range(10000000) AS b").fetchall()

    failures: list[StoreFailure] = []

    def roll() -> None:
        try:
            store.roll_up(1)
        except StoreFailure as failure:
            failures.append(failure)

    with monkeypatch.context() as patched:
        patched.setattr(rollup, "roll", endless)
        thread = threading.Thread(target=roll)
        thread.start()
        began.wait()
        while thread.is_alive():
            store.close()
            thread.join(0.05)
    assert [failure.code for failure in failures] == ["busy"]
    store.write([stored(device.work())])
    assert (store.mark, store.unrolled) == (-1, 6)
    assert store.roll_up(1)
    assert consistent(store) == 6
    store.close()


def test_a_writer_does_not_wait_for_a_roll_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ActivityStore.open(tmp_path / "activity.duckdb", SECRET)
    device = Device()
    store.write([stored(device.work())])
    roll = rollup.roll

    def beside(cursor: duckdb.DuckDBPyConnection, mark: int, upto: int) -> None:
        roll(cursor, mark, upto)
        store.write([stored(device.work())])

    with monkeypatch.context() as patched:
        patched.setattr(rollup, "roll", beside)
        assert store.roll_up(1)
    assert (store.mark, store.unrolled) == (0, 3)
    assert consistent(store) == 6
    store.close()
