"""Messages about working hours: schedules, holidays, absences. Days are local days, minutes count from local midnight."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec

from reteamz.wire.accounts import EntryText
from reteamz.wire.encoding import Id

Minutes = Annotated[int, msgspec.Meta(ge=0, le=1_440)]
Person = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
"""A person's id in the dictionary."""
AbsenceKind = Literal["vacation", "sick", "other"]
Half = Literal["morning", "afternoon"]


class WorkDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Working hours of a weekday; ``break_min`` is not expected work."""

    begin_min: Minutes
    end_min: Minutes
    break_min: Minutes = 0


Week = Annotated[list[WorkDay | None], msgspec.Meta(min_length=7, max_length=7)]
"""Monday first; None is a day off."""


class SchedulePut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Working hours from a day on; a ``week`` of None takes those of the department or the account again.

    ``grace_min``: nobody is late who comes so many minutes after the begin.
    """

    week: Week | None
    grace_min: Minutes = 0


class ScheduleView(msgspec.Struct, frozen=True):
    """A schedule of the account (neither department nor person), of a department or of a person, from ``since`` on."""

    department: str | None
    person: int | None
    since: date
    week: Week | None
    grace_min: int


class HolidayPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A holiday of the whole account, or of a department; ``name`` is a label."""

    day: date
    name: EntryText
    department: Id | None = None


class HolidayView(msgspec.Struct, frozen=True):
    """A holiday; ``name`` is a label."""

    id: str
    day: date
    name: str
    department: str | None


class AbsencePost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days on which a person does not work, both inclusive; ``half`` is the half of each that is off. ``note`` is a label."""

    person: Person
    first: date
    last: date
    kind: AbsenceKind
    half: Half | None = None
    note: EntryText | None = None


class AbsenceView(msgspec.Struct, frozen=True):
    """An absence; ``note`` is a label."""

    id: str
    person: int
    first: date
    last: date
    kind: AbsenceKind
    half: Half | None
    note: str | None
