"""Verdicts: who may post which, when rules come into force, and reports by rating and category against a plain model."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.server.company import Computer, Owner, Site, code_of, jws, signing_key
from tests.server.ingest.support import NOW_MS, identifier, token

from reteamz.server.store.activity.schema import NAMED
from reteamz.wire.encoding import sha256
from reteamz.wire.rules import Category, Override, Rule, RuleSet, category_ratings, ranks

HOUR_MS = 3_600_000
WIDE = "from=2025-09-01&to=2025-10-31"
TOKENS = [token(field, str(number)) for field in NAMED for number in range(3)]
FIRST = {field: 3 * place for place, field in enumerate(NAMED)}
PLACES = {"app": 5, "site": 6, "title": 7, "url": 8, "doc": 9}
SPECIFIC = ("title", "doc", "url", "site", "app")
NAMES = ("unproductive", "neutral", "productive", "uncategorised")
RATED = range(3, 18)
"""Indexes of the tokens that can be rated and judged: all but persons."""

one_of = st.integers(-1, 2)
rows_strategy = st.lists(
    st.tuples(one_of, st.integers(0, 4), st.integers(1, 600_000), one_of, one_of, one_of, one_of, one_of, one_of),
    min_size=1,
    max_size=25,
)
names_strategy = st.dictionaries(st.sampled_from(RATED), st.integers(0, 2), max_size=5)


def event(place: int, row: tuple[int, ...]) -> tuple[int, ...]:
    """Return an event: person, kind, duration, app, site, title, url, doc, own rating."""
    person, kind, duration, app, site, title, url, doc, own = row
    values = {"person": person, "app": app, "site": site, "title": title, "url": url, "doc": doc}
    index = {field: FIRST[field] + value if value >= 0 else -1 for field, value in values.items()}
    start = NOW_MS - 20 * 24 * HOUR_MS + place * HOUR_MS
    return (
        index["person"], kind, start, duration, 0, index["app"], index["site"], index["title"], index["url"],
        index["doc"], 1, own,
    )  # fmt: skip


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[Category], list[Rule], list[int]]:
    """Draw categories and rules, whose patterns no server can read."""
    categories: list[Category] = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        parent = draw(st.sampled_from([None, *(one.id for one in categories)]))
        rating = draw(st.sampled_from([None, 0, 1, 2]))
        categories.append(Category(number, parent, token("label", f"c{number}"), rating))  # type: ignore[arg-type]  # drawn
    places = draw(st.lists(st.sampled_from([one.id for one in categories]), min_size=1, max_size=8))
    rules = [Rule(place, [], token("label", f"p{number}"), False) for number, place in enumerate(places)]
    overridden = draw(st.lists(st.sampled_from([one.id for one in categories]), unique=True, max_size=3))
    return categories, rules, overridden


def rule_set(owner: Owner, version: int = 1, prev: str = "", **parts: Any) -> str:
    whole = RuleSet(v=1, account=owner.account, version=version, prev=prev, issued=NOW_MS, **parts)
    return jws(signing_key(f"{owner.name}/settings"), "reteamz-rules+1", whole)


def put(site: Site, version: int, after: int, judged: int, verdicts: list[tuple[int, int]]) -> Any:
    body = {"version": version, "after": after, "judged": judged, "verdicts": verdicts}
    return site.call("PUT", "/api/verdicts", body)


def ids(site: Site) -> dict[str, int]:
    return {entry["text"]: entry["id"] for entry in site.told("/api/dictionary")["entries"]}


class Model:
    """What reports have to say, computed row by row."""

    def __init__(self, rules: RuleSet, verdicts: dict[int, int], judged: set[int]) -> None:
        self.rules, self.verdicts, self.judged = rules, verdicts, judged
        self.ranks = ranks(rules)
        self.everywhere: dict[int, int] = {}
        self.own: dict[int, int] = {}
        self.placed = -2
        self.department = ""

    def verdict(self, row: tuple[int, ...]) -> int:
        return max(self.verdicts.get(row[place], 0) for place in PLACES.values())

    def category(self, row: tuple[int, ...]) -> int:
        rank = self.verdict(row)
        return self.ranks[rank - 1].category if rank else 0

    def rating(self, row: tuple[int, ...]) -> int:
        theirs = row[0] == self.placed
        for field in SPECIFIC:
            name = row[PLACES[field]]
            if theirs and name in self.own:
                return self.own[name]
            if name in self.everywhere:
                return self.everywhere[name]
        tree = category_ratings(self.rules, self.department if theirs else None)
        told = tree.get(self.category(row))
        if told is not None:
            return told
        names = {row[place] for place in PLACES.values()} - {-1}
        return row[11] if row[11] >= 0 and names - self.judged else 3


def sums(told: dict[str, Any]) -> dict[str, int]:
    return {name: told[name] for name in NAMES}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows_strategy, rows_strategy, trees(), st.data(), names_strategy, names_strategy)
def test_reports_are_those_of_the_model(
    site: Site,
    rows: list[tuple[int, ...]],
    later: list[tuple[int, ...]],
    tree: tuple[list[Category], list[Rule], list[int]],
    data: st.DataObject,
    everywhere: dict[int, int],
    own: dict[int, int],
) -> None:
    site.clock.ms += 300_000
    owner = Owner(f"company{site.clock.ms // 300_000}").sign_up(site)
    computer = Computer(owner)
    computer.enroll(site, owner.make_ticket(site))
    owner.confirm(site, computer)
    first = [event(place, row) for place, row in enumerate(rows)]
    assert site.post_batch(computer.next(TOKENS[:15], [_without(row, 15) for row in first])).status_code == 200
    first = [_without(row, 15) for row in first]
    known = ids(site)
    department = site.call("POST", "/api/departments", {"name": token("label", "Sales")}).json()["id"]
    site.call("PUT", f"/api/people/{known[TOKENS[1]]}", {"department": department})
    categories, rules, overridden = tree
    overrides = [
        Override(department, one, data.draw(st.integers(0, 2)))  # type: ignore[arg-type]  # drawn
        for one in overridden
    ]
    parts = {"categories": categories, "rules": rules, "overrides": overrides}
    whole = RuleSet(v=1, account=owner.account, version=1, prev="", issued=NOW_MS, **parts)  # type: ignore[arg-type]  # spelt out above
    assert site.call("POST", "/api/rules", {"rules": rule_set(owner, **parts)}).status_code == 201
    verdicts = {name: data.draw(st.integers(0, len(rules))) for name in RATED if name < 15}
    last = max(known.values())
    listed = sorted((known[TOKENS[name]], rank) for name, rank in verdicts.items() if rank)
    half = last // 2
    assert put(site, 1, 0, half, [pair for pair in listed if pair[0] <= half]).json()["applied"] == 0
    assert put(site, 1, half, last, [pair for pair in listed if pair[0] > half]).json()["applied"] == 1
    # Names that come afterwards were judged by nobody yet.
    second = [event(100 + place, row) for place, row in enumerate(later)]
    assert site.post_batch(computer.next(TOKENS, second)).status_code == 200
    known = ids(site)
    model = Model(whole, verdicts, set(range(15)))
    model.everywhere, model.own, model.placed, model.department = everywhere, own, 1, department
    for name, rating in everywhere.items():
        assert site.call("PUT", f"/api/ratings/{known[TOKENS[name]]}", {"rating": rating}).status_code == 204
    for name, rating in own.items():
        body = {"rating": rating, "department": department}
        assert site.call("PUT", f"/api/ratings/{known[TOKENS[name]]}", body).status_code == 204
    used = [row for row in first + second if row[1] in (0, 3)]
    _check_productivity(site, model, used)
    _check_categories(site, model, used)
    _check_drilling(site, model, used, data)


def _without(row: tuple[int, ...], limit: int) -> tuple[int, ...]:
    """Return an event without names that the first batch does not hold."""
    return tuple(-1 if place in PLACES.values() and value >= limit else value for place, value in enumerate(row))


def _check_productivity(site: Site, model: Model, used: list[tuple[int, ...]]) -> None:
    told = site.told(f"/api/reports/productivity?{WIDE}")
    expected: Counter[str] = Counter()
    people: dict[int, Counter[str]] = defaultdict(Counter)
    waiting: Counter[int] = Counter()
    for row in used:
        rating = model.rating(row)
        expected[NAMES[rating]] += row[3]
        people[row[0]][NAMES[rating]] += row[3]
        if rating == 3 and not model.verdict(row):
            waiting[row[6] if row[6] >= 0 else row[5]] += row[3]
    assert sums(told["totals"]) == {name: expected[name] for name in NAMES}
    for person in told["people"]:
        index = TOKENS.index(person["name"]) if person["name"] else -1
        assert sums(person["rated"]) == {name: people[index][name] for name in NAMES}
    waits = {TOKENS.index(row["name"]): row["ms"] for row in told["unrated"]}
    assert waits == {name: ms for name, ms in waiting.items() if name >= 0}


def _check_categories(site: Site, model: Model, used: list[tuple[int, ...]]) -> None:
    told = site.told(f"/api/reports/categories?{WIDE}")
    parents = {one.id: one.parent for one in model.rules.categories}
    own: Counter[int] = Counter()
    rated: dict[int, Counter[str]] = defaultdict(Counter)
    people: dict[int, set[int]] = defaultdict(set)
    for row in used:
        place: int | None = model.category(row)
        own[place or 0] += row[3]
        while place is not None:
            rated[place][NAMES[model.rating(row)]] += row[3]
            people[place] |= {row[0]} - {-1}
            place = parents.get(place)
    assert {row["id"] for row in told["rows"]} == {0, *parents}
    for row in told["rows"]:
        assert row["own_ms"] == own[row["id"]]
        assert sums(row["rated"]) == {name: rated[row["id"]][name] for name in NAMES}
        assert row["people"] == len(people[row["id"]])
    assert told["total_ms"] == sum(own.values())
    order = [row["id"] for row in told["rows"]]
    assert all(parent is None or order.index(parent) < order.index(one) for one, parent in parents.items())


def _check_drilling(site: Site, model: Model, used: list[tuple[int, ...]], data: st.DataObject) -> None:
    """What is behind a figure of a rating, of a category, or of both: the names in that time, and whose it is."""
    parents = {one.id: one.parent for one in model.rules.categories}
    rating = data.draw(st.sampled_from([None, 0, 1, 2, 3]))
    category = data.draw(st.sampled_from([None, 0, *parents, 4_711]))
    path, field = data.draw(st.sampled_from([("apps", "app"), ("titles", "title"), ("urls", "url")]))
    inside: list[tuple[int, ...]] = []
    for row in used:
        place: int | None = model.category(row)
        places = {place}
        while place:
            place = parents[place]
            places.add(place)
        if rating in (None, model.rating(row)) and (category is None or category in places):
            inside.append(row)
    asked = f"&rating={NAMES[rating]}" if rating is not None else ""
    asked += f"&category={category}" if category is not None else ""
    told = site.told(f"/api/reports/{path}?{WIDE}&people=true{asked}")
    expected: Counter[int] = Counter()
    whose: dict[int, set[int]] = defaultdict(set)
    for row in inside:
        if row[PLACES[field]] >= 0:
            expected[row[PLACES[field]]] += row[3]
            whose[row[PLACES[field]]].add(row[0])
    assert {TOKENS.index(row["name"]): row["ms"] for row in told["rows"]} == dict(expected)
    assert {TOKENS.index(row["name"]): row["people"] for row in told["rows"]} == {
        name: len(persons - {-1}) for name, persons in whose.items()
    }
    assert told["total_ms"] == sum(expected.values())


@pytest.fixture
def ruled(site: Site, owner: Owner, computer: Computer) -> Site:
    """Return a site with three hours under three titles, and a rule."""
    rows = [event(place, (0, 0, HOUR_MS, 0, -1, place, -1, -1, -1)) for place in range(3)]
    assert site.post_batch(computer.next(TOKENS, rows)).status_code == 200
    assert site.call("POST", "/api/rules", {"rules": simple(owner)}).status_code == 201
    return site


def simple(owner: Owner, version: int = 1, prev: str = "", rating: int = 2) -> str:
    """Return one category with one rule."""
    return rule_set(
        owner,
        version,
        prev,
        categories=[Category(1, None, token("label", "Work"), rating)],  # type: ignore[arg-type]  # one of the three
        rules=[Rule(1, [], token("label", "x"), False)],
        overrides=[],
    )


def productive(site: Site) -> int:
    return int(site.told(f"/api/reports/productivity?{WIDE}")["totals"]["productive"])


def test_rules_come_into_force_as_a_whole_and_reports_follow_the_old_ones_until_then(ruled: Site, owner: Owner) -> None:
    titles = [ids(ruled)[token("title", str(number))] for number in range(3)]
    last = ruled.told("/api/verdicts")["last"]
    assert put(ruled, 1, 0, last, [(titles[0], 1)]).json() == {
        "newest": 1, "applied": 1, "judged": last, "target": last, "last": last, "stale": False,
    }  # fmt: skip
    assert productive(ruled) == HOUR_MS
    second = simple(owner, 2, sha256(simple(owner).encode()))
    assert ruled.call("POST", "/api/rules", {"rules": second}).status_code == 201
    state = put(ruled, 2, 0, titles[1], [(titles[0], 1), (titles[1], 1)]).json()
    assert (state["newest"], state["applied"], state["judged"]) == (2, 1, titles[1])
    assert productive(ruled) == HOUR_MS, "half of the new verdicts would be wrong"
    categories = ruled.told(f"/api/reports/categories?{WIDE}")
    assert (categories["newest"], categories["applied"]) == (2, 1)
    assert put(ruled, 2, titles[1], last, [(titles[2], 1)]).json()["applied"] == 2
    assert productive(ruled) == 3 * HOUR_MS
    actions = [(entry["action"], entry["subject"]) for entry in ruled.told("/api/audit")["entries"]]
    assert ("rules_applied", "2") in actions


def test_what_was_judged_stays_and_what_is_missing_is_refused(ruled: Site) -> None:
    titles = [ids(ruled)[token("title", str(number))] for number in range(3)]
    last = ruled.told("/api/verdicts")["last"]
    assert code_of(put(ruled, 1, 3, last, [])) == (409, "rules_conflict"), "names before are missing"
    assert put(ruled, 1, 0, titles[0], [(titles[0], 1)]).status_code == 200
    again = put(ruled, 1, 0, last, [])
    assert again.json()["judged"] == last
    assert productive(ruled) == HOUR_MS, "the second message does not take the first one's verdict away"
    assert put(ruled, 1, 0, titles[0], []).json()["judged"] == last


@pytest.mark.parametrize(
    ("after", "judged", "verdicts"),
    [
        (0, 99, []),
        (5, 4, []),
        (0, 12, [(13, 1)]),
        (0, 12, [(9, 1), (8, 1)]),
        (0, 12, [(9, 1), (9, 1)]),
        (0, 12, [(9, 2)]),
        (0, 12, [(9, 0)]),
        (0, 12, [(1, 1)]),
    ],
)
def test_verdicts_that_fit_nothing_are_refused(
    ruled: Site, after: int, judged: int, verdicts: list[tuple[int, int]]
) -> None:
    if after:
        assert put(ruled, 1, 0, after, []).status_code == 200
    assert code_of(put(ruled, 1, after, judged, verdicts)) == (400, "input_invalid")
    assert ruled.told("/api/verdicts")["judged"] == after


def test_only_the_newest_rules_are_judged_by(ruled: Site, owner: Owner) -> None:
    second = simple(owner, 2, sha256(simple(owner).encode()))
    assert ruled.call("POST", "/api/rules", {"rules": second}).status_code == 201
    assert code_of(put(ruled, 1, 0, 5, [])) == (409, "rules_conflict")
    assert code_of(put(ruled, 3, 0, 5, [])) == (409, "rules_conflict")


def test_another_account_and_nobody_are_told_nothing(ruled: Site) -> None:
    ruled.become_nobody()
    assert code_of(ruled.client.get("/api/verdicts")) == (401, "session_required")
    assert code_of(put(ruled, 1, 0, 5, [])) == (401, "session_required")
    Owner("other").sign_up(ruled)
    assert ruled.told("/api/verdicts") == {
        "newest": 0,
        "applied": 0,
        "judged": 0,
        "target": 0,
        "last": 0,
        "stale": False,
    }
    assert code_of(put(ruled, 1, 0, 5, [])) == (409, "rules_conflict")


def test_an_account_without_names_has_its_rules_in_force_at_once(site: Site, owner: Owner) -> None:
    assert site.call("POST", "/api/rules", {"rules": simple(owner)}).status_code == 201
    assert put(site, 1, 0, 0, []).json()["applied"] == 1


def test_the_page_tells_the_tree_without_reading_it(ruled: Site, owner: Owner) -> None:
    answer = ruled.page("/rules")
    assert answer.status_code == 200
    assert token("label", "Work") in answer.text
    assert "not in force yet" in answer.text
    last = ruled.told("/api/verdicts")["last"]
    put(ruled, 1, 0, last, [])
    assert "not in force yet" not in ruled.page("/rules").text


def test_departments_of_no_rule_set_change_nothing(ruled: Site, owner: Owner) -> None:
    """An override of a department that is gone speaks of nobody."""
    second = rule_set(
        owner, 2, sha256(simple(owner).encode()),
        categories=[Category(1, None, token("label", "Work"), 2)],
        rules=[Rule(1, [], token("label", "x"), False)],
        overrides=[Override(identifier("gone"), 1, 0)],
    )  # fmt: skip
    assert ruled.call("POST", "/api/rules", {"rules": second}).status_code == 201
    known = ids(ruled)
    last = ruled.told("/api/verdicts")["last"]
    put(ruled, 2, 0, last, [(known[token("app", "0")], 1)])
    assert productive(ruled) == 3 * HOUR_MS
