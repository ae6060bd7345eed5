"""Ratings: who may give them, which one decides, and sums against a plain model."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.server.company import Computer, Owner, Site, code_of
from tests.server.ingest.support import NOW_MS, identifier, token

from reteamz.server.accounts.access import Viewer
from reteamz.server.rating.rate import rate, ratings_of
from reteamz.server.reports.rated import by_department, rated
from reteamz.server.reports.rated_types import RatedPerson
from reteamz.wire.accounts import RatingPut
from reteamz.wire.errors import ReteamzError

HOUR_MS = 3_600_000
WIDE = "from=2025-09-01&to=2025-10-31"
FIELDS = ("person", "app", "site", "title", "url", "doc")
TOKENS = [token(field, str(number)) for field in FIELDS for number in range(3)]
FIRST = {field: 3 * place for place, field in enumerate(FIELDS)}
SPECIFIC = (("title", 7), ("doc", 9), ("url", 8), ("site", 6), ("app", 5))
NAMES = ("unproductive", "neutral", "productive", "uncategorised")

one_of = st.integers(-1, 2)
rows_strategy = st.lists(
    st.tuples(one_of, st.integers(0, 4), st.integers(1, 600_000), one_of, one_of, one_of, one_of, one_of, one_of),
    min_size=1,
    max_size=30,
)
names_strategy = st.dictionaries(st.integers(3, 17), st.integers(0, 2), max_size=8)


def event(place: int, row: tuple[int, ...]) -> tuple[int, ...]:
    """Return an event: person, kind, duration, app, site, title, url, doc, own rating."""
    person, kind, duration, app, site, title, url, doc, own = row
    index = {field: FIRST[field] + value if value >= 0 else -1 for field, value in zip(
        FIELDS, (person, app, site, title, url, doc), strict=True)}  # fmt: skip
    start = NOW_MS - 20 * 24 * HOUR_MS + place * HOUR_MS
    return (
        index["person"], kind, start, duration, 0, index["app"], index["site"], index["title"], index["url"],
        index["doc"], 1, own,
    )  # fmt: skip


def model(events: list[tuple[int, ...]], everywhere: dict[int, int], own: dict[int, int], placed: int) -> Counter[str]:
    """Return milliseconds by rating; ``own`` are the ratings of the department of one person."""
    sums: Counter[str] = Counter()
    for row in events:
        if row[1] not in (0, 3):
            continue
        verdict = row[11] if row[11] >= 0 else 3
        for _, place in reversed(SPECIFIC):
            if row[place] >= 0:
                verdict = everywhere.get(row[place], verdict)
                if row[0] == placed:
                    verdict = own.get(row[place], verdict)
        sums[NAMES[verdict]] += row[3]
    return sums


def ids(site: Site) -> dict[str, int]:
    return {entry["text"]: entry["id"] for entry in site.told("/api/dictionary")["entries"]}


def put(site: Site, name: int, rating: int | None, department: str | None = None) -> Any:
    return site.call("PUT", f"/api/ratings/{name}", {"rating": rating, "department": department})


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows_strategy, names_strategy, names_strategy)
def test_totals_are_those_of_the_model(
    site: Site, rows: list[tuple[int, ...]], everywhere: dict[int, int], own: dict[int, int]
) -> None:
    number = len(site.told("/schema/openapi.json")) and site.clock.ms // 300_000
    site.clock.ms += 300_000
    owner = Owner(f"company{number}").sign_up(site)
    computer = Computer(owner)
    computer.enroll(site, owner.make_ticket(site))
    owner.confirm(site, computer)
    events = [event(place, row) for place, row in enumerate(rows)]
    assert site.post_batch(computer.next(TOKENS, events)).status_code == 200
    known = ids(site)
    department = site.call("POST", "/api/departments", {"name": token("label", "Sales")}).json()["id"]
    site.call("PUT", f"/api/people/{known[TOKENS[1]]}", {"department": department})
    for name, rating in everywhere.items():
        assert put(site, known[TOKENS[name]], rating).status_code == 204
    for name, rating in own.items():
        assert put(site, known[TOKENS[name]], rating, department).status_code == 204
    told = site.told(f"/api/reports/productivity?{WIDE}")
    expected = model(events, everywhere, own, placed=1)
    assert {name: told["totals"][name] for name in NAMES} == {name: expected[name] for name in NAMES}
    tracked = sum(expected.values())
    assert told["totals"]["tracked"] == tracked
    assert told["totals"]["productivity"] == pytest.approx(expected["productive"] / tracked if tracked else 0, abs=1e-6)
    for name in (*NAMES, "tracked"):
        assert sum(day["rated"][name] for day in told["days"]) == told["totals"][name]
        assert sum(person["rated"][name] for person in told["people"]) == told["totals"][name]
    for person in told["people"]:
        index = TOKENS.index(person["name"]) if person["name"] else -1
        theirs = model([row for row in events if row[0] == index], everywhere, own, placed=1)
        assert {name: person["rated"][name] for name in NAMES} == {name: theirs[name] for name in NAMES}


@pytest.fixture
def filled(site: Site, owner: Owner, computer: Computer) -> Site:
    """Return a site with an hour in one application and half an hour in another."""
    rows = [event(0, (0, 0, HOUR_MS, 0, -1, 0, -1, -1, -1)), event(1, (1, 0, HOUR_MS // 2, 1, 1, -1, -1, -1, -1))]
    assert site.post_batch(computer.next(TOKENS, rows)).status_code == 200
    return site


def test_a_rating_applies_to_the_past_and_is_taken_away(filled: Site) -> None:
    app = ids(filled)[token("app", "0")]

    def productive() -> int:
        return int(filled.told(f"/api/reports/productivity?{WIDE}")["totals"]["productive"])

    assert productive() == 0
    assert put(filled, app, 2).status_code == 204
    assert productive() == HOUR_MS
    assert filled.told("/api/ratings") == [{"name": app, "department": None, "rating": 2}]
    assert put(filled, app, None).status_code == 204
    assert productive() == 0
    assert put(filled, app, None).status_code == 204, "again changes nothing"


def test_names_without_a_rating_wait_the_longest_first(filled: Site) -> None:
    known = ids(filled)

    def waiting() -> list[str]:
        return [row["name"] for row in filled.told(f"/api/reports/productivity?{WIDE}")["unrated"]]

    assert waiting() == [token("app", "0"), token("site", "1")], "a site where there is one, else the application"
    put(filled, known[token("app", "0")], 1)
    assert waiting() == [token("site", "1")]
    put(filled, known[token("app", "1")], 0)
    assert waiting() == []


def test_what_cannot_be_rated(filled: Site) -> None:
    known = ids(filled)
    assert code_of(put(filled, 9999, 1)) == (404, "not_found")
    assert code_of(put(filled, known[token("person", "0")], 1)) == (404, "not_found")
    assert code_of(put(filled, known[token("app", "0")], 3)) == (400, "input_invalid")
    assert code_of(put(filled, known[token("app", "0")], 1, identifier("nowhere"))) == (404, "not_found")
    Owner("other").sign_up(filled)
    assert code_of(put(filled, known[token("app", "0")], 1)) == (404, "not_found")


def test_departments_are_the_sums_of_their_people() -> None:
    people = [RatedPerson(id=number, name="", rated=rated({0: number, 2: 10 * number, 3: 100})) for number in range(4)]
    told = by_department(people, {1: "sales", 3: "sales", 2: None})
    assert list(told) == ["sales", None], "the longest time first"
    assert told["sales"] == rated({0: 4, 2: 40, 3: 200})
    assert told[None] == rated({0: 2, 2: 20, 3: 200}), "persons 0 and 2 are in none"


def test_a_removed_department_rates_no_more(filled: Site) -> None:
    app = ids(filled)[token("app", "0")]
    department = filled.call("POST", "/api/departments", {"name": token("label", "Sales")}).json()["id"]
    assert put(filled, app, 0, department).status_code == 204
    assert filled.call("DELETE", f"/api/departments/{department}").status_code == 204
    assert filled.told("/api/ratings") == []


def test_managers_rate_in_their_departments_with_the_right_to(filled: Site, owner: Owner) -> None:
    app = ids(filled)[token("app", "0")]
    department = filled.call("POST", "/api/departments", {"name": token("label", "Sales")}).json()["id"]
    control = filled.client.app.dependencies["control"].dependency()

    def rates(department_rated: str | None, **what: Any) -> None:
        viewer = Viewer(owner.account, identifier("manager"), "manager", **what)

        async def change() -> None:
            async with control.session() as session:
                await rate(session, viewer, app, RatingPut(1, department_rated), NOW_MS)

        with filled.client.portal() as portal:
            portal.call(lambda: asyncio.wait_for(change(), 30))

    theirs, right = frozenset([department]), frozenset(["ratings"])
    for where, what, code in (
        (department, {"departments": theirs}, "forbidden"),
        (None, {"departments": theirs, "rights": right}, "forbidden"),
        (department, {"rights": right}, "not_found"),
    ):
        with pytest.raises(ReteamzError) as refused:
            rates(where, **what)  # type: ignore[arg-type]  # the three are spelt out above
        assert refused.value.code == code
    rates(department, departments=theirs, rights=right)

    async def stored() -> Any:
        async with control.session() as session:
            return await ratings_of(session, owner.account)

    with filled.client.portal() as portal:
        assert portal.call(stored).departments == {department: {app: 1}}
