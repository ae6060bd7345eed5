"""Every page of reports against what the simulated people really did: sums made here from samples, not by the server."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page
from tests.browser import Watched, log_in, open_page
from tests.conftest import RealServer
from tests.e2e.ruled import by_rules, rated

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.agent.sync.client import http_client
from reteamz.demo import hours
from reteamz.demo.company import found
from reteamz.demo.run import EMAIL, POLICY, PULSE_MS, ZONE, simulate
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
GRAIN, HOUR = timedelta(minutes=5), timedelta(hours=1)
USED = (ACTIVE, MEETING)
WORK = (ACTIVE, MEETING, IDLE)
RATED = ("unproductive", "neutral", "productive", "uncategorised")
STACK = ("productive", "neutral", "unproductive", "uncategorised", "idle")
FIELDS = {"apps": "app", "sites": "site", "titles": "title", "documents": "document"}


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


@pytest.fixture(scope="module", params=STORIES)
def world(
    request: pytest.FixtureRequest, make_server: Callable[[], RealServer], tmp_path_factory: pytest.TempPathFactory
) -> World:
    zone, last = STORIES[request.param]
    server, folder = make_server(), tmp_path_factory.mktemp("world")
    result = simulate(server.url, folder, 3, DAYS, lambda *_: None, seed=7, zone=zone, last=last)
    if last is not None:
        watch_the_night(result.owner, folder / "night", last - timedelta(days=2), ZoneInfo(zone), result.truth)
    days = sorted({local(sample.at, sample).date() for sample in result.truth.samples})
    query = f"from={days[0]}&to={days[-1]}"
    told = ratings_told(result.owner, query)
    result.owner.close()
    now = datetime.now(ZoneInfo(zone)).date()
    return World(
        url=server.url,
        password=result.demo.password,
        samples=result.truth.samples,
        people=[person.name for person in found(3, 7).people],
        days=(days[-1] - days[0]).days + 1,
        today=last or now,
        now=now,
        query=query,
        told=told,
    )


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


def opened(world: World, watched: Watched, path: str, query: str = "") -> Page:
    page = watched.page
    if page.url == "about:blank":
        log_in(page, world.url, EMAIL, world.password)
    open_page(page, f"{world.url}/{path}?{world.query}{query}")
    return page


def tile(page: Page, word: str) -> str:
    tiles = page.locator(".tile")
    for place in range(tiles.count()):
        if tiles.nth(place).locator(".tile-word").inner_text() == word:
            return tiles.nth(place).locator(".tile-number").inner_text()
    raise AssertionError(f"no tile {word}")


def cells(page: Page, table: str) -> list[list[str]]:
    """Return the texts of a table's rows."""
    return [
        [" ".join(text.split()) for text in row.locator("th, td").all_inner_texts()]
        for row in page.locator(f"{table} tbody tr").all()
    ]


@pytest.mark.parametrize("path", FIELDS)
def test_names_with_their_time(world: World, watched: Watched, path: str) -> None:
    page = opened(world, watched, path, "&sort=name")
    spent: Counter[str] = Counter()
    for sample in world.samples:
        name = getattr(sample, FIELDS[path])
        if sample.kind in USED and name:
            spent[name] += sample.duration
    told = page.evaluate(
        """() => [...document.querySelectorAll("#ranking tbody tr")].map(row =>
        [row.cells[0].textContent.trim(), row.cells[1].textContent.trim()])"""
    )
    assert len(spent) > 3
    assert dict(told) == {name: shown(ms) for name, ms in spent.items()}


def test_overview(world: World, watched: Watched) -> None:
    page = opened(world, watched, "")
    for word, kinds in (("Work", WORK), ("Active", (ACTIVE,)), ("Meetings", (MEETING,)), ("Idle", (IDLE,))):
        assert tile(page, word) == shown(total(world.samples, kinds)), word
    spent: Counter[str] = Counter()
    for sample in world.samples:
        if sample.kind in USED and sample.app:
            spent[sample.app] += sample.duration
    top = page.get_by_test_id("top-app").locator(".toplist-name").all_inner_texts()
    assert [text.strip() for text in top] == [name for name, _ in spent.most_common(10)]
    days: dict[date, Counter[str]] = defaultdict(Counter)
    for sample in world.samples:
        if sample.kind in WORK:
            word = "idle" if sample.kind == IDLE else RATED[rated(sample)]
            days[local(sample.at, sample).date()][word] += sample.duration
    bars = [one.get_attribute("aria-label") or "" for one in page.get_by_test_id("chart").locator(".chart-bar").all()]
    assert [bar for bar in bars if not bar.endswith(": nothing")] == [
        f"{day:%a} {day.day} {day:%b %Y}: " + ", ".join(f"{word} {shown(told[word])}" for word in STACK if told[word])
        for day, told in sorted(days.items())
    ]


def test_people_and_attendance(world: World, watched: Watched) -> None:
    by_person: dict[str, list[Sample]] = defaultdict(list)
    for sample in world.samples:
        by_person[sample.person].append(sample)
    page = opened(world, watched, "people")
    rows = {row[0]: row for row in cells(page, "#people")}
    assert set(rows) == set(by_person)
    for person, samples in by_person.items():
        days = len({local(sample.at, sample).date() for sample in samples})
        expected = [shown(total(samples, kinds)) for kinds in (WORK, (ACTIVE,), (MEETING,), (IDLE,))]
        assert rows[person][2:7] == [*expected, str(days)]
    page = opened(world, watched, "attendance")
    first = min(local(sample.at, sample).date() for sample in world.samples)
    board = {row[0]: row[1:-1] for row in cells(page, "#attendance")}
    totals = {row[0]: row[1:] for row in cells(page, "#totals")}
    for index, person in enumerate(world.people):
        days = [Day(by_person[person], index, first + timedelta(days=step), world) for step in range(world.days)]
        known = [day for day in days if day.day >= min(local(one.at, one).date() for one in by_person[person])]
        assert board[person] == [day.told(day in known) for day in days], person
        over = [day for day in known if day.over]
        worked = sum(day.work for day in days)
        expected = sum(day.expected for day in over)
        balance = round((sum(day.work for day in over) - expected) / 60_000)
        sign = "+" if balance > 0 else "−" if balance else ""
        late, early = (
            sum(bool(words) for words in column) for column in zip(*(day.verdict() for day in known), strict=True)
        )
        absent = sum(day.expected > 0 and not day.here for day in over)
        assert totals[person] == [
            clock(worked), clock(expected), f"{sign}{clock(abs(balance) * 60_000)}",
            *(str(count or "–") for count in (late, early, absent)),
        ]  # fmt: skip
    if by_person[NIGHT]:
        night = [Day(by_person[NIGHT], 2, first + timedelta(days=step), world) for step in range(world.days)]
        since = min(local(sample.at, sample).date() for sample in by_person[NIGHT])
        assert board[NIGHT] == [day.told(day.day >= since) for day in night]


def test_a_week_of_lanes_and_hours(world: World, watched: Watched) -> None:
    lanes: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    last = max(local(sample.at, sample).date() for sample in world.samples)
    for sample in world.samples:
        day = local(sample.at, sample).date()
        if day > last - timedelta(days=7):
            lanes[sample.person, f"{day:%a} {day.day} {day:%b %Y}"].append(sample)
    page = opened(world, watched, "timeline", "&view=week")
    told = page.locator(".lane-bar").evaluate_all("lanes => lanes.map(lane => lane.getAttribute('aria-label'))")
    expected = []
    for (_, day), samples in lanes.items():
        midnight = local(samples[0].at, samples[0]).replace(hour=0, minute=0, second=0)
        grains = [
            ((local(one.at, one) - midnight) // GRAIN, -((midnight - local(one.at + one.duration, one)) // GRAIN))
            for one in samples
        ]
        begin, end = min(grain for grain, _ in grains) * GRAIN, max(grain for _, grain in grains) * GRAIN
        words = [f"{ms // HOUR:02}:{ms % HOUR // timedelta(minutes=1):02}" for ms in (begin, end)]
        expected.append(f"{day}, from {words[0]} to {words[1]}; arrow keys go through the day")
    assert sorted(told) == sorted(expected)

    page = opened(world, watched, "attendance")
    heat: Counter[str] = Counter()
    for sample in world.samples:
        at = sample.at
        while sample.kind in USED and at < sample.at + sample.duration:
            here = local(at, sample)
            until = min(sample.at + sample.duration, (at // 3_600_000 + 1) * 3_600_000)
            heat[f"{here:%a} {here.hour:02}:00"] += until - at
            at = until
    titles = page.locator(".heat td").evaluate_all("cells => cells.map(cell => cell.title)")
    by_hour = dict(title.rsplit(": ", 1) for title in titles)
    assert set(heat) <= set(by_hour)
    assert by_hour == {hour: shown(heat[hour]) if heat[hour] else "nothing" for hour in by_hour}


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


def test_agents_rated_what_they_recorded_by_the_rules(world: World) -> None:
    sums: Counter[tuple[str, int]] = Counter()
    for sample in world.samples:
        if sample.title:
            rating = by_rules(sample)
            sums[sample.title, -1 if rating == 3 else rating] += sample.duration
    assert world.told == sums
    assert {rating for _, rating in sums} == {-1, 0, 1, 2}


def test_productivity(world: World, watched: Watched) -> None:
    sums: Counter[int] = Counter()
    for sample in world.samples:
        if sample.kind in USED:
            sums[rated(sample)] += sample.duration
    tracked = sum(sums.values())
    page = opened(world, watched, "productivity")
    assert tile(page, "Productive") == shown(sums[2])
    assert tile(page, "Unproductive") == shown(sums[0])
    assert tile(page, "Productivity") == f"{sums[2] / tracked * 100:.0f} %"
    assert tile(page, "Rated") == f"{(1 - sums[3] / tracked) * 100:.0f} %"


def test_log_timeline_and_live(world: World, watched: Watched) -> None:
    page = opened(world, watched, "log")
    first = min(world.samples, key=lambda sample: sample.at)
    row = cells(page, "[data-testid=log]")[0]
    assert row[3:5] == [first.person, first.app]
    assert row[0].endswith(f"{local(first.at, first):%H:%M:%S}")
    last_day = max(local(sample.at, sample).date() for sample in world.samples)
    there = {sample.person for sample in world.samples if local(sample.at, sample).date() == last_day}
    page = opened(world, watched, "timeline")
    assert {text.strip() for text in page.locator(".lane:not(.lane-axis) .lane-name").all_inner_texts()} == there
    page = opened(world, watched, "live")
    since = world.now - timedelta(days=1)
    seen = {sample.person for sample in world.samples if local(sample.at, sample).date() >= since}
    assert {row[0] for row in cells(page, "#live")} == seen
