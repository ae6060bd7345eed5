"""Every page of reports against what the simulated people really did: sums made here from samples, not by the server."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Page
from tests.browser import Watched, log_in, open_page
from tests.conftest import RealServer
from tests.e2e.ruled import by_rules, rated

from reteamz.agent.samples import Sample
from reteamz.demo.run import EMAIL, simulate
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
    return World(server.url, result.demo.password, result.truth.samples, query, told)


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
    head = page.locator("#attendance thead th").all_inner_texts()
    for row in cells(page, "#attendance"):
        for place, text in enumerate(row[1:-1], 1):
            assert text == attended(by_person[row[0]], head[place]), (row[0], head[place])


def attended(samples: list[Sample], day: str) -> str:
    """Return what the page says of a person's day."""
    here = [sample for sample in samples if written(local(sample.at, sample).date()) == day.strip().lower()]
    if not here:
        return "–"
    minutes = round(total(here, WORK) / 60_000)
    used = [sample for sample in here if sample.kind in USED]
    first = min(local(sample.at, sample) for sample in used)
    last = max(local(sample.at + sample.duration, sample) for sample in used)
    return f"{minutes // 60}:{minutes % 60:02} {first:%H:%M}–{last:%H:%M}"


def written(day: date) -> str:
    return f"{day.day} {day:%b}".lower()


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
