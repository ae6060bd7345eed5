"""Looks: once for every member, page, scope and day, told to those who were looked at and to the owner."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event
from tests.server.company import Computer, Owner, Site, code_of
from tests.server.guests import Guest, come_in
from tests.server.ingest.support import token

DAY = "2025-10-09"
HOUR_MS = 3_600_000


class Company:
    """Two people in two departments, an employee and a manager of the first."""

    def __init__(self, site: Site, owner: Owner, computer: Computer) -> None:
        self.site, self.owner = site, owner
        other = Computer(owner, "second")
        other.enroll(site, owner.make_ticket(site, "second"))
        owner.confirm(site, other)
        for one in (computer, other):
            assert site.post_batch(one.work()).status_code == 200
        self.ann, self.ben = sorted(person["id"] for person in site.told("/api/people"))
        self.departments = []
        for person in (self.ann, self.ben):
            made = site.call("POST", "/api/departments", {"name": token("label", str(person))}).json()["id"]
            site.call("PUT", f"/api/people/{person}", {"department": made})
            self.departments.append(made)
        self.employee = come_in(site, owner, "ann", role="employee", person=self.ann)
        self.manager = come_in(site, owner, "mia", departments=[self.departments[0]])

    def looks(self, guest: Guest | Owner, since: str = DAY) -> list[tuple[Any, ...]]:
        """Return what somebody is told, the latest first."""
        assert guest.log_in(self.site).status_code == 200
        told = self.site.told(f"/api/looks?since={since}")
        assert told["cut"] is False
        return [
            (look["role"], look["page"], look["scope"], look["department"], look["person"], look["count"])
            for look in told["looks"]
        ]


@pytest.fixture
def company(site: Site, owner: Owner, computer: Computer) -> Company:
    return Company(site, owner, computer)


def test_looks_of_owner_and_managers_are_told_to_the_one_they_could_show(site: Site, company: Company) -> None:
    company.owner.log_in(site)
    assert site.page("/timeline").status_code == 200
    site.clock.ms += 1000
    assert site.page(f"/log?person={company.ben}").status_code == 200
    site.clock.ms += 1000
    assert site.page(f"/log?person={company.ann}").status_code == 200
    company.manager.log_in(site)
    site.clock.ms += 1000
    assert site.client.get(f"/api/reports/apps?from={DAY}&to={DAY}").status_code == 200
    site.clock.ms += 1000
    assert site.page("/apps").status_code == 200
    assert site.page(f"/titles?person={company.ben}").status_code == 200, "nobody to see there"
    told = [
        ("manager", "apps", "department", "", None, 2),
        ("owner", "log", "person", "", company.ann, 1),
        ("owner", "timeline", "all", "", None, 1),
    ]
    assert company.looks(company.employee) == told
    whole = [
        ("manager", "apps", "department", company.departments[0], None, 2),
        ("owner", "log", "person", "", company.ann, 1),
        ("owner", "log", "person", "", company.ben, 1),
        ("owner", "timeline", "all", "", None, 1),
    ]
    assert company.looks(company.owner) == whole
    company.manager.log_in(site)
    assert code_of(site.client.get(f"/api/looks?since={DAY}")) == (403, "forbidden")


def test_employees_looking_at_themselves_and_refused_questions_are_no_looks(site: Site, company: Company) -> None:
    company.employee.log_in(site)
    assert site.page("/timeline").status_code == 200
    assert site.page("/my-day").status_code == 200
    company.manager.log_in(site)
    assert site.page(f"/timeline?department={company.departments[1]}").status_code == 404
    assert site.page("/apps?from=1925-10-10&to=2025-10-09").status_code == 400
    assert company.looks(company.employee) == []
    assert company.looks(company.owner) == []


def test_a_day_is_the_accounts(site: Site, company: Company) -> None:
    company.owner.log_in(site)
    site.page("/timeline")
    # 10:53 in Berlin; fourteen hours on it is tomorrow there, and still today in UTC.
    site.clock.ms += 14 * HOUR_MS
    company.owner.log_in(site)
    site.page("/timeline")
    assert company.looks(company.employee) == [("owner", "timeline", "all", "", None, 1)] * 2
    assert company.looks(company.employee, "2025-10-10") == [("owner", "timeline", "all", "", None, 1)]
    told = site.told(f"/api/looks?since={DAY}")["looks"]
    assert [look["day"] for look in told] == ["2025-10-10", DAY]


def test_who_was_in_a_department_at_the_time_counts(site: Site, company: Company) -> None:
    company.manager.log_in(site)
    site.page("/timeline")
    company.owner.log_in(site)
    site.call("PUT", f"/api/people/{company.ann}", {"department": company.departments[1]})
    site.call("PUT", f"/api/people/{company.ben}", {"department": company.departments[0]})
    assert [look[1] for look in company.looks(company.employee)] == ["timeline"], "what was seen stays told"
    company.manager.log_in(site)
    site.page("/apps")
    assert [look[1] for look in company.looks(company.employee)] == ["timeline"]
    company.manager.log_in(site)
    site.page("/timeline")
    assert company.looks(company.owner)[0] == ("manager", "timeline", "department", company.departments[0], None, 2)


def test_only_the_first_look_of_a_day_is_written_at_once(site: Site, company: Company) -> None:
    company.owner.log_in(site)
    site.page("/timeline")
    looks = site.client.app.dependencies["looks"].dependency()
    written: list[str] = []

    def tell(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "look" in statement and not statement.startswith("SELECT"):
            written.append(statement)

    engine = looks._control._engine.sync_engine
    event.listen(engine, "before_cursor_execute", tell)
    for _ in range(20):
        site.page("/timeline")
    assert written == []
    assert company.looks(company.employee) == [("owner", "timeline", "all", "", None, 21)]
    assert len(written) == 1
    event.remove(engine, "before_cursor_execute", tell)


def test_the_journal_counts_as_a_look_at_everybody(site: Site, owner: Owner, company: Company) -> None:
    company.owner.log_in(site)
    device = owner.devices[0].id
    assert site.client.get(f"/api/journal/{device}").status_code == 200
    assert company.looks(company.employee) == [("owner", "journal", "all", "", None, 1)]


def test_pages_tell_them_in_words(site: Site, company: Company) -> None:
    company.owner.log_in(site)
    site.page(f"/log?person={company.ann}")
    company.manager.log_in(site)
    site.page("/timeline")
    company.employee.log_in(site)
    day = site.page("/my-day").text
    for words in ("Who looked", "you alone", "your department", token("label", "mia"), "9 Oct 2025, 10:53"):
        assert words in day, words
    company.owner.log_in(site)
    audit = site.page("/audit").text
    assert "Employees who were invited see the same" in audit
    assert token("label", "mia") in audit
