"""What each kind of rule finds. Pure but for questions to the activity store, which block: call it in a thread."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final, Protocol

from reteamz.server.alerts import reading
from reteamz.server.alerts.moments import MINUTE_MS, Seen, at_minute, local
from reteamz.server.alerts.rules import kind_name
from reteamz.server.rating.rate import Ratings
from reteamz.server.reports.attendance import Recorded, recorded
from reteamz.server.reports.filters import Filter, names_by_column
from reteamz.server.reports.rated import Sums, by_person
from reteamz.server.schedules import Schedules
from reteamz.server.store.activity import ActivityStore
from reteamz.wire import alerts as wire

HOUR_MS: Final = 60 * MINUTE_MS
LATE_MIN: Final = 60
"""A day is judged as a whole an hour after it ended: records travel."""
ARRIVES_MIN: Final = 2
"""What happened up to a minute has arrived this long after it, unless the computer is away."""
ALARMS: Final = {"fork": "chain_fork", "gap": "chain_gap"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that is switched on."""

    id: str
    department: str
    kind: wire.Kind
    since: int


@dataclass(frozen=True, slots=True)
class Computer:
    """A device as the control database knows it; times in milliseconds."""

    id: str
    state: str
    enrolled: int
    seen: int


Mark = tuple[object, ...]
"""Tells findings apart."""


class Found(Protocol):
    """What a finding and a stored alert have in common."""

    @property
    def subject(self) -> str: ...
    @property
    def day(self) -> date: ...
    @property
    def person(self) -> int: ...
    @property
    def name(self) -> int: ...
    @property
    def device(self) -> str: ...


def mark(rule: str, since: int, kind: str, found: Found) -> Mark:
    """Return what tells a finding from others of its account, also after names turned out to be one and their ids changed."""
    if found.device:
        return rule, since, found.subject
    return (rule, since, "", found.name) if kind == "first_use" else (rule, since, found.person, found.day)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a rule found."""

    rule: Rule
    subject: str
    day: date
    value: int
    threshold: int
    person: int = 0
    name: int = 0
    device: str = ""

    @property
    def mark(self) -> Mark:
        """What tells it from others."""
        return mark(self.rule.id, self.rule.since, kind_name(self.rule.kind), self)


@dataclass(frozen=True)
class Ground:
    """All that an evaluation of one account stands on.

    Attributes:
        touched: local day → persons of whom something arrived.
        places: person → department.
        seen: person → what their computer told last, of everybody of the last month.
        overdue: whether what did not happen is asked for as well.
        judged: what was found to be in order and needs no second look; grows here.
    """

    activity: ActivityStore
    account: str
    zone: str
    now: int
    touched: Mapping[date, Collection[int]]
    places: Mapping[int, str]
    ratings: Ratings
    schedules: Schedules
    computers: Collection[Computer]
    seen: Mapping[int, Seen]
    overdue: bool
    judged: set[tuple[str, int, int, date]] = field(default_factory=set)

    @cached_property
    def number(self) -> int:
        """Dense id of the account."""
        return self.activity.account_number(self.account)

    def local(self, at: int, person: int) -> datetime:
        """Return a person's time of day."""
        return local(at, self.zone, self.seen.get(person))

    def filter(self, day: date, persons: Collection[int]) -> Filter:
        """Return a filter for persons on a day."""
        return Filter(self.account, self.number, day, day, frozenset(persons), mark=self.activity.mark)

    def theirs(self, rule: Rule, persons: Collection[int]) -> list[int]:
        """Return the persons that a rule speaks of."""
        return [one for one in persons if one and (not rule.department or self.places.get(one) == rule.department)]

    def days(self, rule: Rule) -> Iterator[tuple[date, list[int]]]:
        """Return days and persons of which something arrived, as far as the rule speaks of them."""
        for day, persons in sorted(self.touched.items()):
            chosen = [one for one in self.theirs(rule, persons) if day >= self.local(rule.since, one).date()]
            if chosen:
                yield day, chosen

    def ended(self, rule: Rule) -> Iterator[tuple[date, list[int]]]:
        """Return the last days that ended, and the persons for whom they did and were not judged."""
        if not self.overdue:
            return
        days: dict[date, list[int]] = {}
        for person in self.theirs(rule, self.seen):
            now, since = self.local(self.now, person), self.local(rule.since, person).date()
            for back in (2, 1):
                day = now.date() - timedelta(days=back)
                if day >= since and now >= at_minute(day, 24 * 60 + LATE_MIN) and self._unjudged(rule, person, day):
                    days.setdefault(day, []).append(person)
        yield from sorted(days.items())

    def _unjudged(self, rule: Rule, person: int, day: date) -> bool:
        key = (rule.id, rule.since, person, day)
        if key in self.judged:
            return False
        self.judged.add(key)
        return True

    def attended(self, day: date, persons: Collection[int]) -> dict[int, Recorded]:
        """Return first activity and work of persons on a day, as the page of attendance tells them."""
        found = recorded(self.activity, self.filter(day, persons))
        return {person: days[day] for person, days in found.items() if day in days}

    def due(self, rule: Rule, minutes: int) -> Iterator[tuple[date, dict[int, int]]]:
        """Return days and persons whose working hours began so many minutes ago; with the minute of the day that was."""
        if not self.overdue or not self.schedules.any:
            return
        days: dict[date, dict[int, int]] = {}
        for person in self.theirs(rule, self.seen):
            now, since = self.local(self.now, person), self.local(rule.since, person)
            for back in (1, 0):
                day = now.date() - timedelta(days=back)
                expected = self.schedules.day(person, day)
                if expected is None:
                    continue
                minute = expected.begin_min + minutes
                at = at_minute(day, minute)
                if since <= at <= now - timedelta(minutes=ARRIVES_MIN) and self._unjudged(rule, person, day):
                    days.setdefault(day, {})[person] = minute
        yield from sorted(days.items())


def look(ground: Ground, rule: Rule) -> list[Finding]:
    """Return what a rule finds. Raises ``StoreFailure``."""
    match rule.kind:
        case wire.RatingTime() | wire.NameTime() as kind:
            return list(_amounts(ground, rule, kind))
        case wire.FirstUse(field=name_field):
            return list(_first_use(ground, rule, name_field))
        case wire.Idle(minutes=minutes):
            return list(_idle(ground, rule, minutes))
        case wire.Absent(minutes=minutes):
            return list(_absent(ground, rule, minutes))
        case wire.Late(minutes=minutes):
            return list(_late(ground, rule, minutes))
        case wire.Overtime(minutes=minutes):
            return list(_overtime(ground, rule, minutes))
        case wire.Silent(hours=hours):
            return list(_silent(ground, rule, hours))
        case wire.Unconfirmed(minutes=minutes):
            return list(_unconfirmed(ground, rule, minutes))
        case wire.Fork():
            return list(_alarms(ground, rule, ALARMS["fork"]))
        case wire.Gap():
            return list(_alarms(ground, rule, ALARMS["gap"]))


def _on(person: int, day: date) -> str:
    return f"p{person}@{day.isoformat()}"


def _amounts(ground: Ground, rule: Rule, kind: wire.RatingTime | wire.NameTime) -> Iterator[Finding]:
    days = ground.days(rule) if kind.side == "above" else ground.ended(rule)
    for day, persons in days:
        chosen = ground.filter(day, persons)
        if isinstance(kind, wire.RatingTime):
            sums: Mapping[int, Sums] = by_person(ground.activity, chosen, ground.ratings)
            times = {one: (told.get(kind.rating, 0), sum(told.values())) for one, told in sums.items()}
        else:
            names = names_by_column(ground.activity, ground.account, [kind.name])
            named = reading.used(ground.activity, replace(chosen, names=names))
            tracked = reading.used(ground.activity, chosen)
            times = {one: (named.get(one, 0), whole) for one, whole in tracked.items()}
        for person, (ms, whole) in sorted(times.items()):
            found = _crossed(kind, ms, whole)
            if found is not None:
                name = kind.name if isinstance(kind, wire.NameTime) else 0
                yield Finding(rule, _on(person, day), day, *found, person=person, name=name)


def _crossed(kind: wire.RatingTime | wire.NameTime, ms: int, whole: int) -> tuple[int, int] | None:
    """Return value and threshold when an amount is beyond its threshold; shares in tenths of a per cent."""
    if kind.measure == "minutes":
        value, threshold, exact = ms, kind.amount * MINUTE_MS, (ms, kind.amount * MINUTE_MS)
    elif whole < max(1, kind.least * MINUTE_MS):
        return None
    else:
        value, threshold, exact = round(ms * 1000 / whole), kind.amount * 10, (ms * 100, kind.amount * whole)
    beyond = exact[0] > exact[1] if kind.side == "above" else whole > 0 and exact[0] < exact[1]
    return (value, threshold) if beyond else None


def _first_use(ground: Ground, rule: Rule, name_field: str) -> Iterator[Finding]:
    if not ground.touched:
        return
    new = reading.new_names(ground.activity, ground.number, name_field, rule.since)
    # An entry that was joined to an older one is the same name, told in another way.
    names = [one for one in new if ground.activity.first(ground.account, one) == one]
    if not names:
        return
    chosen = Filter(
        ground.account, ground.number, min(ground.touched), max(ground.touched), names=((name_field, frozenset(names)),)
    )
    for name, (person, day) in sorted(reading.first_users(ground.activity, chosen, name_field).items()):
        if not rule.department or ground.places.get(person) == rule.department:
            yield Finding(rule, f"n{name}", day, 0, 0, person=person, name=name)


def _idle(ground: Ground, rule: Rule, minutes: int) -> Iterator[Finding]:
    for day, persons in ground.days(rule):
        expected = {person: ground.schedules.day(person, day) for person in persons}
        hours = {person: (one.begin_min, one.end_min) for person, one in expected.items() if one is not None}
        if not hours:
            continue
        found = reading.longest_idle(ground.activity, ground.filter(day, hours), hours)
        for person, ms in sorted(found.items()):
            if ms > minutes * MINUTE_MS:
                yield Finding(rule, _on(person, day), day, ms, minutes * MINUTE_MS, person=person)


def _absent(ground: Ground, rule: Rule, minutes: int) -> Iterator[Finding]:
    for day, due in ground.due(rule, minutes):
        attended = ground.attended(day, due)
        for person, minute in sorted(due.items()):
            told = attended.get(person)
            if told is None or told.first_ms is None or told.first_ms > minute * MINUTE_MS:
                yield Finding(rule, _on(person, day), day, 0, minute * MINUTE_MS, person=person)


def _late(ground: Ground, rule: Rule, minutes: int) -> Iterator[Finding]:
    for day, persons in ground.days(rule):
        if not ground.schedules.any:
            return
        for person, told in sorted(ground.attended(day, persons).items()):
            expected = ground.schedules.day(person, day)
            if expected is None or told.first_ms is None:
                continue
            limit = (expected.begin_min + expected.grace_min + minutes) * MINUTE_MS
            if told.first_ms > limit:
                yield Finding(rule, _on(person, day), day, told.first_ms, limit, person=person)


def _overtime(ground: Ground, rule: Rule, minutes: int) -> Iterator[Finding]:
    for day, persons in ground.days(rule):
        if not ground.schedules.any:
            return
        for person, told in sorted(ground.attended(day, persons).items()):
            if ground.schedules.usual(person, day)[1] is None:
                continue
            expected = ground.schedules.day(person, day)
            beyond = told.work_ms - (0 if expected is None else expected.work_ms)
            if beyond > minutes * MINUTE_MS:
                yield Finding(rule, _on(person, day), day, beyond, minutes * MINUTE_MS, person=person)


def _silent(ground: Ground, rule: Rule, hours: int) -> Iterator[Finding]:
    if not ground.overdue:
        return
    for one in _within(ground, rule, [one for one in ground.computers if one.state == "confirmed"]):
        heard = max(one.seen, one.enrolled)
        if ground.now - heard > hours * HOUR_MS:
            day = ground.local(ground.now, 0).date()
            yield Finding(rule, f"d{one.id}@{heard}", day, ground.now - heard, hours * HOUR_MS, device=one.id)


def _unconfirmed(ground: Ground, rule: Rule, minutes: int) -> Iterator[Finding]:
    for one in ground.computers:
        waited = ground.now - one.enrolled
        if one.state == "waiting" and waited > minutes * MINUTE_MS:
            day = ground.local(ground.now, 0).date()
            yield Finding(rule, f"d{one.id}", day, waited, minutes * MINUTE_MS, device=one.id)


def _alarms(ground: Ground, rule: Rule, code: str) -> Iterator[Finding]:
    if not ground.overdue:
        return
    raised = [
        alarm for alarm in ground.activity.alarms(ground.account) if alarm.code == code and alarm.at >= rule.since
    ]
    wanted = {alarm.device for alarm in raised}
    theirs = {one.id for one in _within(ground, rule, [one for one in ground.computers if one.id in wanted])}
    for alarm in raised:
        if alarm.device in theirs:
            day = ground.local(alarm.at, 0).date()
            yield Finding(rule, f"d{alarm.device}/{alarm.seq}", day, alarm.seq, 0, device=alarm.device)


def _within(ground: Ground, rule: Rule, computers: list[Computer]) -> list[Computer]:
    """Return the computers that people of the rule's department used in the last month."""
    if not rule.department or not computers:
        return computers
    numbers = ground.activity.device_numbers(ground.account)
    first = ground.local(ground.now, 0).date() - timedelta(days=31)
    told = reading.users(ground.activity, ground.number, first, set(numbers.values()))
    return [one for one in computers if ground.theirs(rule, told.get(numbers.get(one.id, 0), ()))]
