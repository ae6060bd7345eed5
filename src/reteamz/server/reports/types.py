"""What the report routes answer: ids, entry texts and totals, sorted by the server.

Durations are milliseconds. `name` is the entry text of the dictionary (spec 4.4 token or spec 4.7 plain entry,
`app:writer`),
empty when an event had no name of that field. Days are local days as `YYYY-MM-DD`. An id is stable within the
account until a rotation merges it; 0 means "no name".
"""

import msgspec


class Hours(msgspec.Struct, kw_only=True):
    """Milliseconds by kind. `work` = active + meeting + idle; `session` = work + locked; private time is in neither."""

    active: int = 0
    idle: int = 0
    locked: int = 0
    meeting: int = 0
    private: int = 0
    work: int = 0
    session: int = 0


class DayHours(msgspec.Struct, kw_only=True):
    """One local day of a range; days without events are there, with zeros."""

    day: str
    hours: Hours


class RankedRow(msgspec.Struct, kw_only=True):
    """One name: time, number of events, number of persons (None unless asked for: it costs as much again as the rest).

    `share` is ms ÷ total_ms of the whole table, 0…1.
    """

    id: int
    name: str
    ms: int
    visits: int
    people: int | None
    share: float
    previous_ms: int | None = None
    """Time in the period of equal length before; None unless asked for."""


class RankedTable(msgspec.Struct, kw_only=True):
    """One page of a table sorted by time, longest first. `field` is app, site, title, doc or url; `page` starts at
    1.
    """

    field: str
    first: str
    last: str
    rows: list[RankedRow]
    total_ms: int
    count: int
    page: int
    pages: int
    limit: int


class PersonRow(msgspec.Struct, kw_only=True):
    """One person's time in the range. `days` counts days with events; first and last activity in ms since 1970,
    None without any.
    """

    id: int
    name: str
    hours: Hours
    days: int
    first_ms: int | None
    last_ms: int | None
    share: float


class PeopleTable(msgspec.Struct, kw_only=True):
    """One page of people, sorted by work time; `share` is work ÷ total work."""

    first: str
    last: str
    rows: list[PersonRow]
    total_ms: int
    count: int
    page: int
    pages: int
    limit: int


class SilentDevice(msgspec.Struct, kw_only=True):
    """A device that sent events before but none lately: the time its last event ended, ms since 1970."""

    device: str
    last_ms: int
    events: int


class Overview(msgspec.Struct, kw_only=True):
    """The first page: totals with the period of equal length before, hours by day and by kind, the top names of
    each field.
    """

    first: str
    last: str
    previous_first: str
    previous_last: str
    totals: Hours
    previous: Hours
    days: list[DayHours]
    apps: list[RankedRow]
    sites: list[RankedRow]
    titles: list[RankedRow]
    documents: list[RankedRow]
    people: list[PersonRow]
    silent: list[SilentDevice]
    events: int


class Days(msgspec.Struct, kw_only=True):
    """Hours by day over a range, and their sum."""

    first: str
    last: str
    days: list[DayHours]
    totals: Hours


class LogRow(msgspec.Struct, kw_only=True):
    """One event as the agent signed it, names as entry texts ("" for none). `kind`: active, idle, locked, meeting,
    private. `rating` −1 none, 0, 1, 2 (spec 9.2).
    """

    device: str
    seq: int
    day: str
    start_ms: int
    duration_ms: int
    utc_offset_min: int
    kind: str
    person_id: int
    person: str
    app: str
    site: str
    title: str
    url: str
    doc: str
    input: int
    rating: int


class LogPage(msgspec.Struct, kw_only=True):
    """One page of the raw log, oldest first. `next` is the page after this one, None at the end."""

    first: str
    last: str
    rows: list[LogRow]
    count: int
    page: int
    pages: int
    limit: int
    next: int | None
