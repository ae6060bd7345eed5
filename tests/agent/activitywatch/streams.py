"""Run by ActivityWatch's own Python: any stream through the real client equals the merge of its core, on the port in PORT."""

import copy
import os
from datetime import UTC, datetime, timedelta

from aw_client import ActivityWatchClient
from aw_core.models import Event
from aw_transform.heartbeats import heartbeat_reduce
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
DATA = [{"a": 1}, {"a": True}, {"a": 1.0}, {"a": "1"}, {"a": {"b": [None, 2]}}, {}, {"a": 1, "b": "Grüße"}]
client = ActivityWatchClient("reteamz-streams", host="127.0.0.1", port=int(os.environ["PORT"]))

events = st.builds(
    lambda at, duration, data: Event(
        timestamp=START + timedelta(milliseconds=at), duration=timedelta(microseconds=duration), data=data
    ),
    # Small steps, so that many lie within each other's pulse, and many come late.
    st.integers(0, 40).map(lambda step: step * 500) | st.integers(0, 20_000),
    st.sampled_from([0, 0, 500_000, 1_000_000]) | st.integers(0, 3_000_000),
    st.sampled_from(DATA),
)
steps = st.lists(events | st.lists(events, max_size=3) | st.none(), max_size=30)
pulses = st.sampled_from([0, 0.5, 1, 2.5, 60]) | st.floats(0, 5)


def seen(held):
    # Data of JSON, so that 1 and true, equal to Python, are what was merged first.
    return sorted((event.timestamp, event.duration, repr(event.data)) for event in held)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, pulses)
def test_streams(stream, pulse):
    """Heartbeats in any order, inserted events between them, and buckets that are deleted and made again."""
    client.delete_bucket("stream", force=True)
    client.create_bucket("stream", "test")
    held, told = [], []
    for step in stream:
        if step is None:
            client.delete_bucket("stream", force=True)
            client.create_bucket("stream", "test")
            held, told = [], []
        elif isinstance(step, list):
            client.insert_events("stream", step)
            held += sorted(copy.deepcopy(step), key=lambda event: event.timestamp)
            told += step
        else:
            client.heartbeat("stream", step, pulsetime=pulse)
            # The core's merge takes what it reduced before as it is, and the new heartbeat to its end.
            held = held[:-1] + heartbeat_reduce([*held[-1:], copy.deepcopy(step)], pulse)
            told.append(step)
    answered = client.get_events("stream")
    assert seen(answered) == seen(held)
    for event in told:
        end = event.timestamp + event.duration
        assert any(
            each.timestamp <= event.timestamp and end <= each.timestamp + each.duration and each.data == event.data
            for each in answered
        ), "nothing is lost"


client.create_bucket("stream", "test")
