"""Run by ActivityWatch's own Python: what aw-server's tests of a server ask for, through the real client, in their order.

aw-server's own `tests/test_client.py` is in no package; `ACTIVITYWATCH_TESTS=…/aw-server/tests/test_client.py` runs it beside this file.
"""

import json
import random
import time
from datetime import UTC, datetime, timedelta

import pytest
from aw_client import ActivityWatchClient
from aw_core.models import Event

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
LABEL = {"label": "test"}


@pytest.fixture(scope="module")
def client():
    client = ActivityWatchClient("reteamz-calls", testing=True)
    assert client.server_address.endswith(":5666")
    return client


@pytest.fixture
def bucket(client):
    name = f"test-{random.randrange(10**9)}"
    client.create_bucket(name, "testevents", queued=False)
    yield name
    client.delete_bucket(name)


def ago(**past):
    """Return a time in the past, in whole milliseconds."""
    then = datetime.now(UTC) - timedelta(**past)
    return then.replace(microsecond=then.microsecond // 1000 * 1000)


def row(count, start, every, duration=timedelta(0)):
    return [Event(timestamp=start + number * every, duration=duration, data=dict(LABEL)) for number in range(count)]


def without_ids(events):
    return [(event.timestamp, event.duration, event.data) for event in events]


def test_it_says_that_it_is_a_test(client):
    assert client.get_info()["testing"] is True


def test_export_of_everything(client, bucket):
    client.insert_event(bucket, row(1, ago(hours=1), HOUR)[0])
    exported = client.export_all()["buckets"]
    assert exported[bucket]["id"] == bucket
    assert [sorted(event) for event in exported[bucket]["events"]] == [["data", "duration", "timestamp"]]


def test_heartbeats_become_one(client, bucket):
    first, second = row(2, ago(minutes=1), SECOND)
    client.heartbeat(bucket, first, pulsetime=0)
    client.heartbeat(bucket, second, pulsetime=10)
    assert without_ids(client.get_events(bucket, limit=1)) == [(first.timestamp, SECOND, LABEL)]


def test_heartbeats_in_any_order_are_answered_and_kept(client, bucket):
    beats = row(100, ago(hours=1), SECOND)
    random.shuffle(beats)
    for beat in beats:
        client.heartbeat(bucket, beat, pulsetime=2)
    held = client.get_events(bucket, limit=-1)
    for beat in beats:
        assert any(each.timestamp <= beat.timestamp <= each.timestamp + each.duration for each in held)


def test_queued_heartbeats_arrive(client, bucket):
    first, second = row(2, ago(minutes=1), SECOND)
    other = Event(timestamp=second.timestamp, data={"label": "other"})
    client.connect()
    for beat, pulse in ((first, 0), (second, 10), (other, 0)):
        client.heartbeat(bucket, beat, pulsetime=pulse, queued=True)
    until = time.monotonic() + 60
    while not client.get_eventcount(bucket):
        assert time.monotonic() < until
    client.disconnect()
    assert without_ids(client.get_events(bucket, limit=1)) == [(first.timestamp, SECOND, LABEL)]


def test_the_list_of_buckets(client, bucket):
    assert client.get_buckets()[bucket]["type"] == "testevents"


def test_one_event(client, bucket):
    event = row(1, ago(minutes=1), SECOND)[0]
    client.insert_event(bucket, event)
    assert client.get_events(bucket, limit=1) == [event]


def test_several_events(client, bucket):
    events = row(2, ago(days=1), HOUR, HOUR)
    client.insert_events(bucket, events)
    assert client.get_events(bucket) == events[::-1]


def test_events_by_their_ids(client, bucket):
    client.insert_events(bucket, row(10, ago(days=50), HOUR, HOUR))
    for event in client.get_events(bucket):
        assert client.get_event(bucket, event.id) == event


def test_what_a_time_span_cuts_off(client, bucket):
    start = ago(days=50)
    events = row(1_000, start, HOUR, HOUR)
    client.insert_events(bucket, events)
    found = client.get_events(bucket, limit=50, start=start, end=start + 24 * HOUR)
    assert len(found) == 25
    assert found[0].duration == timedelta(0), "the one that begins at the end is cut off"
    assert found[1:] == events[23::-1]
    middle = client.get_events(bucket, start=start + 90 * MINUTE, end=start + 100 * MINUTE)
    assert without_ids(middle) == [(start + 90 * MINUTE, 10 * MINUTE, LABEL)]


def test_a_thousand_events(client, bucket):
    events = row(1_000, ago(days=50), HOUR, HOUR)
    client.insert_events(bucket, events)
    assert client.get_events(bucket, limit=-1) == events[::-1]
    assert client.get_eventcount(bucket) == 1_000


def test_events_and_heartbeats_over_midnight(client, bucket):
    midnight = (datetime.now(UTC) - timedelta(days=1)).replace(hour=23, minute=50, second=0, microsecond=0)
    for number, beat in enumerate(row(20, midnight, MINUTE, MINUTE)):
        beat.data["label"] = "11234"[number % 5]
        client.heartbeat(bucket, beat, pulsetime=90)
    assert len(client.get_events(bucket)) == 16
    after = client.get_events(bucket, start=midnight + 10 * MINUTE + timedelta(milliseconds=1))
    assert len(after) == 8


def test_settings(client):
    for key, value in (("text", "test"), ("list", json.dumps([1, 2])), ("object", {"a": [1, None]})):
        client.set_setting(key, value)
        assert client.get_setting(key) == value
        assert client.get_setting()[key] == value
    assert client.get_setting("never set") is None


def test_a_bucket_goes_out_and_comes_back(client, bucket):
    client.insert_events(bucket, row(5, ago(hours=9), HOUR, MINUTE))
    exported, events = client.export_bucket(bucket), client.get_events(bucket)
    client.delete_bucket(bucket)
    assert bucket not in client.get_buckets()
    client.import_bucket(exported["buckets"][bucket])
    assert without_ids(client.get_events(bucket)) == without_ids(events)
    assert client.export_bucket(bucket) == exported
