"""Working hours as few rows: stretches of days on which the same weekday has the same hours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from reteamz.server.schedules.expected import Plan, Schedules

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """On this weekday (1 is Monday) of these days, both inclusive, somebody works; minutes count from local midnight."""

    weekday: int
    first: date
    last: date
    begin_min: int
    end_min: int


def groups_of(
    schedules: Schedules, persons: Iterable[int], first: date, last: date
) -> dict[tuple[Span, ...], list[int]]:
    """Return the spans of a range of days with the persons who have them: people of a department often have the same."""
    groups: dict[tuple[Span, ...], list[int]] = {}
    shared: dict[str, tuple[Span, ...]] = {}
    for person in persons:
        if person in schedules.persons or person in schedules.leaves:
            spans = tuple(spans_of(schedules, person, first, last))
        else:
            place = schedules.places.get(person, "")
            if place not in shared:
                shared[place] = tuple(spans_of(schedules, person, first, last))
            spans = shared[place]
        if spans:
            groups.setdefault(spans, []).append(person)
    return groups


def spans_of(schedules: Schedules, person: int, first: date, last: date) -> Iterator[Span]:
    """Yield when a person works on the days of a range, both inclusive."""
    place = schedules.places.get(person, "")
    levels = (schedules.persons.get(person, ()), schedules.departments.get(place, ()), schedules.account)
    begins = sorted({first, *(plan.since for plan in _of(levels) if first < plan.since <= last)})
    ends = [*(day - _DAY for day in begins[1:]), last]
    odd = sorted(_exceptions(schedules, person, first, last))
    for begin, end in zip(begins, ends, strict=True):
        for step in range(min(7, (end - begin).days + 1)):
            day = begin + step * _DAY
            usual, _ = schedules.usual(person, day)
            if usual is None:
                continue
            weekday = day.isoweekday()
            for other in odd:
                if not day <= other <= end or other.isoweekday() != weekday:
                    continue
                if day < other:
                    yield Span(weekday, day, other - _DAY, usual.begin_min, usual.end_min)
                part = schedules.day(person, other)
                if part is not None:
                    yield Span(weekday, other, other, part.begin_min, part.end_min)
                day = other + _DAY
            if day <= end:
                yield Span(weekday, day, end, usual.begin_min, usual.end_min)


def _of(levels: Iterable[Iterable[Plan]]) -> Iterator[Plan]:
    for plans in levels:
        yield from plans


def _exceptions(schedules: Schedules, person: int, first: date, last: date) -> set[date]:
    """Return the days of a range on which something else holds than on other such weekdays."""
    days = {
        day
        for department in ("", schedules.places.get(person, ""))
        for day in schedules.holidays.get(department, {})
        if first <= day <= last
    }
    for leave in schedules.leaves.get(person, ()):
        begin, end = max(first, leave.first), min(last, leave.last)
        days.update(begin + step * _DAY for step in range((end - begin).days + 1))
    return days
