"""Whatever a local client posts: 2xx or 4xx with the reason, never 500, and never lost after 2xx."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.agent.conftest import RunningAgent, agent_running, enrol, start_agent
from tests.waiting import wait_for

from reteamz.agent.localapi.bodies import IMPORT_BYTES
from reteamz.agent.localapi.store import Bucket, LocalStore, Told
from reteamz.agent.spool.cipher import LocalCipher
from reteamz.owner.client import Owner
from reteamz.wire.errors import ReteamzError

BUCKET = {"type": "t", "client": "c", "hostname": "h"}
MANY = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def owner(account: Callable[..., Owner]) -> Owner:
    return account("local-input")


@pytest.fixture(scope="module")
def agent(display: str, owner: Owner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    folder = tmp_path_factory.mktemp("input") / "agent"
    enrol(owner, folder)
    owner.confirm(owner.waiting())
    with agent_running(folder, display, "--upload-every", "0.5") as running:
        wait_for(lambda: running.status().mode == "encrypted", what="the grant")
        yield running


@pytest.fixture(scope="module")
def api(agent: RunningAgent) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{agent.status().port}/api/0") as client:
        client.post("/buckets/input", json=BUCKET)
        client.post("/buckets/chat", json={**BUCKET, "type": "reteamz.chat"})
        yield client


texts = st.text(max_size=20) | st.sampled_from(["", "\ud83d", "\0", "🙂" * 5, "2026-11-24T08:00:00Z", "!local", "NaN"])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.sampled_from([10**30, -(2**64), 1e308, 10**400]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
times = texts | st.datetimes(timezones=st.timezones() | st.none()).map(lambda at: at.isoformat()) | st.integers()
events = st.fixed_dictionaries({}, optional={"timestamp": times, "duration": values, "data": values, "id": values})
buckets = st.fixed_dictionaries(
    {}, optional={"id": values, "type": values, "client": texts, "hostname": texts, "events": st.lists(events) | values}
)
queries = st.fixed_dictionaries(
    {},
    optional={
        "query": st.lists(
            st.text("RETURNabc=;()[]{}\"'\\,:1. -", max_size=40)
            | st.sampled_from(
                [
                    'events = query_bucket("input");',
                    "RETURN = flood(events);",
                    "RETURN = categorize(events, [[[], {}]]);",
                ]
            ),
            max_size=4,
        ),
        "timeperiods": st.lists(times | st.builds(lambda a, b: f"{a}/{b}", times, times), max_size=2),
    },
)
bodies = (
    (values | events | st.lists(events, max_size=3) | st.fixed_dictionaries({"buckets": buckets | st.dictionaries(texts, buckets)}) | queries)
    .map(lambda value: json.dumps(value).encode())
) | st.binary(max_size=200)  # fmt: skip
paths = st.sampled_from(
    [
        "info", "buckets", "buckets/input", "buckets/new", "buckets/input/heartbeat", "buckets/input/heartbeat?pulsetime=1",
        "buckets/input/heartbeat?pulsetime=inf", "buckets/input/events", "buckets/input/events?limit=x&start=y", "buckets/input/events/1",
        "buckets/input/events/count", "buckets/input/events/count?end=2026", "buckets/input/export", "buckets/chat/events",
        "buckets/chat/heartbeat?pulsetime=1", "query", "query/", "export", "import", "import/", "settings", "settings/key", "log",
        "buckets/%ff%2f..%00", "buckets/none/events", "", "../../etc/passwd",
    ]
) | st.text("abcdefghijklmnopqrstuvwxyz/%?=&._-0123456789", max_size=40)  # fmt: skip
kinds = st.sampled_from(
    ["application/json", "text/plain", "", "multipart/form-data; boundary=x", 'multipart/form-data; boundary="', "multipart/form-data", "\xff"]
)  # fmt: skip


@MANY
@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]), paths, kinds, bodies, st.booleans()
)
def test_anything_is_answered_with_a_reason(
    api: httpx.Client, method: str, path: str, kind: str, body: bytes, form: bool
) -> None:
    if form:
        body = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.json"\r\n\r\n' + body + b"\r\n--x--\r\n"
    answer = api.request(method, f"/{path}", content=body, headers=[(b"Content-Type", kind.encode("latin-1"))])
    assert answer.status_code in (200, 304, 400, 404), (answer.status_code, answer.text)
    if answer.status_code >= 400 and method != "HEAD":
        assert answer.json()["message"], "the reason is said"
    if answer.status_code == 200 and method == "DELETE":
        api.post("/buckets/input", json=BUCKET)


@MANY
@given(st.lists(st.dictionaries(texts, values, max_size=4), min_size=1, max_size=4))
def test_what_was_taken_is_read_back(api: httpx.Client, told: list[dict[str, Any]]) -> None:
    """Data of any shape comes back as it was told; numbers larger than any program's as the nearest there is."""
    api.delete("/buckets/back")
    api.post("/buckets/back", json=BUCKET)
    rows = [{"timestamp": f"2026-01-01T00:00:0{at}Z", "duration": 0.5, "data": data} for at, data in enumerate(told)]
    answer = api.post("/buckets/back/events", content=json.dumps(rows))
    if answer.status_code == 400:
        assert answer.json()["message"] == "The request is not JSON.", "only what JSON has no number for"
        return
    assert answer.status_code == 200
    assert [row["data"] for row in api.get("/buckets/back/events").json()][::-1] == [_kept(data) for data in told]


def _kept(value: Any) -> Any:
    if isinstance(value, dict):
        return {_kept(key): _kept(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_kept(each) for each in value]
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if type(value) is int and not -(2**63) <= value < 2**63:
        return float(value)
    return value


def test_connections_that_end_early_harm_nobody(api: httpx.Client, agent: RunningAgent) -> None:
    port = agent.status().port
    for told in (
        b"POST /api/0/buckets/input/events HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 1000\r\n\r\n[" % port,
        b"GET /api/0/info HTTP/9.9\r\n\r\n",
        b"\x00\xff\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(told)
    assert api.get("/info").status_code == 200
    assert "Traceback" not in agent.log.read_text()


def test_imports_are_whole_or_not_at_all(api: httpx.Client) -> None:
    event = {"timestamp": "2026-01-01T00:00:00Z", "duration": 1, "data": {"a": 1}, "id": 7}
    good = {**BUCKET, "created": "2026-01-01T00:00:00Z", "events": [event, {**event, "id": 7}]}

    def bring(*files: dict[str, Any]) -> httpx.Response:
        return api.post("/import", files=[("f", (f"{n}.json", json.dumps(f).encode())) for n, f in enumerate(files)])

    assert bring({"buckets": {"one": {**good, "id": "one"}}}, {"buckets": {"two": good}}).status_code == 200
    assert len(api.get("/buckets/one/events").json()) == 2, "ids are ours to give"
    assert api.get("/buckets/two").json()["created"] == "2026-01-01T00:00:00+00:00"
    for refused in (
        [{"buckets": {"three": good}}, {"buckets": {"two": good}}],
        [{"buckets": {"three": good}}, {"buckets": {"three": good}}],
        [{"buckets": {"three": good, "four": {**good, "events": [{"not": "an event"}]}}}],
        [{"buckets": {"three": good}}, {"nope": 1}],
        [{"buckets": {"three": {**good, "type": "reteamz.chat"}}}],
    ):
        answer = bring(*refused)
        assert (answer.status_code, bool(answer.json()["message"])) == (400, True)
    assert {"one", "two"} <= set(api.get("/buckets").json())
    assert {"three", "four"}.isdisjoint(api.get("/buckets").json())
    assert api.post("/import", content=b" " * (IMPORT_BYTES + 1)).status_code == 400
    assert api.post("/import", json={"buckets": {}}).status_code == 200


def test_a_bucket_changes_what_is_said_of_it(api: httpx.Client) -> None:
    api.post("/buckets/changed", json=BUCKET)
    assert api.put("/buckets/changed", json={"hostname": "other", "data": {"k": 1}}).status_code == 200
    api.post("/buckets/changed/events", json=[{"timestamp": "2026-01-01T00:00:00Z", "duration": 2.5, "data": {}}])
    found = api.get("/buckets/changed").json()
    assert (found["type"], found["hostname"], found["data"]) == ("t", "other", {"k": 1})
    assert found["last_updated"] == "2026-01-01T00:00:02.500000+00:00"
    for body in ([], {"hostname": ""}, {"data": 3}):
        assert api.put("/buckets/changed", json=body).status_code == 400
    assert api.put("/buckets/unknown", json={}).status_code == 404


def test_nothing_that_was_answered_is_lost_by_a_kill(display: str, owner: Owner, tmp_path: Path) -> None:
    folder = tmp_path / "agent"
    enrol(owner, folder)
    owner.confirm(owner.waiting())
    kept = 0
    for round_ in range(4):
        agent = start_agent(folder, display, "--upload-every", "0.5")
        wait_for(lambda: (folder / "local.db").exists(), what="the event table on disk")
        with httpx.Client(base_url=f"http://127.0.0.1:{agent.status().port}/api/0") as api:
            api.post("/buckets/kills", json=BUCKET)
            assert api.get("/buckets/kills/events/count").json() == kept
            for number in range(5 * round_ + 1):
                beat = {"timestamp": f"2026-01-0{round_ + 1}T00:00:{number:02}Z", "data": {"n": number}}
                assert api.post("/buckets/kills/heartbeat?pulsetime=1", json=beat).status_code == 200
                kept += 1
            # Right behind the answer.
            os.kill(agent.process.pid, signal.SIGKILL)
            agent.process.wait()


def test_old_events_stay_as_long_as_new_ones(tmp_path: Path) -> None:
    """What counts is when it was told, not when it was: a client that brings last year's events reads them back."""
    at = 1_000_000
    store = LocalStore(LocalCipher(os.urandom(32)), tmp_path / "local.db", lambda: at)
    bucket = Bucket(0, 1, "b", "t", "c", "h", 0, {})
    store.add_bucket(bucket)
    bucket = store.buckets(1)[0]
    store.insert(bucket, [Told(5, 1_000, {})])
    store.forget(at)
    assert len(store.events(bucket)) == 1
    store.forget(at + 1)
    assert not store.events(bucket)
    store.close()


def test_one_users_events_never_push_out_anothers(tmp_path: Path) -> None:
    at = time.time_ns() // 1_000_000
    store = LocalStore(LocalCipher(os.urandom(32)), tmp_path / "local.db", lambda: at, most_bytes=400_000)
    for user in (1, 2):
        store.add_bucket(Bucket(0, user, "b", "t", "c", "h", 0, {}))
    mine, theirs = store.buckets(1)[0], store.buckets(2)[0]
    store.insert(theirs, [Told(0, 0, {"keep": True})])
    for number in range(400):
        store.insert(mine, [Told(number, 0, {"noise": os.urandom(2_000).hex()})])
    assert (tmp_path / "local.db").stat().st_size < 5_000_000
    assert [event.data for event in store.events(theirs)] == [{"keep": True}]
    assert store.events(mine), "the newest of one's own stay"
    store.delete_bucket(mine)
    with pytest.raises(ReteamzError, match="no such bucket"):
        store.insert(mine, [Told(0, 0, {})])
    store.close()
