"""The days of a person, look by look: what the watchers of the agent would have seen."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from reteamz.agent.samples import Sample
from reteamz.demo.company import Person
from reteamz.demo.work import CONTACTS, CUSTOMERS, MEETINGS, PLACES, PROJECTS, TRADES, Task
from reteamz.wire.batch import ACTIVE, IDLE, LOCKED, MEETING, PRIVATE

MINUTE: Final = 60_000


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


class _Desk:
    """One person's screen on one day; time only goes forward."""

    def __init__(self, person: Person, begin: datetime, chance: random.Random) -> None:
        offset = begin.utcoffset()
        self._person = person
        self._chance = chance
        self._offset = 0 if offset is None else int(offset.total_seconds()) // 60
        self.now = int(begin.timestamp()) * 1000
        self._words = self._todays_words(begin.date())

    def _todays_words(self, day: date) -> list[dict[str, object]]:
        """Return what today is about: few customers and projects, so that names recur."""
        words: list[dict[str, object]] = []
        for _ in range(5):
            customer = self._chance.choice(CUSTOMERS)
            contact = self._chance.choice(CONTACTS)
            project = self._chance.choice(PROJECTS)
            words.append(
                {
                    "me": self._person.name,
                    "customer": customer,
                    "slug": _slug(customer),
                    "contact": contact,
                    "contact_slug": _slug(contact),
                    "project": project,
                    "project_slug": _slug(project),
                    "place": self._chance.choice(PLACES),
                    "number": 4_000 + 17 * self._chance.randrange(40),
                    "small": self._chance.randrange(2, 8),
                    "year": day.year,
                    "quarter": (day.month + 2) // 3,
                }
            )
        return words

    def look(self, task: Task, minutes: float, kind: int = ACTIVE) -> Sample:
        """Return one stretch of a task and let its time pass."""
        words = self._chance.choice(self._words)
        return self._passed(
            minutes,
            kind,
            app=task.app,
            title=task.title.format(**words),
            url=task.url.format(**words),
            document=task.document.format(**words),
            input=int(task.input * minutes * self._chance.uniform(0.5, 1.4)),
        )

    def away(self, minutes: float, kind: int) -> Sample:
        """Return a stretch without anything on the screen."""
        return self._passed(minutes, kind)

    def _passed(
        self,
        minutes: float,
        kind: int,
        app: str = "",
        title: str = "",
        url: str = "",
        document: str = "",
        input: int = 0,
    ) -> Sample:
        duration = max(1, round(minutes * 60)) * 1000
        sample = Sample(
            at=self.now,
            kind=kind,
            duration=duration,
            offset=self._offset,
            person=self._person.name,
            app=app,
            title=title,
            url=url,
            document=document,
            input=input,
        )
        self.now += duration
        return sample


def day_of(person: Person, day: date, zone: tzinfo, seed: int = 1) -> Iterator[Sample]:
    """Yield what was on the person's screen on a local day, in order, without overlap; the same for the same arguments.

    Weekends are free but for a rare Saturday morning; now and then somebody is ill.
    """
    chance = random.Random(f"{seed}/{person.name}/{day.isoformat()}")  # noqa: S311  # a story, not a secret
    hours = person.hours * chance.uniform(0.92, 1.06)
    if day.weekday() == 6 or (day.weekday() == 5 and chance.random() > 0.12) or chance.random() < 0.03:
        return
    if day.weekday() == 5:
        hours = chance.uniform(1.5, 3.0)
    minute = person.begins + chance.randrange(-12, 18)
    desk = _Desk(person, datetime.combine(day, time(minute // 60, minute % 60, chance.randrange(60)), zone), chance)
    end = desk.now + int(hours * 60) * MINUTE
    lunch = desk.now + int(hours * 60 * chance.uniform(0.42, 0.55)) * MINUTE if hours > 4 else end
    meetings = sorted(desk.now + chance.randrange(60, 440) * MINUTE for _ in range(chance.choice((0, 1, 1, 2))))
    yield from _stretch(desk, person, chance, lunch, meetings)
    if lunch < end:
        yield desk.away(chance.uniform(28, 55), LOCKED)
        yield from _stretch(desk, person, chance, end, meetings)
    yield desk.away(chance.uniform(1, 4), LOCKED)


def _stretch(desk: _Desk, person: Person, chance: random.Random, until: int, meetings: list[int]) -> Iterator[Sample]:
    """Yield work until a time (ms), with breaks; takes the meetings that are due from the list."""
    tasks = TRADES[person.trade]
    weights = [task.weight * (1.0 if task.input > 15 else 2.0 - 1.8 * person.diligence) for task in tasks]
    while desk.now < until:
        if meetings and meetings[0] <= desk.now:
            meetings.pop(0)
            task = chance.choices(MEETINGS, [meeting.weight for meeting in MEETINGS])[0]
            yield desk.look(task, task.minutes * chance.uniform(0.7, 1.5), MEETING)
            continue
        task = chance.choices(tasks, weights)[0]
        yield desk.look(task, min(task.minutes * chance.lognormvariate(-0.35, 0.6), 45.0))
        dice = chance.random()
        if dice < 0.045:
            yield desk.away(chance.uniform(3, 11), IDLE)
        elif dice < 0.06:
            yield desk.away(chance.uniform(4, 14), LOCKED)
        elif dice < 0.063:
            yield desk.away(30, PRIVATE)


def days_before(now: datetime, count: int) -> list[date]:
    """Return the local days of the last ``count`` days up to and with today, oldest first."""
    today = now.date()
    return [today - timedelta(days=back) for back in range(count - 1, -1, -1)]


def until(samples: Iterator[Sample], now: int) -> Iterator[Sample]:
    """Yield the samples that were over by ``now`` (ms): today ends at the present moment."""
    for sample in samples:
        if sample.at + sample.duration <= now:
            yield sample
