"""Owner, employee and manager, each in a browser of their own: invited, confirmed, reading what is theirs, removed.

What they must see is computed from what the watchers were fed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.axe import violations
from tests.browser import PASSWORD, Watched, log_in, open_page, started
from tests.conftest import RealServer
from tests.web.conftest import now, record
from tests.web.test_pages import TOKEN

from reteamz.owner.client import Owner
from reteamz.wire.accounts import (
    DepartmentPost,
    DepartmentView,
    DictionaryEntries,
    PersonPut,
    PersonView,
    RatingPut,
)

ANN, BEN = "Ann Archer", "Ben Bowman"
WORK = {
    ANN: {"Plan for Ridgeway Looms": 30, "Ärger mit Rechnung 12": 12},
    BEN: {"Letter to Hollis Mill": 25, "<img src=x onerror=alert(1)>": 3},
}
EMAIL = "members-web@company.example"


@pytest.fixture(scope="module")
def owner(server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    """An account in which two people worked today; one of them in Sales; a title is rated productive."""
    made = Owner.sign_up(server.url, EMAIL, PASSWORD, "Lamplight Works", now=now)
    for name, titles in WORK.items():
        record(made, tmp_path_factory.mktemp("agent"), titles, name)
    reader = made.reader()
    rows = made.connection.get("/api/people", list[PersonView])
    persons = {reader.replace(row.name): row.id for row in rows}
    sales = made.connection.post("/api/departments", DepartmentPost(made.entry("label", "Sales")), DepartmentView)
    made.connection.send("PUT", f"/api/people/{persons[BEN]}", PersonPut(sales.id))
    for entry in made.connection.get("/api/dictionary", DictionaryEntries, field="title").entries:
        if reader.replace(entry.text) == "Plan for Ridgeway Looms":
            made.connection.send("PUT", f"/api/ratings/{entry.id}", RatingPut(2))
    yield made
    made.close()


@pytest.fixture
def guest(chromium: Browser) -> Iterator[Watched]:
    """The page of somebody else, in a browser of their own."""
    with browsing(chromium) as made:
        yield made


@contextmanager
def browsing(chromium: Browser) -> Iterator[Watched]:
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, locale="en-GB")
    context.set_default_timeout(30_000)
    made = Watched(context.new_page())
    made.watch()
    yield made
    context.close()
    assert made.complaints == []


def invite(page: Page, url: str, fill: dict[str, str]) -> str:
    """Invite as the owner does, and return the link."""
    open_page(page, f"{url}/people")
    page.get_by_test_id("invite").click()
    if "label" in fill:
        page.check("input[name=role][value=manager]")
        page.fill("#invite-label", fill["label"])
        page.locator("#invite-dialog").get_by_label(fill["department"], exact=True).check()
        for right in fill.get("rights", "").split():
            page.check(f"input[name=right][value={right}]")
    else:
        expect(page.locator("#invite-person option").first).not_to_contain_text("•")
        page.select_option("#invite-person", label=fill["person"])
    page.fill("#invite-password", PASSWORD)
    page.click("#invite-dialog button[type=submit]")
    link = page.get_by_test_id("invite-link")
    expect(link).not_to_be_empty()
    text = link.inner_text()
    page.click("#invite-dialog [data-close]")
    started(page)
    return text


def join(page: Page, link: str, email: str) -> None:
    page.goto(link)
    expect(page.locator("#code-here")).to_be_visible()
    assert page.url.endswith("/join"), "the code is not in the address any more"
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("#join button[type=submit]")
    expect(page.get_by_test_id("waiting")).to_be_visible()


def confirm(page: Page, email: str) -> None:
    """Confirm who waits; the page shows them by itself."""
    row = page.get_by_test_id("joining").locator("li", has_text=email)
    expect(row).to_be_visible()
    row.get_by_role("button", name="Confirm").click()
    expect(page.locator("#welcome-told")).to_contain_text(email)
    page.fill("#welcome-password", PASSWORD)
    page.click("#welcome-dialog button[type=submit]")
    expect(page.get_by_test_id("members")).to_contain_text(email)


def test_an_employee_sees_their_day_and_who_looked(owner: Owner, watched: Watched, guest: Watched) -> None:
    url, page, day = owner.connection.server, watched.page, guest.page
    sent: list[str] = []
    for one in (page, day):
        one.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    log_in(page, url, EMAIL)
    link = invite(page, url, {"person": ANN})
    join(day, link, "ann-web@company.example")
    confirm(page, "ann-web@company.example")
    expect(page.get_by_test_id("members")).to_contain_text(ANN)
    day.wait_for_url(f"{url}/my-day")
    started(day)
    code = link.partition("#")[2]
    assert not [one for one in sent if code in one or PASSWORD in one]

    minutes = sum(WORK[ANN].values())
    expect(day.locator("#day-title")).to_contain_text(ANN)
    expect(day.locator(".tile").first).to_contain_text(f"{minutes} min")
    titles = day.get_by_test_id("top-title").locator(".toplist-name")
    expect(titles).to_have_text(sorted(WORK[ANN], key=lambda title: -WORK[ANN][title]))
    productive = day.get_by_test_id("rated").locator("li", has_text="Productive").first
    expect(productive).to_contain_text(f"{WORK[ANN]['Plan for Ridgeway Looms']} min")
    expect(day.get_by_test_id("there")).to_contain_text(f"{minutes} min of work")
    day.locator(".lane-bar").focus()
    expect(day.locator("#timeline-detail")).to_contain_text("Active · winword.exe")

    looked = day.get_by_test_id("looked").locator("tbody tr")
    expect(looked.first).to_contain_text("People & departments")
    expect(looked.first).to_contain_text("Owner")
    expect(looked.first).to_contain_text("everybody")
    for path in ("titles", "apps", "log", "timeline", "attendance", "documents", "sites", "profile"):
        open_page(day, f"{url}/{path}")
        body = day.inner_text("body")
        assert not [name for name in (BEN, *WORK[BEN], "Sales") if name in body], path
        assert not TOKEN.search(body), path
    open_page(day, f"{url}/titles")
    assert set(day.locator("#ranking tbody th").all_inner_texts()) == set(WORK[ANN])
    open_page(day, f"{url}/my-day")
    assert violations(day) == []


def test_a_manager_sees_their_department_is_seen_looking_and_is_removed(
    owner: Owner, watched: Watched, guest: Watched, chromium: Browser
) -> None:
    url, page, desk = owner.connection.server, watched.page, guest.page
    log_in(page, url, EMAIL)
    link = invite(page, url, {"label": "Mia Keane", "department": "Sales", "rights": "ratings sealed"})
    open_page(page, f"{url}/people")
    expect(page.get_by_test_id("invitations")).to_contain_text("Mia Keane")
    assert violations(page) == []
    join(desk, link, "mia-web@company.example")
    confirm(page, "mia-web@company.example")
    desk.wait_for_url(f"{url}/")
    started(desk)
    expect(desk.get_by_test_id("top-title").locator(".toplist-name")).to_have_text(
        sorted(WORK[BEN], key=lambda title: -WORK[BEN][title])
    )
    for path in ("titles", "log", "people", "live", "timeline", "productivity"):
        open_page(desk, f"{url}/{path}")
        body = desk.inner_text("body")
        assert not [name for name in (ANN, *WORK[ANN]) if name in body], path
        assert not TOKEN.search(body), path
    assert desk.goto(f"{url}/devices").status == 403  # type: ignore[union-attr]  # a page was asked for
    guest.complaints.clear()  # the browser notes the 403

    with browsing(chromium) as other:
        join(other.page, invite(page, url, {"person": BEN}), "ben-web@company.example")
        confirm(page, "ben-web@company.example")
        other.page.wait_for_url(f"{url}/my-day")
        started(other.page)
        looks = other.page.get_by_test_id("looked")
        expect(looks.locator("tbody tr", has_text="Manager · Mia Keane").first).to_be_visible()
        expect(looks.locator("tbody tr", has_text="Titles")).to_contain_text("Manager · Mia Keane")

    row = page.get_by_test_id("members").locator("li", has_text="mia-web@company.example")
    row.get_by_role("button", name="Remove").click()
    page.fill("#remove-member-password", PASSWORD)
    page.click("#remove-member-dialog button[type=submit]")
    expect(page.get_by_test_id("members")).not_to_contain_text("Mia Keane")
    desk.goto(f"{url}/titles")
    expect(desk).to_have_url(re.compile("/login"))
    desk.fill("#email", "mia-web@company.example")
    desk.fill("#password", PASSWORD)
    desk.click("#login button[type=submit]")
    expect(desk.locator(".form-problem").first).to_contain_text("login_failed")
    guest.complaints.clear()  # and the 401
    open_page(page, f"{url}/audit")
    expect(page.get_by_test_id("looked")).to_contain_text("Mia Keane")
    assert violations(page) == []


def test_who_closed_the_page_logs_in_and_waits_on(owner: Owner, guest: Watched, chromium: Browser) -> None:
    url = owner.connection.server
    # The roster was signed in a browser meanwhile.
    owner = Owner.log_in(url, EMAIL, PASSWORD, now)
    link = f"{url}/join#{owner.invite('manager', label='Late')}"
    join(guest.page, link, "late-web@company.example")
    assert violations(guest.page) == []
    with browsing(chromium) as other:
        page = other.page
        page.goto(f"{url}/login")
        page.fill("#email", "late-web@company.example")
        page.fill("#password", PASSWORD)
        page.click("#login button[type=submit]")
        expect(page.get_by_test_id("waiting")).to_be_visible()
        owner.welcome([member for member in owner.members() if member.state == "waiting"])
        page.wait_for_url(f"{url}/")
        started(page)
        expect(page.locator(".sidebar-company")).to_contain_text("Lamplight Works")
    guest.page.wait_for_url(f"{url}/")
    open_page(guest.page, f"{url}/profile")
    guest.page.fill("#old-password", PASSWORD)
    guest.page.fill("#new-password", "another horse, another battery")
    guest.page.click("#password-form button[type=submit]")
    expect(guest.page.locator(".form-done")).to_be_visible()
    guest.page.get_by_test_id("lock").click()
    expect(guest.page.get_by_test_id("unlock")).to_be_visible()
    guest.page.fill("#unlock-password", "another horse, another battery")
    guest.page.click("#unlock button")
    expect(guest.page.get_by_test_id("unlock")).to_be_hidden()
    owner.close()


def test_encryption_enabled_later_is_there_after_the_next_unlock(
    server: RealServer, watched: Watched, guest: Watched, tmp_path: Path
) -> None:
    url, email = server.url, "plain-members@company.example"
    owner = Owner.sign_up(url, email, PASSWORD, "Lamplight Works", mode="plain", now=now)
    record(owner, tmp_path, WORK[ANN], ANN)
    (person,) = owner.connection.get("/api/people", list[PersonView])
    join(guest.page, f"{url}/join#{owner.invite('employee', person=person.id)}", "plain-ann-web@company.example")
    owner.welcome([member for member in owner.members() if member.state == "waiting"])
    guest.page.wait_for_url(f"{url}/my-day")
    expect(guest.page.get_by_test_id("top-title")).to_contain_text("Ridgeway Looms")
    log_in(watched.page, url, email)
    open_page(watched.page, f"{url}/profile")
    watched.page.get_by_test_id("enable").click()
    watched.page.fill("#enable-password", PASSWORD)
    watched.page.click("#enable-dialog button[type=submit]")
    expect(watched.page.locator("#encryption")).to_contain_text("on · epoch 1")
    open_page(guest.page, f"{url}/my-day")
    expect(guest.page.get_by_test_id("top-title")).not_to_contain_text("Ridgeway")
    guest.page.fill("#unlock-password", PASSWORD)
    guest.page.click("#unlock button")
    expect(guest.page.get_by_test_id("top-title")).to_contain_text("Ridgeway Looms")
    expect(guest.page.get_by_test_id("top-title").locator("li")).to_have_count(len(WORK[ANN]))
    owner.close()
