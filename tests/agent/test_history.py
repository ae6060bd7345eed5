"""Exports of ActivityWatch become the person's own history, and what the agent holds becomes an export."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.agent.conftest import RunningAgent, agent_running, enrol, log_rows
from tests.agent.test_activitywatch import HERE, PYTEST, run
from tests.waiting import wait_for

from reteamz.agent.spool.spent import free, union
from reteamz.owner.client import Owner

START = int(datetime(2026, 3, 2, 8, tzinfo=UTC).timestamp() * 1000)
FIREFOX, WRITER, MAIL = (
    ("Firefox", "CRM - Mozilla Firefox"),
    ("Writer", "Offer.odt - LibreOffice Writer"),
    ("Mail", "Inbox"),
)
CRM = {"url": "https://crm.ridgeway.example/deal?id=1", "title": "CRM", "audible": False, "incognito": False}
NEWS = {"url": "https://news.example/", "title": "News", "audible": False, "incognito": True}


def event(second: float, seconds: float, data: dict[str, Any]) -> dict[str, Any]:
    at = datetime.fromtimestamp(START / 1000 + second, UTC).isoformat()
    return {"timestamp": at, "duration": seconds, "data": data}


def window(second: float, seconds: float, shown: tuple[str, str]) -> dict[str, Any]:
    return event(second, seconds, {"app": shown[0], "title": shown[1]})


WINDOWS = [window(0, 600, FIREFOX), window(600, 300, WRITER), window(1_000, 500, FIREFOX), window(2_000, 100, MAIL)]
PRESENCE = [
    event(0, 700, {"status": "not-afk"}),
    event(700, 100, {"status": "afk"}),
    event(800, 1_240, {"status": "not-afk"}),
]
TABS = [event(0, 300, CRM), event(1_000, 250, NEWS), event(1_250, 200, CRM)]
SPENT = Counter(
    {
        ("firefox", "crm.ridgeway.example"): 300 + 200,
        ("firefox", ""): 300 + 250 + 50,
        ("writer", ""): 100 + 100,
        ("mail", ""): 40,
    }
)
"""Seconds of each program and site: windows while somebody was there, with the browser's site then, never of a private window."""


def exported(rust: bool, **buckets: tuple[str, list[dict[str, Any]]]) -> str:
    """Return an export as ActivityWatch's server in Python or in Rust writes it."""
    told = {}
    for name, (kind, events) in buckets.items():
        newest_first = events[::-1]
        about: dict[str, Any] = {"id": name, "created": "2026-01-01T00:00:00+00:00", "client": "c", "hostname": "desk"}
        if rust:
            about |= {"data": {}, "metadata": {"start": None, "end": None}, "last_updated": None}
            rows = [{"id": 7 + number, **row} for number, row in enumerate(newest_first)]
            # Members come in any order.
            told[name] = {"events": rows, **about, "type": kind}
        else:
            told[name] = {**about, "type": kind, "name": None, "events": newest_first}
    return json.dumps({"buckets": told}, indent=None if rust else 1)


def whole(rust: bool = False) -> str:
    return exported(
        rust,
        **{
            "aw-watcher-window_desk": ("currentwindow", WINDOWS),
            "aw-watcher-afk_desk": ("afkstatus", PRESENCE),
            "aw-watcher-web-firefox": ("web.tab.current", TABS),
            "aw-watcher-vim": ("app.editor.activity", [event(0, 60, {"file": "/x", "nested": [{"a": [1]}]})]),
        },
    )


def command(agent: RunningAgent, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reteamz.cli.main", "agent", "--dir", str(agent.folder), *arguments],
        capture_output=True,
        text=True,
        timeout=300,
    )


def spent(owner: Owner) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for row in log_rows(owner):
        if int(str(row["start_ms"])) < START + 86_400_000:
            found[str(row["app"]), str(row["site"])] += int(str(row["duration_ms"])) // 1000
    return found


@pytest.fixture(scope="module", params=["python", "rust"])
def imported(
    request: pytest.FixtureRequest,
    display: str,
    account: Callable[..., Owner],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[RunningAgent, Owner, Path]]:
    """Yield a confirmed agent, its owner, and the export that was just imported."""
    owner, folder = account(f"history-{request.param}"), tmp_path_factory.mktemp("history")
    enrol(owner, folder / "agent")
    (folder / "export.json").write_text(whole(request.param == "rust"))
    with agent_running(folder / "agent", display, "--upload-every", "0.5") as agent:
        refused = command(agent, "import", str(folder / "export.json"))
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert "not confirmed this computer" in refused.stderr
        owner.confirm(owner.waiting())
        wait_for(lambda: agent.status().mode == "encrypted", what="the grant")
        done = command(agent, "import", str(folder / "export.json"), "--json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert (told["skipped"], told["taken"], told["known"]) == (0, sum(SPENT.values()) * 1000, 0)
        yield agent, owner, folder / "export.json"


def test_the_owner_reads_what_was_in_front_then(imported: tuple[RunningAgent, Owner, Path]) -> None:
    _, owner, _ = imported
    wait_for(lambda: sum(spent(owner).values()) >= sum(SPENT.values()), what="the history at the server")
    assert spent(owner) == SPENT
    assert {row["doc"] for row in log_rows(owner) if row["app"] == "writer"} == {"Offer.odt"}
    assert {row["url"] for row in log_rows(owner)} == {""}, "the policy records no addresses"


def test_nothing_is_told_twice(imported: tuple[RunningAgent, Owner, Path]) -> None:
    """The same file again, and a later export that knows more, add what is new and nothing else."""
    agent, owner, file = imported
    again = json.loads(command(agent, "import", str(file), "--json").stdout)
    assert (again["events"], again["taken"], again["known"]) == (0, 0, sum(SPENT.values()) * 1000)
    later = file.with_name("later.json")
    windows = [*WINDOWS, window(1_950, 20, WRITER)]
    later.write_text(
        exported(
            True,
            **{
                "aw-watcher-window_desk": ("currentwindow", windows + windows),
                "aw-watcher-afk_desk": ("afkstatus", PRESENCE),
            },
        )
    )
    done = json.loads(command(agent, "import", str(later), "--json").stdout)
    assert done["taken"] == 20_000
    wait_for(lambda: sum(spent(owner).values()) == sum(SPENT.values()) + 20, what="the rest")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]x", '{"buckets": []}', '{"buckets": {}}', '{"a": 1}', "\xff", whole()[:-20], whole() + "{", '{"buckets": {"a": 1}}'],
)  # fmt: skip
def test_what_is_no_export_is_one_sentence(imported: tuple[RunningAgent, Owner, Path], text: str) -> None:
    agent, _, file = imported
    bad = file.with_name("bad.json")
    bad.write_bytes(text.encode("latin-1"))
    done = command(agent, "import", str(bad))
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if line.startswith("reteamz: ")] == [done.stderr.splitlines()[-1]]
    assert "Traceback" not in done.stderr


def test_several_computers_in_one_export(imported: tuple[RunningAgent, Owner, Path]) -> None:
    agent, _, file = imported
    told = json.loads(whole())
    told["buckets"]["other"] = {**told["buckets"]["aw-watcher-window_desk"], "id": "other", "hostname": "laptop"}
    both = file.with_name("both.json")
    both.write_text(json.dumps(told))
    assert "desk, laptop" in command(agent, "import", str(both)).stderr
    assert json.loads(command(agent, "import", str(both), "--host", "desk", "--json").stdout)["taken"] == 0
    assert "no windows of tower" in command(agent, "import", str(both), "--host", "tower").stderr


def test_a_file_of_categories_is_checked_and_goes_to_the_browser(imported: tuple[RunningAgent, Owner, Path]) -> None:
    agent, _, file = imported
    categories = file.with_name("categories.json")
    work = {"name": ["Work"], "rule": {"type": "regex", "regex": "Deal"}}
    ahead = {"name": ["Ahead"], "rule": {"type": "regex", "regex": "(?=x)"}}
    categories.write_text(json.dumps({"categories": [work, ahead]}))
    done = command(agent, "import", str(categories))
    assert done.returncode == 0, done.stderr
    assert "2 categories with 1 rules" in done.stdout
    assert "left out: Ahead" in done.stdout


def test_the_export_goes_into_activitywatch(imported: tuple[RunningAgent, Owner, Path], tmp_path: Path) -> None:
    agent, _, _ = imported
    with httpx.Client(base_url=f"http://127.0.0.1:{agent.status().port}/api/0") as api:
        body = {"type": "app.editor.activity", "client": "vim", "hostname": "!local"}
        api.post("/buckets/aw-watcher-vim_desk", json=body)
        api.post("/buckets/aw-watcher-vim_desk/events", json=[event(n, 1.5, {"file": f"ä{n}"}) for n in range(50)])
    file = tmp_path / "export.json"
    assert command(agent, "export", str(file)).returncode == 0
    assert file.stat().st_mode & 0o077 == 0
    assert json.loads(command(agent, "export").stdout) == json.loads(file.read_text())
    run(tmp_path, "-m", "pytest", "-q", *PYTEST, str(HERE / "taking.py"), EXPORT=str(file))


def test_an_agent_that_does_not_run_exports_too(display: str, account: Callable[..., Owner], tmp_path: Path) -> None:
    owner, folder = account("history-resting"), tmp_path / "agent"
    enrol(owner, folder)
    owner.confirm(owner.waiting())
    with agent_running(folder, display, "--upload-every", "0.5") as agent:
        wait_for(lambda: (folder / "local.db").exists(), what="the event table on disk")
        with httpx.Client(base_url=f"http://127.0.0.1:{agent.status().port}/api/0") as api:
            api.post("/buckets/b", json={"type": "t", "client": "c", "hostname": "h"})
            api.post("/buckets/b/events", json=event(0, 1, {"a": 1}))
    assert json.loads(command(agent, "export").stdout)["buckets"]["b"]["events"][0]["data"] == {"a": 1}
    assert command(agent, "import", str(tmp_path / "agent.log")).returncode == 1


def test_a_long_file_takes_little_memory(tmp_path: Path) -> None:
    """Ten times the events take about the same memory."""
    reading = textwrap.dedent(
        """
        import resource, sys
        from reteamz.agent.history.combining import combined, of_host
        from reteamz.agent.history.reading import read
        from reteamz.agent.history.staging import Staging
        with Staging() as staging, open(sys.argv[1], "rb") as file:
            sources = read(file, staging)
            staging.sort()
            parts = combined(staging, of_host(sources, "desk"), 2**50, lambda at: 0)
            print(sum(past.end - past.start for _, part in parts for past in part))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        """
    )
    peaks = []
    for days in (20, 200):
        file = tmp_path / "long.json"
        with file.open("w") as out:
            out.write('{"buckets": {"w": {"id": "w", "type": "currentwindow", "hostname": "desk", "events": [')
            rows = (
                window(day * 86_400 + second * 30, 30, ("App", f"Title {day * 700 + second}"))
                for day in range(days, 0, -1)
                for second in range(700, 0, -1)
            )
            for number, row in enumerate(rows):
                out.write(("," if number else "") + json.dumps(row))
            out.write("]}}}")
        done = subprocess.run([sys.executable, "-c", reading, str(file)], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        time, peak = done.stdout.split()
        assert int(time) == days * 700 * 30_000
        peaks.append(int(peak))
    assert peaks[1] < peaks[0] + 25_000, peaks


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: (min(pair), max(pair))), max_size=8)


@given(spans, st.integers(0, 60), st.integers(0, 60))
def test_time_that_is_free(busy: list[tuple[int, int]], start: int, length: int) -> None:
    taken = {moment for first, last in busy for moment in range(first, last)}
    joined = union(busy)
    assert {moment for first, last in joined for moment in range(first, last)} == taken
    assert all(here[1] < after[0] for here, after in itertools.pairwise(joined))
    parts = free(start, start + length, joined)
    assert [moment for first, last in parts for moment in range(first, last)] == [
        moment for moment in range(start, start + length) if moment not in taken
    ]
