"""Every page of reports against what the simulated people really did: sums made here from samples, not by the server."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page
from tests.browser import Watched, log_in, open_page
from tests.conftest import RealServer
from tests.e2e.ruled import by_rules, rated
from tests.e2e.story import (
    DAYS,
    NIGHT,
    RATED,
    STORIES,
    USED,
    WORK,
    Day,
    World,
    clock,
    local,
    ratings_told,
    shown,
    total,
    watch_the_night,
)
from tests.waiting import wait_for

from reteamz.agent.samples import Sample
from reteamz.demo import alerting, hours
from reteamz.demo.company import found
from reteamz.demo.run import EMAIL, simulate
from reteamz.wire.batch import ACTIVE, IDLE, MEETING

GRAIN, HOUR = timedelta(minutes=5), timedelta(hours=1)
STACK = ("productive", "neutral", "unproductive", "uncategorised", "idle")
FIELDS = {"apps": "app", "sites": "site", "titles": "title", "documents": "document"}


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
        worked = sum(day.work for day in over)
        so_far = sum(day.work for day in days) - worked
        expected = sum(day.expected for day in over)
        balance = round((worked - expected) / 60_000)
        sign = "+" if balance > 0 else "−" if balance else ""
        late, early = (
            sum(bool(words) for words in column) for column in zip(*(day.verdict() for day in known), strict=True)
        )
        absent = sum(day.expected > 0 and not day.here for day in over)
        assert totals[person] == [
            clock(worked) + (f" + {clock(so_far)} today" if so_far else ""), clock(expected), f"{sign}{clock(abs(balance) * 60_000)}",
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


def test_agents_rated_what_they_recorded_by_the_rules(world: World) -> None:
    sums: Counter[tuple[str, int]] = Counter()
    for sample in world.samples:
        if sample.title:
            rating = by_rules(sample)
            sums[sample.title, -1 if rating == 3 else rating] += sample.duration
    assert world.told == sums
    assert {rating for _, rating in sums} == {-1, 0, 1, 2}


def percent(part: int, whole: int) -> str:
    """Return a share as the pages show it: nearly all of it is not all."""
    tenths = part * 1000 / whole
    return f"{min(round(tenths), 999) / 10} %" if 990 < tenths < 1000 else f"{round(tenths / 10)} %"


def test_productivity(world: World, watched: Watched) -> None:
    sums: Counter[int] = Counter()
    for sample in world.samples:
        if sample.kind in USED:
            sums[rated(sample)] += sample.duration
    tracked = sum(sums.values())
    page = opened(world, watched, "productivity")
    assert tile(page, "Productive") == shown(sums[2])
    assert tile(page, "Unproductive") == shown(sums[0])
    assert tile(page, "Productivity") == percent(sums[2], tracked)
    assert tile(page, "Rated") == percent(tracked - sums[3], tracked)


def test_alerts(world: World, watched: Watched) -> None:
    reported = len(world.people) // 2
    before = {one.app for one in world.samples if one.app and one.person in world.people[:reported]}
    users: dict[str, set[str]] = defaultdict(set)
    for sample in world.samples:
        if sample.app and sample.app not in before:
            users[sample.app].add(sample.person)
    wasted: Counter[str] = Counter()
    for sample in world.samples:
        if sample.kind in USED and rated(sample) == 0 and local(sample.at, sample).date() == world.now:
            wasted[sample.person] += sample.duration
    much = {one: ms for one, ms in wasted.items() if ms > alerting.PRIVATE_MINUTES * 60_000}
    late = set()
    for index, person in enumerate(world.people):
        samples = [sample for sample in world.samples if sample.person == person]
        today = Day(samples, index, world.now, world)
        if today.begin is not None and today.hours is not None:
            allowed = today.hours.begin_min + hours.GRACE + alerting.LATE_MINUTES
            if today.begin - today.begin.replace(hour=0, minute=0, second=0) > timedelta(minutes=allowed):
                late.add(person)
    expected = {f"First use of an application {app}" for app in users}
    expected |= {f"Time rated unproductive: {shown(ms)} {one}" for one, ms in much.items()} | {
        f"Late {one}" for one in late
    }
    assert users
    told: set[str] = set()

    def complete() -> bool:
        rows = opened(world, watched, "alerts").get_by_test_id("alerts").locator("li").all()
        told.clear()
        for row in rows:
            what = " ".join(row.locator(".found-what").inner_text().split()).removeprefix("new ")
            who = row.locator(".found-who").inner_text().split(" · ")[0]
            if what.startswith("First use"):
                assert who in users[what.rsplit(" ", 1)[1]]
                told.add(what)
            else:
                told.add(f"{what.split(': first activity')[0]} {who}")
        return len(rows) >= len(expected)

    wait_for(complete, what="every alert")
    assert told == expected


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
