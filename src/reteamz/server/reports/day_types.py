"""What the reports of single days answer: who did what when, and who was there."""

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
    stretches: list[Stretch]


class TimelineName(msgspec.Struct, kw_only=True):
    """An application that the stretches name by id."""

    id: int
    name: str


class Timeline(msgspec.Struct, kw_only=True):
    """One local day, people in the order of their names' ids; ``grain_ms`` is how exact it is."""

    day: str
    grain_ms: int
    rows: list[TimelineRow]
    apps: list[TimelineName]


class Attended(msgspec.Struct, kw_only=True):
    """One person's day: first and last activity as milliseconds from local midnight, None without any, and work time."""

    day: str
    first_ms: int | None
    last_ms: int | None
    work_ms: int


class AttendanceRow(msgspec.Struct, kw_only=True):
    """One person; only days with events are listed."""

    id: int
    name: str
    days: list[Attended]
    work_ms: int


class Attendance(msgspec.Struct, kw_only=True):
    """A range of local days, people in the order of their names' ids."""

    first: str
    last: str
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
