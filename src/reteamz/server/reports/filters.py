"""What a report looks at: days, persons and devices, narrowed to what the viewer may see."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

from reteamz.server.accounts.access import Viewer
from reteamz.server.people.placing import PERSONS_MOST
from reteamz.server.schedules import Schedules
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.activity.schema import NAMED
from reteamz.wire.errors import ReteamzError
from reteamz.wire.tokens import split_plain, split_token

PersonsOf = Callable[[str, Collection[str]], Awaitable[Collection[int]]]
"""Dictionary ids of the persons in some departments of an account."""

HoursChoice = Literal["inside", "outside"]
"""Inside or outside of working hours; an event belongs to where it starts, on the clock of its computer."""

DAYS_MOST: Final = 3_700
WEEK: Final = 7
"""Longest range, in days: ten years and some."""


@dataclass(slots=True, frozen=True)
class WorkingHours:
    """Which events count: those that start inside or outside of the working hours of ``persons``; others have none."""

    choice: HoursChoice
    schedules: Schedules
    persons: tuple[int, ...]


@dataclass(slots=True, frozen=True)
class Filter:
    """A range of local days, both inclusive, and whose events of it.

    Attributes:
        account: identifier; ``number`` its dense id in the store, 0 when it has stored nothing yet.
        persons, devices: dense ids that are looked at, None for all.
        names: column of names → dictionary ids, of which an event must have one; empty for all.
        hours: inside or outside of working hours, None for both.
        mark: last commit whose roll-ups are read, as the store had it; −1 reads events alone, which is as exact.
        tail: whether there were events after the mark. To say that there were none is worth a third of a long report's time:
            DuckDB knows more of one table than of a table and nothing.
    """

    account: str
    number: int
    first: date
    last: date
    persons: frozenset[int] | None = None
    devices: frozenset[int] | None = None
    names: tuple[tuple[str, frozenset[int]], ...] = ()
    hours: WorkingHours | None = None
    mark: int = -1
    tail: bool = True

    @property
    def days(self) -> int:
        """Number of days of the range."""
        return (self.last - self.first).days + 1

    def before(self) -> Filter:
        """Return the same filter over the days that these are compared with."""
        first, last = compared(self.first, self.last)
        return replace(self, first=first, last=last)


def compared(first: date, last: date) -> tuple[date, date]:
    """Return the days with which a range is compared: of less than a week the same weekdays a week earlier, of a month from its first day on the
    same days of the month before, or all of it, of anything else as many days right before.
    """
    days = (last - first).days + 1
    if days < WEEK:
        return first - timedelta(days=WEEK), last - timedelta(days=WEEK)
    if first.day == 1 and (first.year, first.month) == (last.year, last.month):
        end = first - timedelta(days=1)
        whole = (last + timedelta(days=1)).day == 1
        return end.replace(day=1), end if whole else end.replace(day=min(last.day, end.day))
    return first - timedelta(days=days), last - timedelta(days=days)


async def build_filter(
    viewer: Viewer,
    persons_of: PersonsOf,
    activity: ActivityStore,
    first: date,
    last: date,
    persons: Iterable[int] = (),
    devices: Iterable[str] = (),
    departments: Collection[str] = (),
    names: Iterable[int] = (),
    hours: HoursChoice | None = None,
    schedules: Schedules | None = None,
) -> Filter:
    """Return the filter of a request. Within one kind of choice any match counts; every kind that is chosen must match.

    An owner sees everyone, a manager the persons of their departments, an employee themselves, others nobody. ``hours`` needs the account's
    schedules.

    Raises:
        ReteamzError: ``input_invalid`` for a range that is none, ``forbidden``.
    """
    if last < first:
        raise ReteamzError("input_invalid", "The last day is before the first; choose other days.")
    if (last - first).days >= DAYS_MOST or first - date.min <= timedelta(days=DAYS_MOST):
        raise ReteamzError("input_invalid", f"A report is about {DAYS_MOST} days at most; choose fewer.")
    chosen: frozenset[int] | None = frozenset(activity.first(viewer.account, person) for person in persons) or None
    if departments:
        members = frozenset(await persons_of(viewer.account, departments))
        chosen = members if chosen is None else chosen & members
    if viewer.role == "manager":
        allowed = frozenset(await persons_of(viewer.account, viewer.departments))
        chosen = allowed if chosen is None else chosen & allowed
    elif viewer.role == "employee" and viewer.person is not None:
        own = frozenset((viewer.person,))
        chosen = own if chosen is None else chosen & own
    elif viewer.role != "owner":
        raise ReteamzError("forbidden", "There are no reports for you; ask the owner of the account.")
    wanted = frozenset(devices)
    numbers = None
    if wanted:
        known = activity.device_numbers(viewer.account)
        numbers = frozenset(known[device] for device in wanted if device in known)
    number = activity.account_number(viewer.account)
    columns = names_by_column(activity, viewer.account, names)
    working = None
    if hours is not None and schedules is not None:
        listed = chosen
        if listed is None:
            everybody = await asyncio.to_thread(activity.entries, viewer.account, "person", 0, PERSONS_MOST)
            listed = frozenset(entry.id for entry in everybody)
        working = WorkingHours(hours, schedules, tuple(sorted(listed)))
    return Filter(viewer.account, number, first, last, chosen, numbers, columns, working, *activity.rolled)


def names_by_column(
    activity: ActivityStore, account: str, names: Iterable[int]
) -> tuple[tuple[str, frozenset[int]], ...]:
    """Return names by the column that holds their field. A name that the account does not have is in no event."""
    found: dict[str, set[int]] = {}
    for name in names:
        entry = activity.name(account, name)
        parts = split_token(entry) or split_plain(entry)
        column = parts[0] if parts is not None and parts[0] in NAMED else NAMED[0]
        found.setdefault(column, set()).add(activity.first(account, name) if entry else -1)
    return tuple((column, frozenset(ids)) for column, ids in sorted(found.items()))
