"""Every route of the server, asked by an employee and by a manager: nothing of others is in any answer.

The routes are those of the application: a new one is asked by itself. What it shows to members who are not the owner has to be narrowed, or
this fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import msgspec
import pytest
from litestar.handlers import HTTPRouteHandler
from tests.server.company import Computer, Owner, Site
from tests.server.guests import Guest, come_in
from tests.server.ingest.support import NOW_MS, identifier, token

FIELDS = ("person", "app", "title", "site", "url", "doc")
DAY = "2025-10-09"
OTHERS_MS = 7_654_321
"""How long the other one worked: a number that stands nowhere else."""
OWN = {
    "/api/bundle", "/api/logout", "/api/totp", "/api/totp/start", "/api/sessions/{session_id:str}", "/api/login", "/api/login/start",
    "/api/signup", "/api/join", "/api/join/start", "/api/alerts/seen", "/api/mailings",
}  # fmt: skip
"""What everybody may change: their own."""
ROSTER = "/api/rosters"
"""Signed whole: it names members and departments by their identifiers, and no name."""


class Two:
    """A company of two people, each on a computer of their own; one of them is looked at by somebody who may not."""

    def __init__(self, site: Site, owner: Owner, computer: Computer) -> None:
        self.site, self.owner = site, owner
        self.computer = Computer(owner, "other")
        self.computer.enroll(site, owner.make_ticket(site, "other"))
        owner.confirm(site, self.computer)
        assert site.post_batch(self.work(computer, "own", 600_000)).status_code == 200
        assert site.post_batch(self.work(self.computer, "other", OTHERS_MS)).status_code == 200
        assert self.computer.poll(site, token("computer", "other")).status_code == 200
        self.ids = {entry["text"]: entry["id"] for entry in site.told("/api/dictionary")["entries"]}
        self.own, self.other = (self.ids[token("person", who)] for who in ("own", "other"))
        self.departments = [
            site.call("POST", "/api/departments", {"name": token("label", who)}).json()["id"]
            for who in ("own", "other")
        ]
        for person, department in zip((self.own, self.other), self.departments, strict=True):
            site.call("PUT", f"/api/people/{person}", {"department": department})
            site.call("PUT", f"/api/ratings/{self.ids[token('app', 'other')]}", {"rating": 1, "department": department})
        self.secrets = [token(field, "other") for field in (*FIELDS, "label", "computer")]
        self.secrets += [token("label", "boss"), str(OTHERS_MS), "boss@company.example"]
        self.mailing = site.call("POST", "/api/mailings", {"rhythm": "daily"}).json()["id"]
        self.secrets.append(self.mailing)
        come_in(site, owner, "boss", departments=[self.departments[1]])

    def work(self, computer: Computer, who: str, ms: int) -> Any:
        tokens = [token(field, who) for field in FIELDS]
        row = (0, 0, NOW_MS - 20_000_000, ms, 60, 1, 3, 2, 4, 5, 5, -1)
        return computer.next(tokens, [row])

    def values(self, kind: str) -> list[str]:
        """Return what a part of a path may be."""
        if kind == "int":
            return [str(self.ids[secret]) for secret in self.secrets if secret in self.ids]
        if kind == "date":
            return [DAY]
        return [self.computer.id, self.departments[1], self.owner.member, self.mailing, identifier("none")]

    def queries(self) -> list[str]:
        """Return what may stand behind the question mark."""
        days = f"from={DAY}&to={DAY}&first={DAY}&last={DAY}&since=2025-01-01&day={DAY}"
        title = self.ids[token("title", "other")]
        named = ",".join(map(str, self.ids.values()))
        return [
            "", days, f"{days}&person={self.other}", f"{days}&device={self.computer.id}", f"{days}&name={title}",
            f"{days}&department={self.departments[1]}", f"{days}&person={self.other}&person={self.own}", f"ids={named}", "field=person",
            f"{days}&people=true&compare=true", "range=lastmonth",
        ]  # fmt: skip


def routes(site: Site, *methods: str) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """Return method, path and handler of every route."""
    for route in site.client.app.routes:
        for handler in route.route_handlers:
            if isinstance(handler, HTTPRouteHandler) and not route.path.startswith("/static"):
                for method in sorted(handler.http_methods & set(methods)):
                    yield method, route.path, handler


def filled(two: Two, path: str) -> Iterator[str]:
    """Return a path with every value that its parts may have."""
    parts = re.findall(r"\{[a-z0-9_]+:([a-z]+)\}", path)
    for values in product(*(two.values(kind) for kind in parts)):
        yield re.sub(r"\{[^}]+\}", "{}", path).format(*values)


def example(kind: Any) -> Any:
    """Return a value that a field takes; structs are made of such."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return {field.encode_name: example(field.type) for field in msgspec.structs.fields(kind) if field.required}
    candidates: list[Any] = [
        NOW_MS + 3_600_000, 1, 0, "A" * 22, "A" * 43, "A" * 42 + "E", token("label", "x"), "someone@company.example", DAY,
        "123456", "Europe/Berlin", True, [], {}, None, "x",
    ]  # fmt: skip
    literal = [value for value in getattr(kind, "__args__", ()) if isinstance(value, str | int)]
    for candidate in (*literal, *candidates):
        try:
            msgspec.convert(candidate, kind)
        except msgspec.ValidationError:
            continue
        return candidate
    return None


@pytest.fixture
def two(site: Site, owner: Owner, computer: Computer) -> Two:
    return Two(site, owner, computer)


@pytest.fixture(params=["employee", "manager"])
def guest(request: pytest.FixtureRequest, two: Two) -> Guest:
    """Return an employee, or a manager with a department and the right to rate, logged in."""
    offer: dict[str, Any] = {"role": "employee", "person": two.own}
    if request.param == "manager":
        offer = {"role": "manager", "departments": [two.departments[0]], "rights": ["ratings"]}
    made = come_in(two.site, two.owner, "guest", **offer)
    assert made.log_in(two.site).status_code == 200
    return made


def test_nothing_of_others_is_in_any_answer(site: Site, two: Two, guest: Guest) -> None:
    shown = 0
    for _, path, _ in routes(site, "GET"):
        for address, query in product(filled(two, path), two.queries()):
            for accept in ("application/json", "text/html"):
                answer = site.client.get(f"{address}?{query}", headers={"accept": accept}, follow_redirects=False)
                assert answer.status_code < 500, (address, query, answer.text)
                shown += answer.status_code == 200 and token("title", "own") in answer.text
                found = [secret for secret in two.secrets if secret in answer.text]
                assert not found, (address, query)
                if path != ROSTER and two.computer.id not in f"{address}?{query}":
                    assert two.computer.id not in answer.text, (address, query)
    assert shown > 10, "their own is shown"


def test_nobody_changes_what_is_not_theirs(site: Site, two: Two, guest: Guest) -> None:
    for method, path, handler in routes(site, "POST", "PUT", "DELETE", "PATCH"):
        if path in OWN or path.startswith("/api/agent/"):
            continue
        parameter = handler.parsed_fn_signature.parameters.get("data")
        body = example(parameter.annotation) if parameter is not None else None
        for address in filled(two, path):
            answer = site.call(method, f"{address}?department={two.departments[1]}&person={two.other}", body)
            assert 400 <= answer.status_code < 500, (method, address, answer.text)
    two.owner.log_in(site)
    pages = [site.told(f"/api/audit?page={page}")["entries"] for page in (1, 2, 3)]
    done = {entry["action"] for entries in pages for entry in entries if entry["member"] == guest.member}
    assert done <= {"member_joined", "logged_in", "department_refused", "mailing_refused"}


def test_an_employee_sees_exactly_what_a_manager_sees_of_them(site: Site, two: Two) -> None:
    employee = come_in(site, two.owner, "ann", role="employee", person=two.own)
    manager = come_in(site, two.owner, "mia", departments=[two.departments[0]])
    reports = [path for _, path, _ in routes(site, "GET") if path.startswith("/api/reports/")]
    assert len(reports) > 10
    seen: dict[str, list[Any]] = {}
    for member in (employee, manager):
        member.log_in(site)
        for path in reports:
            seen.setdefault(path, []).append(site.told(f"{path}?from={DAY}&to={DAY}"))
    for path, (own, theirs) in seen.items():
        assert own == theirs, path
    assert any(token("title", "own") in str(own) for own, _ in seen.values())


def test_an_employee_without_a_person_sees_nothing(site: Site, two: Two) -> None:
    come_in(site, two.owner, "ann", role="employee", person=two.own)
    guest = come_in(site, two.owner, "mia", departments=[two.departments[0]])
    two.owner.next(members=[*two.owner.members[:-1], guest.entry(role="employee")])
    assert two.owner.post(site).status_code == 201
    guest.log_in(site)
    for path in ("/api/reports/apps", "/api/dictionary", "/api/looks", "/my-day", "/timeline"):
        assert site.client.get(f"{path}?from={DAY}&to={DAY}&since={DAY}").status_code == 403, path


def test_pages_that_are_not_for_employees(site: Site, two: Two) -> None:
    guest = come_in(site, two.owner, "ann", role="employee", person=two.own)
    guest.log_in(site)
    assert site.page("/").headers["location"] == "/my-day"
    for path in ("/live", "/productivity", "/people", "/devices", "/reports", "/audit"):
        answer = site.page(path)
        assert answer.status_code == 403, path
        assert "Not for you" in answer.text
    for path in ("/my-day", "/timeline", "/attendance", "/apps", "/sites", "/titles", "/documents", "/log", "/profile"):
        answer = site.page(f"{path}?from={DAY}&to={DAY}&day={DAY}")
        assert answer.status_code == 200, path
        assert re.findall(r'class="sidebar-link" href="([^"]+)"', answer.text) == [
            "/my-day", "/timeline", "/attendance", "/apps", "/sites", "/titles", "/documents", "/log",
        ]  # fmt: skip


def test_a_manager_who_signs_rules_reads_every_name_and_no_row(site: Site, two: Two) -> None:
    guest = come_in(site, two.owner, "mia", departments=[two.departments[0]], rights=["settings"])
    guest.log_in(site)
    texts = {entry["text"] for entry in site.told("/api/dictionary")["entries"]}
    assert token("title", "other") in texts
    people = site.told(f"/api/reports/people?from={DAY}&to={DAY}")["rows"]
    assert [row["id"] for row in people] == [two.own]


def test_categories_are_not_asked_by_employees(site: Site, two: Two) -> None:
    guest = come_in(site, two.owner, "ann", role="employee", person=two.own)
    guest.log_in(site)
    assert site.page(f"/apps?from={DAY}&to={DAY}&rating=productive").status_code == 200
    for path in ("/apps", "/api/reports/apps"):
        assert site.client.get(f"{path}?from={DAY}&to={DAY}&category=0").status_code == 403, path
        assert site.client.get(f"{path}?from={DAY}&to={DAY}&rating=splendid").status_code == 400, path
