"""Roll-ups and the events after them are everything, once: whatever is rolled up when, every report says the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.server.ingest.support import NOW_MS, SECRET, Device, token
from tests.server.store.support import stored

from reteamz.server.rating.rate import Ratings
from reteamz.server.reports import daily, queries, sql
from reteamz.server.reports.attendance import recorded
from reteamz.server.reports.filters import Filter
from reteamz.server.reports.log import log
from reteamz.server.reports.names import names_in
from reteamz.server.reports.ranking import ranked
from reteamz.server.reports.rated import productivity
from reteamz.server.store.activity import ActivityStore, rollup

HOUR_MS = 3_600_000
FIRST, LAST = date(2025, 9, 1), date(2025, 10, 31)
FIELDS = ("person", "app", "site", "title", "url", "doc")
TOKENS = [token(field, str(number)) for field in FIELDS for number in range(2)]
KINDS = ("active", "idle", "locked", "meeting", "private")


def place(field: str) -> st.SearchStrategy[int]:
    return st.sampled_from([-1, 2 * FIELDS.index(field), 2 * FIELDS.index(field) + 1])


events_strategy = st.tuples(
    place("person"), st.integers(0, 4), st.integers(NOW_MS - 12 * 24 * HOUR_MS, NOW_MS), st.integers(0, 30 * HOUR_MS),
    st.sampled_from([-1080, -720, -60, 0, 60, 345, 840, 1080]), place("app"), place("site"), place("title"), place("url"), place("doc"),
    st.integers(0, 9), st.integers(-1, 2),
)  # fmt: skip
slices_strategy = st.lists(
    st.tuples(st.integers(0, 1), st.lists(events_strategy, min_size=1, max_size=12), st.booleans()),
    min_size=1,
    max_size=6,
)


def told(activity: ActivityStore, filter: Filter) -> list[Any]:
    """Return every report."""
    rated = {activity.id_of(filter.account, token(field, "0")): number % 3 for number, field in enumerate(FIELDS[1:])}
    own = {activity.id_of(filter.account, token("app", "1")): 2, activity.id_of(filter.account, token("doc", "1")): 0}
    placed = {activity.id_of(filter.account, token("person", "1")): "sales"}
    reports: list[Callable[[ActivityStore, Filter], Any]] = [
        *(
            partial(ranked, field=field, page=1, limit=10, people=True, compare=True)  # type: ignore[arg-type]  # names of fields
            for field in FIELDS[1:]
        ),
        partial(queries.people, page=1, limit=10),
        queries.days,
        partial(queries.overview, now_ms=NOW_MS),
        recorded,
        daily.week,
        partial(daily.live, now_ms=NOW_MS),
        partial(productivity, ratings=Ratings()),
        partial(productivity, ratings=Ratings({number: rating for number, rating in rated.items() if number})),
        partial(productivity, ratings=Ratings(rated, {"sales": own}, placed)),
        *(partial(log, page=page, limit=3) for page in (1, 2, 5)),
        partial(log, page=1, limit=1000),
    ]
    return [report(activity, filter) for report in reports]


def filters(activity: ActivityStore, account: str) -> list[Filter]:
    """Return filters of every kind; the store's mark is theirs."""
    number = activity.account_number(account)
    mark, tail = activity.rolled
    whole = Filter(account, number, FIRST, LAST, mark=mark, tail=tail)

    def ids(field: str) -> frozenset[int]:
        return frozenset({activity.id_of(account, token(field, "0")) or -1})

    return [
        whole,
        replace(whole, first=date(2025, 10, 3), last=date(2025, 10, 5)),
        replace(whole, persons=ids("person")),
        replace(whole, devices=frozenset({1})),
        *(replace(whole, names=((field, ids(field)),)) for field in FIELDS),
        replace(whole, persons=ids("person"), names=(("app", ids("app")), ("title", ids("title")))),
    ]


@settings(max_examples=30, deadline=None)
@given(slices=slices_strategy, which=st.integers(0, 10))
def test_what_is_rolled_up_changes_no_report(
    tmp_path_factory: pytest.TempPathFactory, slices: list[tuple[int, list[tuple[int, ...]], bool]], which: int
) -> None:
    activity = ActivityStore.open(tmp_path_factory.mktemp("store") / "activity.duckdb", SECRET)
    devices = [Device("acme", "laptop"), Device("acme", "desktop")]
    other = Device("other")
    rows: list[tuple[int, ...]] = []
    early = None
    for device, events, rolled in slices:
        activity.write([stored(devices[device].next(TOKENS, events)), stored(other.next(TOKENS, events))])
        rows += [(device, *event) for event in events]
        if rolled:
            assert activity.roll_up(1)
            assert activity.unrolled == 0
            assert not activity.roll_up(1), "nothing waits"
        if early is None:
            early = activity.mark
    account = devices[0].account
    chosen = filters(activity, account)[which]
    plain = told(activity, replace(chosen, mark=-1, tail=True))
    assert told(activity, chosen) == plain
    if early is not None and early != activity.mark:
        assert told(activity, replace(chosen, mark=early, tail=True)) == plain, "an earlier mark is as good"

    whole = Filter(account, activity.account_number(account), FIRST, LAST, mark=activity.mark)
    with activity.cursor() as cursor:
        found = cursor.execute(
            f"SELECT person, kind, app, title, doc, sum(ms), sum(visits), min(first_ms), max(last_ms) FROM {sql.cells(whole)} GROUP BY ALL"
        ).fetchall()
    numbers = {activity.id_of(account, text): place for place, text in enumerate(TOKENS)} | {0: -1}
    kinds = (0, 3, 1, 2, 4)
    spent: Counter[tuple[int, ...]] = Counter()
    visits: Counter[tuple[int, ...]] = Counter()
    for row in rows:
        key = (row[1], row[2], row[6], row[8], row[10])
        spent[key] += row[4]
        visits[key] += 1
    assert {
        (numbers[person], kinds[kind], numbers[app], numbers[title], numbers[doc]): (ms, count)
        for person, kind, app, title, doc, ms, count, _, _ in found
    } == {key: (ms, visits[key]) for key, ms in spent.items()}
    someone = activity.id_of(account, token("person", "0"))
    known = {TOKENS[place] for row in rows if row[1] == 0 for place in (row[1], *row[6:11]) if place >= 0}
    assert {activity.name(account, name) for name in names_in(activity, account, {someone} if someone else ())} == known
    assert min(row[7] for row in found) == min(row[3] for row in rows)
    assert max(row[8] for row in found) == max(row[3] + row[4] for row in rows)
    assert whole.mark >= 0 or not any(rolled for _, _, rolled in slices)
    activity.close()


@settings(max_examples=15, deadline=None)
@given(slices=slices_strategy, limit=st.integers(1, 7))
def test_pages_of_the_log_are_the_whole_log_in_order(
    tmp_path_factory: pytest.TempPathFactory, slices: list[tuple[int, list[tuple[int, ...]], bool]], limit: int
) -> None:
    activity = ActivityStore.open(tmp_path_factory.mktemp("store") / "activity.duckdb", SECRET)
    device = Device()
    for _, events, rolled in slices:
        activity.write([stored(device.next(TOKENS, events))])
        if rolled:
            activity.roll_up(1)
    account = device.account
    starts = sorted(event[2] for _, events, _ in slices for event in events)
    whole = Filter(account, 1, FIRST, LAST, mark=activity.mark)
    told = []
    page: int | None = 1
    while page is not None:
        answer = log(activity, whole, page, limit)
        assert (answer.count, answer.pages) == (len(starts), -(-len(starts) // limit))
        told += [row.start_ms for row in answer.rows]
        page = answer.next
    assert told == starts
    assert log(activity, whole, 1000, limit).rows == []
    activity.close()


def test_a_file_of_the_version_before_is_opened_and_rolled_up(tmp_path: Path) -> None:
    """What the version before wrote is what a file of ours is without roll-ups and numbers of commits."""
    path = tmp_path / "activity.duckdb"
    device = Device()
    activity = ActivityStore.open(path, SECRET)
    activity.write([stored(device.work()), stored(device.work())])
    with activity.cursor() as cursor:
        for table in (*rollup.ROLLUPS, "rollup_hour", "rolled"):
            cursor.execute(f"DROP TABLE {table}")
        cursor.execute("ALTER TABLE event DROP COLUMN part")
    activity.close()
    activity = ActivityStore.open(path, SECRET)
    assert (activity.mark, activity.unrolled) == (-1, 6)
    activity.write([stored(device.work())])
    whole = Filter(device.account, 1, FIRST, LAST)
    before = told(activity, whole)
    assert activity.roll_up(1)
    assert (activity.mark, activity.unrolled) == (1, 0)
    activity.write([stored(device.work())])
    activity.close()
    activity = ActivityStore.open(path, SECRET)
    assert (activity.mark, activity.unrolled) == (1, 3)
    assert log(activity, replace(whole, mark=1), 1, 100).count == 12
    assert told(activity, replace(whole, mark=1)) == told(activity, whole) != before
    activity.close()


def test_names_that_are_joined_are_one_in_roll_ups_as_well(tmp_path: Path) -> None:
    activity = ActivityStore.open(tmp_path / "activity.duckdb", SECRET)
    device = Device()
    plain, hidden = "app:writer.exe", token("app", "writer")
    row = (-1, 0, NOW_MS - HOUR_MS, 60_000, 60, 0, -1, -1, -1, -1, 1, -1)
    activity.write([stored(device.next([plain], [row], mode="plain", epoch=0, roster=None))])
    activity.write([stored(device.next([hidden], [row]))])
    assert activity.roll_up(1)
    activity.write([stored(device.next([hidden], [row]))])
    activity.join(device.account, [(1, hidden)], [], NOW_MS)
    whole = Filter(device.account, 1, FIRST, LAST, mark=activity.mark)
    (only,) = ranked(activity, whole, "app", 1, 10).rows
    assert (only.name, only.ms, only.visits) == (hidden, 180_000, 3)
    assert told(activity, whole) == told(activity, replace(whole, mark=-1))
    activity.close()
