"""What the reports of single days answer: who did what when, and who was there."""

from typing import Literal

import msgspec


class Stretch(msgspec.Struct, kw_only=True):
    """A stretch of the day with one kind and one application in front, at the grain of the timeline.

    ``begin_ms`` and ``end_ms`` count from local midnight of the person's computer; ``app`` is a dictionary id, 0 for none.
    """

    begin_ms: int
    end_ms: int
    kind: str
    app: int


class TimelineRow(msgspec.Struct, kw_only=True):
    """One person's day; id 0 stands for events without a person."""

    id: int
    name: str
    day: str
    stretches: list[Stretch]


class TimelineName(msgspec.Struct, kw_only=True):
    """An application that the stretches name by id."""

    id: int
    name: str


class Timeline(msgspec.Struct, kw_only=True):
    """Local days, people in the order of their names' ids, each with the days that have events; ``grain_ms`` is how exact it is.

    ``count`` tells the people of all pages.
    """

    first: str
    last: str
    grain_ms: int
    rows: list[TimelineRow]
    apps: list[TimelineName]
    count: int
    page: int
    pages: int


class Attended(msgspec.Struct, kw_only=True):
    """One person's day: first and last activity as milliseconds from local midnight, None without any, and work time.

    `state`: present; absent (a working day that is over, without activity); open (one that is not over, without any yet); free. `off`: holiday,
    vacation, sick, other, empty for none; `half` the half of the day that is off, `label` the holiday's name or the absence's note. Late and
    early beyond the grace only, early once the day is over; a `balance_ms` (work less expected work) only then.
    """

    day: str
    first_ms: int | None
    last_ms: int | None
    work_ms: int
    state: Literal["present", "absent", "open", "free"]
    over: bool
    begin_min: int | None
    end_min: int | None
    expected_ms: int
    late_ms: int
    early_ms: int
    balance_ms: int
    off: str
    half: str
    label: str


class AttendanceRow(msgspec.Struct, kw_only=True):
    """One person; days that have nothing to tell are left out. What is expected, and the balance, counts days that are over.

    `open_ms` is the work of days that are not.
    """

    id: int
    name: str
    days: list[Attended]
    work_ms: int
    open_ms: int
    expected_ms: int
    balance_ms: int
    late: int
    early: int
    absent: int


class Attendance(msgspec.Struct, kw_only=True):
    """A range of local days, people in the order of their names' ids.

    `judged`: whether days are compared with schedules, which needs one, and whole days: no choice of names, devices or hours.
    """

    first: str
    last: str
    judged: bool
    rows: list[AttendanceRow]


class LiveRow(msgspec.Struct, kw_only=True):
    """The last that is known of a person: names as entry texts ("" for none), times in ms since 1970.

    `kind` is that of the event, or `away` when it ended longer ago than agents need to report.
    """

    id: int
    name: str
    kind: str
    app: str
    title: str
    since_ms: int
    seen_ms: int


class Live(msgspec.Struct, kw_only=True):
    """People by what was seen of them last, the latest first; `at_ms` is the server's clock."""

    at_ms: int
    rows: list[LiveRow]


class Week(msgspec.Struct, kw_only=True):
    """Active and meeting time by day of the week (Monday first) and hour of the day, 7 × 24, over a range of days."""

    first: str
    last: str
    hours: list[list[int]]
