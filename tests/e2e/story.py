"""What the simulated people really did, told without the server: samples, and what pages should show of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.agent.sync.client import http_client
from reteamz.demo import hours
from reteamz.demo.run import POLICY, PULSE_MS, ZONE
from reteamz.demo.run import clock as wall_clock
from reteamz.demo.truth import Truth
from reteamz.owner.client import Owner
from reteamz.wire.batch import ACTIVE, IDLE, MEETING

DAYS = 8
STORIES = {
    "now": (ZONE, None),
    # Clocks go back on Sunday 26 October, and forward on Sunday 8 March.
    "berlin-autumn": ("Europe/Berlin", date(2025, 10, 28)),
    "new-york-spring": ("America/New_York", date(2026, 3, 10)),
}
"""Zone and last day of each story; None is today."""
NIGHT = "Nora Quill"
"""Somebody who works through the night in which the clocks change."""
USED = (ACTIVE, MEETING)
WORK = (ACTIVE, MEETING, IDLE)
RATED = ("unproductive", "neutral", "productive", "uncategorised")


@dataclass
class World:
    """The company, and what everybody did."""

    url: str
    password: str
    samples: list[Sample]
    people: list[str]
    days: int
    today: date
    """Last day of the story."""
    now: date
    query: str
    told: Counter[tuple[str, int]]
    """Milliseconds by title and the rating that came with the events."""


def watch_the_night(owner: Owner, folder: Path, change: date, zone: ZoneInfo, truth: Truth) -> None:
    """Let one more computer report every third of an hour from the evening before a change of clocks until noon."""
    with http_client() as http:
        enroll(folder, owner.enrolment_code(), http, wall_clock)
        device = Device.open(folder, http, wall_clock, POLICY, PULSE_MS)
        owner.confirm(owner.waiting())
        device.sync.poll_once()
        begin = datetime.combine(change - timedelta(days=1), time(22), zone).timestamp()
        end = datetime.combine(change, time(12), zone).timestamp()
        offsets = set()
        for place, at in enumerate(range(int(begin), int(end), 1200)):
            offset = datetime.fromtimestamp(at, zone).utcoffset()
            assert offset is not None
            offsets.add(offset)
            kind = (ACTIVE, ACTIVE, IDLE, MEETING)[place % 4]
            named = {"app": "acad.exe", "title": f"Lantern {place % 5}"} if kind in USED else {}
            sample = Sample(at * 1000, kind, 1_200_000, int(offset.total_seconds()) // 60, person=NIGHT, **named)
            truth.add([sample], POLICY)
            device.feed(sample)
        assert len(offsets) == 2
        device.flush()
        device.sync.push_all()
        device.close()


def ratings_told(owner: Owner, query: str) -> Counter[tuple[str, int]]:
    """Read the raw log to its end."""
    reader = owner.reader()
    sums: Counter[tuple[str, int]] = Counter()
    page: int | None = 1
    while page is not None:
        chosen = dict(part.split("=") for part in query.split("&"))
        rows = owner.connection.get("/api/reports/log", dict, **chosen, limit="1000", page=str(page))
        for row in rows["rows"]:
            if row["title"]:
                sums[reader.replace(row["title"]), row["rating"]] += row["duration_ms"]
        page = rows["next"]
    return sums


def local(ms: int, sample: Sample) -> datetime:
    """Return a time as the person's clock showed it."""
    return datetime.fromtimestamp(ms / 1000, UTC) + timedelta(minutes=sample.offset)


def shown(ms: float) -> str:
    """Write a duration as pages do."""
    seconds = round(ms / 1000)
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(ms / 60_000)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def total(samples: list[Sample], kinds: tuple[int, ...]) -> int:
    return sum(sample.duration for sample in samples if sample.kind in kinds)


def clock(ms: float) -> str:
    minutes = round(ms / 60_000)
    return f"{minutes // 60}:{minutes % 60:02}"


class Day:
    """A person's day, as their samples and what the company expects say it."""

    def __init__(self, samples: list[Sample], index: int, day: date, world: World) -> None:
        self.index, self.day, self.today = index, day, world.today
        self.over = day < world.now
        self.here = [sample for sample in samples if local(sample.at, sample).date() == day]
        used = [sample for sample in self.here if sample.kind in USED]
        self.begin = min((local(one.at, one) for one in used), default=None)
        self.end = max((local(one.at + one.duration, one) for one in used), default=None)
        self.work = total(self.here, WORK)
        self.hours = hours.expected(index, day, self.today)
        self.expected = 0
        if self.hours is not None:
            self.expected = (self.hours.end_min - self.hours.begin_min - self.hours.break_min) * 60_000

    def verdict(self) -> tuple[str, str]:
        """Return how late somebody came and how early they left, "" for neither."""
        if self.hours is None or self.begin is None or self.end is None:
            return "", ""
        midnight = self.begin.replace(hour=0, minute=0, second=0, microsecond=0)
        begin, end = (midnight + timedelta(minutes=at) for at in (self.hours.begin_min, self.hours.end_min))
        grace = timedelta(minutes=hours.GRACE)
        late = f"{shown((self.begin - begin).total_seconds() * 1000)} late" if self.begin > begin + grace else ""
        left = self.over and self.end < end - grace
        return late, f"left {shown((end - self.end).total_seconds() * 1000)} early" if left else ""

    def told(self, known: bool) -> str:
        """Return what the page says of the day."""
        if self.day == hours.holiday(self.today):
            return f"Holiday {hours.HOLIDAY}"
        if self.index == 0 and self.day == hours.vacation(self.today):
            return f"Vacation {hours.NOTE}"
        if self.begin is not None and self.end is not None:
            end = f"{self.end:%H:%M}" if self.end.date() == self.day else "24:00"
            words = [clock(self.work), f"{self.begin:%H:%M}–{end}", *self.verdict()]
            return " ".join(word for word in words if word)
        if self.hours is None or not known:
            return "–"
        if self.over:
            return "Absent"
        return f"{clock(self.hours.begin_min * 60_000):0>5}–{clock(self.hours.end_min * 60_000):0>5}"
