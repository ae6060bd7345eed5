"""ActivityWatch's API: with ActivityWatch's own client, and against everyone who should not ask."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.agent.conftest import RunningAgent, agent_running, enrol, log_rows, now
from tests.waiting import wait_for
from tests.windows import Windows, xdotool

from reteamz.agent.connections import user_at
from reteamz.agent.localapi.times import from_ms
from reteamz.owner.client import Owner

CLIENT = Path(__file__).parents[2] / ".venv-activitywatch" / "bin" / "python"
SCRIPT = Path(__file__).parent / "activitywatch" / "client.py"


@pytest.fixture(scope="module")
def owner(account: Callable[..., Owner]) -> Owner:
    return account("local-api")


@pytest.fixture(scope="module")
def agent(display: str, owner: Owner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    folder = tmp_path_factory.mktemp("local") / "agent"
    enrol(owner, folder)
    owner.confirm(owner.waiting())
    with agent_running(folder, display, "--sample-every", "0.2", "--upload-every", "0.5") as running:
        wait_for(lambda: running.status().mode == "encrypted", what="the grant")
        yield running


@pytest.fixture
def api(agent: RunningAgent) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{agent.status().port}/api/0") as client:
        yield client


def test_activitywatchs_own_client(agent: RunningAgent, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(CLIENT), str(SCRIPT), str(agent.status().port)],
        env={**os.environ, **{f"XDG_{name}_HOME": str(tmp_path) for name in ("CONFIG", "DATA", "CACHE", "STATE")}},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["hostname"] == socket.gethostname()
    assert set(told["buckets"]) >= {"aw-watcher-web-firefox", "queued"}
    assert told["events"] == [["x", 5.0], ["x", 5.0], ["Deal 4712", 0.0], ["Deal 4711", 40.0]]
    assert told["count"] == 4
    assert told["single"]
    assert told["query"] == [["Deal 4711", 40.0], ["Deal 4712", 0.0]]
    assert told["setting"] == "06:00"
    assert told["settings"] == {"startOfDay": "06:00"}
    assert told["exported"] == 3
    assert told["queued"] == [1, 4.0]
    for path in agent.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"ridgeway" not in data, path
            assert b"Deal" not in data, path
            assert b"aw-watcher" not in data, path


def test_a_site_comes_from_the_browsers_extension(
    agent: RunningAgent, api: httpx.Client, windows: Windows, owner: Owner, display: str
) -> None:
    """The extension may report from its own origin; the tab goes with the browser's window."""
    port = agent.status().port
    headers = {"Origin": "moz-extension://0f3f6fd8-6d0f-4d32-9a5d-1d2b3c4d5e6f"}
    made = api.post(
        "/buckets/web", json={"type": "web.tab.current", "client": "x", "hostname": "!local"}, headers=headers
    )
    assert made.status_code in (200, 304)
    windows.open("Deal 4711 - Mozilla Firefox", "firefox")
    windows.focus("Deal 4711 - Mozilla Firefox")

    def told() -> bool:
        xdotool(display, "key", "shift")
        beat = {
            "timestamp": _iso(now()),
            "duration": 0,
            "data": {"url": "https://CRM.ridgeway.example/4711", "title": "Deal 4711"},
        }
        answer = httpx.post(
            f"http://127.0.0.1:{port}/api/0/buckets/web/heartbeat?pulsetime=60", json=beat, headers=headers
        )
        assert answer.status_code == 200, answer.text
        last = agent.status().last
        return last is not None and last.title == "Deal 4711 - Mozilla Firefox"

    wait_for(told, what="the window")
    wait_for(lambda: told() and any(row["site"] == "crm.ridgeway.example" for row in log_rows(owner)), what="the site")
    # The default policy records sites, not addresses of pages.
    assert {row["url"] for row in log_rows(owner)} == {""}


def _iso(ms: int) -> str:
    return from_ms(ms)


def test_existing_buckets_answer_304(api: httpx.Client) -> None:
    body = {"type": "t", "client": "c", "hostname": "h"}
    assert api.post("/buckets/twice", json=body).status_code == 200
    again = api.post("/buckets/twice/", json=body)
    assert (again.status_code, again.content) == (304, b"")
    assert api.get("/buckets/twice").json()["hostname"] == "h"


@pytest.mark.parametrize(
    ("timestamp", "extra"),
    [
        ("2026-11-24T08:00:00Z", {}),
        ("2026-11-24T09:00:00+0100", {"duration": 0}),
        ("2026-11-24T08:00:00", {"duration": None}),
        ("2026-11-24T08:00:00.000123+00:00", {"id": None}),
        ("2026-11-24T08:00:00Z", {"id": 99_999}),
    ],
)
def test_times_and_ids_as_clients_write_them(api: httpx.Client, timestamp: str, extra: dict[str, Any]) -> None:
    api.post("/buckets/forms", json={"type": "t", "client": "c", "hostname": "h"})
    doubled = str(api.base_url).replace("/api/", "//api/")
    event = {"timestamp": timestamp, "data": {"a": 1}, **extra}
    answer = api.post(f"{doubled}buckets/forms/heartbeat/", params={"pulsetime": 0}, json=event)
    assert answer.status_code == 200, answer.text
    assert answer.json()["timestamp"] == "2026-11-24T08:00:00+00:00"
    assert answer.json()["id"] != 99_999


def test_heartbeats_merge_inclusively_and_late_ones_overwrite_nothing(api: httpx.Client) -> None:
    api.post("/buckets/merge", json={"type": "t", "client": "c", "hostname": "h"})

    def beat(second: float, data: dict[str, Any], duration: float = 0, pulse: float = 10) -> dict[str, Any]:
        event = {"timestamp": _iso(1_000_000_000_000 + round(second * 1000)), "duration": duration, "data": data}
        answer = api.post("/buckets/merge/heartbeat", params={"pulsetime": pulse}, json=event)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    first = beat(0, {"a": 1})
    assert beat(10, {"a": 1})["id"] == first["id"]
    assert beat(10, {"a": 1.0}, duration=3)["duration"] == 13
    assert beat(23.001, {"a": 1})["id"] != first["id"]
    newest = beat(60, {"b": 1}, duration=5)
    late = beat(30, {"a": 2})
    assert late["id"] not in (first["id"], newest["id"])
    assert api.get(f"/buckets/merge/events/{newest['id']}").json()["data"] == {"b": 1}
    assert api.get("/buckets/merge/events/count").json() == 4


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/buckets/bad", []),
        ("/buckets/bad", {"type": 1}),
        ("/buckets/merge/heartbeat", {"timestamp": "x", "data": {}}),
        ("/buckets/merge/heartbeat?pulsetime=nan", {"timestamp": "2026-01-01T00:00:00Z", "data": {}}),
        ("/buckets/merge/events", [{"timestamp": "2026-01-01T00:00:00Z", "duration": -1, "data": {}}]),
        ("/buckets/merge/events", [{"timestamp": "2026-01-01T00:00:00Z", "duration": 1e300, "data": {}}]),
        ("/buckets/merge/events", [{"timestamp": "99999-01-01T00:00:00Z", "data": {}}]),
        ("/buckets/merge/events", 7),
        ("/query", {"query": ["RETURN = __import__('os')"], "timeperiods": ["2026-01-01/2026-01-02"]}),
        ("/query", {"query": ["RETURN = x"], "timeperiods": ["2026-01-01/2026-01-02"]}),
        ("/query", {"query": ["RETURN = (1).__class__"], "timeperiods": ["2026-01-01/2026-01-02"]}),
        ("/query", {"query": ["RETURN = [x for x in [1]]"], "timeperiods": ["2026-01-01/2026-01-02"]}),
        ("/query", {"query": ["RETURN = sum_durations(1)"], "timeperiods": ["2026-01-01/2026-01-02"]}),
        ("/query", {"query": ["RETURN = 9**9**9"], "timeperiods": ["2026-01-01/2026-01-02"]}),
        ("/query", {"query": "x", "timeperiods": []}),
    ],
)
def test_bad_input_is_400_with_a_code(api: httpx.Client, path: str, body: Any) -> None:
    api.post("/buckets/merge", json={"type": "t", "client": "c", "hostname": "h"})
    answer = api.post(path, json=body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "input_invalid"


def test_broken_json_is_400(api: httpx.Client) -> None:
    for content in (b"{", b"\xff", b"[" * 100_000, b'{"a": NaN}', b'{"a": 1e400}'):
        assert api.post("/buckets/broken", content=content).status_code == 400


def test_halves_of_characters_are_kept_as_what_they_are_in_utf_8(api: httpx.Client) -> None:
    """A browser's title may be cut inside a character: it is stored, not lost, and nothing fails."""
    api.post("/buckets/halves", json={"type": "t", "client": "c", "hostname": "h"})
    data = '{"\\ud83d title": "cut \\ud83d", "whole": "\\ud83d\\ude00"}'
    event = f'{{"timestamp": "2026-01-01T00:00:00Z", "duration": 1, "data": {data}}}'
    for path in ("/buckets/halves/events", "/buckets/halves/heartbeat?pulsetime=1"):
        answer = api.post(path, content=event)
        assert answer.status_code == 200
        assert answer.json()["data"] == {"\ufffd title": "cut \ufffd", "whole": "\U0001f600"}
    query = '{"query": ["RETURN = \'\\ud83d\';"], "timeperiods": ["2026-01-01/2026-01-02"]}'
    assert api.post("/query", content=query).json() == ["\ufffd"]


def test_data_nested_as_deep_as_json_may_be_is_stored(api: httpx.Client) -> None:
    api.post("/buckets/deep", json={"type": "t", "client": "c", "hostname": "h"})
    for depth in (100, 900):
        data = '{"a":' * depth + "1" + "}" * depth
        event = f'{{"timestamp": "2026-01-01T00:00:00Z", "duration": 1, "data": {data}}}'
        assert api.post("/buckets/deep/events", content=event).status_code == 200
    assert len(api.get("/buckets/deep/events").json()) == 2


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
def test_pages_of_other_sites_are_refused(api: httpx.Client, method: str, content_type: str) -> None:
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:5600"},
        {"Origin": "moz-extension://../x"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        for path in ("/info", "/buckets", "/buckets/x", "/buckets/x/heartbeat", "/import", "/nothing"):
            answer = api.request(method, path, headers={**headers, "Content-Type": content_type}, content=b"{}")
            assert answer.status_code == 403, (headers, path)


def test_extensions_may_not_read(api: httpx.Client) -> None:
    headers = {"Origin": "chrome-extension://nglaklhklhcoonedhgnpgddginnjdadi"}
    assert api.get("/info", headers=headers).status_code == 200
    for path in ("/buckets", "/export", "/settings", "/buckets/merge/events", "/buckets/merge%2fevents", "/query"):
        assert api.get(path, headers=headers).status_code == 403, path
    api.post("/buckets/theirs", json={"type": "t", "client": "c", "hostname": "h"})
    for method in ("GET", "PUT", "DELETE"):
        assert api.request(method, "/buckets/theirs", headers=headers).status_code == 403, method
    for path in ("/import", "/settings/x", "/buckets/theirs/events"):
        assert api.post(path, json={}, headers=headers).status_code == 403, path


def test_a_rebound_name_is_refused(api: httpx.Client, agent: RunningAgent) -> None:
    for host in ("evil.example", f"evil.example:{agent.status().port}", "127.0.0.1", "127.0.0.1:1", ""):
        assert api.get("/info", headers={"Host": host}).status_code == 403
    assert api.get("/info", headers={"Host": f"LOCALHOST:{agent.status().port}"}).status_code == 200


def test_the_kernel_tells_whose_connection_it_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, address = server.accept()
        with accepted:
            assert user_at(address, server.getsockname()) == os.geteuid()
            assert user_at(("127.0.0.1", 1), server.getsockname()) is None
        assert client.getsockname() == address


def test_before_confirmation_nothing_is_written(display: str, account: Callable[..., Owner], tmp_path: Path) -> None:
    owner = account("unconfirmed-api")
    folder = tmp_path / "agent"
    enrol(owner, folder)
    with (
        agent_running(folder, display, "--sample-every", "0.2", "--upload-every", "0.3") as agent,
        httpx.Client(base_url=f"http://127.0.0.1:{agent.status().port}/api/0") as api,
    ):
        api.post("/buckets/early", json={"type": "t", "client": "c", "hostname": "h"})
        api.post("/buckets/early/events", json=[{"timestamp": "2026-11-24T08:00:00Z", "data": {"a": "Ridgeway"}}])
        assert not (folder / "local.db").exists()
        owner.confirm(owner.waiting())
        wait_for(lambda: (folder / "local.db").exists(), what="the event table on disk")
        wait_for(lambda: api.get("/buckets/early/events/count").json() == 1, what="the event, on disk now")
    assert b"Ridgeway" not in (folder / "local.db").read_bytes()


def test_a_port_in_use_is_one_sentence(
    agent: RunningAgent, account: Callable[..., Owner], tmp_path: Path, display: str
) -> None:
    owner = account("port")
    folder = tmp_path / "agent"
    enrol(owner, folder)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "reteamz.cli.main",
            "agent",
            "--dir",
            str(folder),
            "run",
            "--port",
            str(agent.status().port),
        ],
        env={**os.environ, "DISPLAY": display},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"reteamz: Port {agent.status().port} is used by another program")
    assert done.stderr.count("\n") == 1
