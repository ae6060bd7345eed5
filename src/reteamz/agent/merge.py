"""Merging of samples into events, as ActivityWatch merges heartbeats.

Two neighbours merge when their data is equal and start ≤ t ≤ end + pulse, inclusive; the duration becomes max(duration, t − start + duration
of the new one). Our own watchers look at fixed intervals, so what was seen lasts until the next look: a change within the pulse ends the event
before at the change, and no time is lost or counted twice.
"""

from __future__ import annotations

from typing import Final

from reteamz.agent.samples import Event, Sample
from reteamz.wire.batch import IDLE

DAY_MS: Final = 86_400_000


def split_at_midnight(event: Event) -> list[Event]:
    """Return the event cut at every local midnight inside it; keys and clicks stay with the first part."""
    shift = event.offset * 60_000
    first_day = (event.start + shift) // DAY_MS
    if (event.end + shift - 1) // DAY_MS <= first_day:
        return [event]
    parts: list[Event] = []
    start = event.start
    while start < event.end:
        end = min(event.end, ((start + shift) // DAY_MS + 1) * DAY_MS - shift)
        parts.append(_between(event, start, end))
        start = end
    return parts


def _between(event: Event, start: int, end: int) -> Event:
    return Event(
        start,
        end,
        event.kind,
        event.offset,
        event.person,
        event.app,
        event.title,
        event.site,
        event.url,
        event.document,
        event.input if start == event.start else 0,
    )


def _same(event: Event, sample: Sample) -> bool:
    return (
        event.title == sample.title
        and event.app == sample.app
        and event.kind == sample.kind
        and event.url == sample.url
        and event.site == sample.site
        and event.document == sample.document
        and event.person == sample.person
        and event.offset == sample.offset
    )


class Merger:
    """Holds the events that are not yet final; the last one still grows.

    Args:
        pulse_ms: how long a look counts for at most; a longer silence (sleep, a stopped agent) is a gap.
    """

    def __init__(self, pulse_ms: int) -> None:
        self._pulse = pulse_ms
        self._events: list[Event] = []
        self._cut = False

    def __len__(self) -> int:
        return len(self._events)

    def add(self, sample: Sample) -> None:
        """Take a sample in. One from before the event that grows (a clock that was set back) begins an event of its own."""
        at = sample.at
        cut, self._cut = self._cut, False
        if self._events and not cut:
            last = self._events[-1]
            if last.start <= at <= last.end + self._pulse:
                if _same(last, sample):
                    last.end = max(last.end, at + sample.duration)
                    last.input += sample.input
                    return
                last.end = at
        self._events.append(
            Event(
                at,
                at + sample.duration,
                sample.kind,
                sample.offset,
                sample.person,
                sample.app,
                sample.title,
                sample.site,
                sample.url,
                sample.document,
                sample.input,
            )
        )

    def cut(self) -> None:
        """Let the next sample begin an event of its own: the clock was set, and its distance to the last one says nothing."""
        self._cut = True

    def idle_since(self, since: int) -> None:
        """Turn everything that is held and lies after ``since`` (ms) into idle time: nobody was there."""
        kept: list[Event] = []
        for event in self._events:
            if event.end <= since or event.kind == IDLE:
                kept.append(event)
                continue
            if event.start < since:
                kept.append(_between(event, event.start, since))
            start = max(event.start, since)
            last = kept[-1] if kept else None
            if last is not None and last.kind == IDLE and last.end == start and last.person == event.person:
                last.end = event.end
            else:
                kept.append(Event(start, event.end, IDLE, event.offset, event.person, "", "", "", "", "", 0))
        self._events = kept

    def take(self, until: int | None = None) -> list[Event]:
        """Remove and return what lies before ``until`` (ms), cut there and at local midnights; None takes everything.

        Events without length say nothing and are dropped.
        """
        if until is None:
            taken, self._events = self._events, []
        else:
            taken, kept = [], []
            for event in self._events:
                if event.end <= until:
                    taken.append(event)
                elif event.start < until:
                    taken.append(_between(event, event.start, until))
                    kept.append(_between(event, until, event.end))
                else:
                    kept.append(event)
            if taken and not kept:
                # The last one may still grow: its empty end stays, so that the next look finds it.
                last = taken[-1]
                kept.append(_between(last, last.end, last.end) if last.end > last.start else last)
            self._events = kept
        return [part for event in taken if event.end > event.start for part in split_at_midnight(event)]

    def put_back(self, events: list[Event]) -> None:
        """Give events back that could not be stored, in front of those held now."""
        self._events[:0] = events

    def held(self) -> list[Event]:
        """Return the events held now, oldest first; they go on growing."""
        return self._events
