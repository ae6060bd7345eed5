"""Every page of reports against what the simulated people really did: sums made here from samples, not by the server."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page
from tests.browser import Watched, log_in, open_page
from tests.conftest import RealServer
from tests.e2e.ruled import by_rules, rated

from reteamz.agent.samples import Sample
from reteamz.demo import hours
from reteamz.demo.company import found
from reteamz.demo.run import EMAIL, ZONE, simulate
from reteamz.owner.client import Owner
from reteamz.wire.batch import ACTIVE, IDLE, MEETING

DAYS = 8
USED = (ACTIVE, MEETING)
WORK = (ACTIVE, MEETING, IDLE)
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
    query: str
    told: Counter[tuple[str, int]]
    """Milliseconds by title and the rating that came with the events."""


@pytest.fixture(scope="module")
def world(make_server: Callable[[], RealServer], tmp_path_factory: pytest.TempPathFactory) -> World:
    server = make_server()
    result = simulate(server.url, tmp_path_factory.mktemp("world"), 3, DAYS, lambda *_: None, seed=7)
    days = sorted({local(sample.at, sample).date() for sample in result.truth.samples})
    query = f"from={days[0]}&to={days[-1]}"
    told = ratings_told(result.owner, query)
    result.owner.close()
    return World(
        url=server.url,
        password=result.demo.password,
        samples=result.truth.samples,
        people=[person.name for person in found(3, 7).people],
        days=(days[-1] - days[0]).days + 1,
        today=datetime.now(ZoneInfo(ZONE)).date(),
        query=query,
        told=told,
    )


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
        days = [Day(by_person[person], index, first + timedelta(days=step), world.today) for step in range(world.days)]
        known = [day for day in days if day.day >= min(local(one.at, one).date() for one in by_person[person])]
        assert board[person] == [day.told(day in known) for day in days], person
        over = [day for day in known if day.day < world.today]
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


def clock(ms: float) -> str:
    minutes = round(ms / 60_000)
    return f"{minutes // 60}:{minutes % 60:02}"


class Day:
    """A person's day, as their samples and what the company expects say it."""

    def __init__(self, samples: list[Sample], index: int, day: date, today: date) -> None:
        self.index, self.day, self.today = index, day, today
        self.here = [sample for sample in samples if local(sample.at, sample).date() == day]
        used = [sample for sample in self.here if sample.kind in USED]
        self.begin = min((local(one.at, one) for one in used), default=None)
        self.end = max((local(one.at + one.duration, one) for one in used), default=None)
        self.work = total(self.here, WORK)
        self.hours = hours.expected(index, day, today)
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
        left = self.day < self.today and self.end < end - grace
        return late, f"left {shown((end - self.end).total_seconds() * 1000)} early" if left else ""

    def told(self, known: bool) -> str:
        """Return what the page says of the day."""
        if self.day == hours.holiday(self.today):
            return f"Holiday {hours.HOLIDAY}"
        if self.index == 0 and self.day == hours.vacation(self.today):
            return f"Vacation {hours.NOTE}"
        if self.begin is not None and self.end is not None:
            words = [clock(self.work), f"{self.begin:%H:%M}–{self.end:%H:%M}", *self.verdict()]
            return " ".join(word for word in words if word)
        if self.hours is None or not known:
            return "–"
        if self.day < self.today:
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
    assert {text.strip() for text in page.locator(".lane-name").all_inner_texts()} == there
    page = opened(world, watched, "live")
    since = last_day - timedelta(days=1)
    seen = {sample.person for sample in world.samples if local(sample.at, sample).date() >= since}
    assert {row[0] for row in cells(page, "#live")} >= seen & there
