"""Merging against a plain model, under any samples: no time is lost, doubled or put into another window."""

from __future__ import annotations

import itertools
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from reteamz.agent.merge import DAY_MS, Merger, split_at_midnight
from reteamz.agent.samples import Event, Sample
from reteamz.wire.batch import ACTIVE, IDLE

PULSE = 5_000
looks = st.lists(st.tuples(st.integers(0, 12_000), st.sampled_from("abc"), st.integers(0, 3)), min_size=1, max_size=60)


def samples_of(steps: list[tuple[int, str, int]]) -> list[Sample]:
    """Return looks at growing times."""
    at = 1_000_000
    made = []
    for step, title, keys in steps:
        at += step
        made.append(Sample(at, title=title, app="Writer", input=keys))
    return made


def model(samples: list[Sample]) -> Counter[str]:
    """Return the time of each title: from a look to the next one, unless that is further away than a look counts."""
    spent: Counter[str] = Counter()
    for here, after in itertools.pairwise(samples):
        if after.at - here.at <= PULSE:
            spent[here.title] += after.at - here.at
    return +spent


def spent(events: list[Event]) -> Counter[str]:
    found: Counter[str] = Counter()
    for event in events:
        found[event.title] += event.end - event.start
    return +found


@given(looks)
def test_time_goes_to_the_window_that_was_seen(steps: list[tuple[int, str, int]]) -> None:
    merger = Merger(PULSE)
    samples = samples_of(steps)
    for sample in samples:
        merger.add(sample)
    events = merger.take()
    assert spent(events) == model(samples)
    assert all(here.end <= after.start for here, after in itertools.pairwise(events))


@given(looks, st.sets(st.integers(0, 59)), st.integers(0, 8_000))
def test_taking_in_between_changes_nothing(steps: list[tuple[int, str, int]], cuts: set[int], behind: int) -> None:
    whole, parts = Merger(PULSE), Merger(PULSE)
    taken: list[Event] = []
    for number, sample in enumerate(samples_of(steps)):
        whole.add(sample)
        parts.add(sample)
        if number in cuts:
            taken += parts.take(sample.at - behind)
    taken += parts.take()
    assert spent(taken) == spent(whole.take())
    assert all(here.end <= after.start for here, after in itertools.pairwise(taken))


@given(looks)
def test_keys_are_counted_once(steps: list[tuple[int, str, int]]) -> None:
    merger = Merger(PULSE)
    samples = samples_of(steps)
    for sample in samples:
        merger.add(sample)
    held = sum(event.input for event in merger.held())
    assert held == sum(sample.input for sample in samples)


@given(st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 20_000), st.sampled_from("ab")), max_size=30))
def test_heartbeats_of_any_order_never_overlap_themselves(beats: list[tuple[int, int, str]]) -> None:
    merger = Merger(PULSE)
    for at, duration, title in beats:
        merger.add(Sample(at, duration=duration, title=title))
    for event in merger.take():
        assert event.end > event.start


def test_the_pulse_is_inclusive() -> None:
    for gap, count in ((PULSE, 1), (PULSE + 1, 2)):
        merger = Merger(PULSE)
        for at in (0, gap, gap + 1_000):
            merger.add(Sample(at, title="a"))
        assert len(merger) == count


@given(looks, st.integers(0, 200_000))
def test_idle_time_replaces_work_and_loses_none(steps: list[tuple[int, str, int]], since: int) -> None:
    merger = Merger(PULSE)
    for sample in samples_of(steps):
        merger.add(sample)
    before = sum(event.end - event.start for event in merger.held())
    merger.idle_since(1_000_000 + since)
    events = merger.held()
    assert sum(event.end - event.start for event in events) == before
    assert all(event.kind == IDLE for event in events if event.end > event.start >= 1_000_000 + since)
    assert all(not event.title for event in events if event.kind == IDLE)


@given(st.integers(0, 10 * DAY_MS), st.integers(1, 4 * DAY_MS), st.integers(-720, 840))
def test_midnight_cuts(start: int, length: int, offset: int) -> None:
    event = Event(start, start + length, ACTIVE, offset, "p", "a", "t", "", "", "", 7)
    parts = split_at_midnight(event)
    assert (parts[0].start, parts[-1].end) == (start, start + length)
    assert all(here.end == after.start for here, after in itertools.pairwise(parts))
    assert sum(part.input for part in parts) == 7
    for part in parts:
        shift = offset * 60_000
        assert (part.start + shift) // DAY_MS == (part.end + shift - 1) // DAY_MS, "one local day"
