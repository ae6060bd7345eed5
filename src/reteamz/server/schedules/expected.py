"""What is expected of a person on a day. Pure: everything was loaded before."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

MINUTE_MS = 60_000
Source = Literal["person", "department", "account"]
Off = Literal["holiday", "absence"]


@dataclass(frozen=True, slots=True)
class Expected:
    """Expected work of a day: ``begin_min`` and ``end_min`` count from local midnight of the person's computer."""

    begin_min: int
    end_min: int
    work_ms: int
    grace_min: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Working hours from a day on. ``week``: what a weekday expects, Monday first; None takes the less specific plan."""

    since: date
    week: tuple[Expected | None, ...] | None


@dataclass(frozen=True, slots=True)
class Leave:
    """Days off of a person, both inclusive; ``half`` "" for whole days, else the half of each that is off."""

    first: date
    last: date
    kind: str
    half: str = ""
    note: str = ""


Plans = Sequence[Plan]
"""In the order of their days."""


@dataclass(frozen=True, slots=True)
class Schedules:
    """Schedules, holidays and absences of an account.

    Attributes:
        account: plans of the whole account.
        departments, persons: plans of departments and of persons (dictionary ids).
        places: person → department.
        holidays: department → day → label entry; "" is the whole account.
        leaves: person → absences.
    """

    account: Plans = ()
    departments: Mapping[str, Plans] = field(default_factory=dict)
    persons: Mapping[int, Plans] = field(default_factory=dict)
    places: Mapping[int, str] = field(default_factory=dict)
    holidays: Mapping[str, Mapping[date, str]] = field(default_factory=dict)
    leaves: Mapping[int, Sequence[Leave]] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        """Whether anybody has working hours."""
        every = (self.account, *self.departments.values(), *self.persons.values())
        return any(plan.week is not None and any(plan.week) for plans in every for plan in plans)

    def day(self, person: int, day: date) -> Expected | None:
        """Return what is expected of a person on a local day, None when it is no working day for them."""
        usual, _ = self.usual(person, day)
        if usual is None or self.holiday(person, day) is not None:
            return None
        halves = {leave.half for leave in self._leaves(person, day)}
        if not halves:
            return usual
        if halves != {"morning"} and halves != {"afternoon"}:
            return None
        middle = (usual.begin_min + usual.end_min) // 2
        return Expected(
            begin_min=middle if halves == {"morning"} else usual.begin_min,
            end_min=middle if halves == {"afternoon"} else usual.end_min,
            work_ms=usual.work_ms // 2,
            grace_min=usual.grace_min,
        )

    def usual(self, person: int, day: date) -> tuple[Expected | None, Source | None]:
        """Return what is expected on such a weekday, and whose schedule says so; holidays and absences do not count."""
        if person == 0:
            return None, None
        levels: tuple[tuple[Source, Plans], ...] = (
            ("person", self.persons.get(person, ())),
            ("department", self.departments.get(self.places.get(person, ""), ())),
            ("account", self.account),
        )
        for source, plans in levels:
            place = bisect_right(plans, day, key=lambda plan: plan.since)
            week = plans[place - 1].week if place else None
            if week is not None:
                return week[day.weekday()], source
        return None, None

    def off(self, person: int, day: date) -> Off | None:
        """Return why a person does not work on a day, whatever the weekday; half a day off is a working day."""
        if self.holiday(person, day) is not None:
            return "holiday"
        halves = {leave.half for leave in self._leaves(person, day)}
        return "absence" if "" in halves or len(halves) == 2 else None

    def holiday(self, person: int, day: date) -> str | None:
        """Return the name of a person's holiday, a label entry."""
        own = self.holidays.get(self.places.get(person, ""), {}).get(day)
        return self.holidays.get("", {}).get(day) if own is None else own

    def leave(self, person: int, day: date) -> Leave | None:
        """Return the absence of a person on a day; a whole day before half of one."""
        return min(self._leaves(person, day), key=lambda leave: leave.half != "", default=None)

    def _leaves(self, person: int, day: date) -> list[Leave]:
        return [leave for leave in self.leaves.get(person, ()) if leave.first <= day <= leave.last]
