"""Ratings in the page: given where a name is seen, in force at once, and added up by the server that cannot read the name."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser import PASSWORD, Watched, log_in, open_page
from tests.conftest import RealServer
from tests.web.conftest import Company, now, record

from reteamz.owner.client import Owner

TITLES = {"Offer 4711 for Ridgeway Looms": 30, "Sourdough in 4 steps": 10, "Inbox": 20}


@pytest.fixture(scope="module")
def rated(server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Return an account with an hour of known titles."""
    owner = Owner.sign_up(server.url, "rating@company.example", PASSWORD, "Works", now=now)
    device = record(owner, tmp_path_factory.mktemp("rated"), TITLES)
    made = Company(server, "rating@company.example", owner, TITLES, device)
    owner.close()
    return made


def button(page: Page, name: str, word: str) -> Locator:
    row = page.locator("#ranking tbody tr", has_text=name)
    return row.get_by_role("button", name=word, exact=True)


def tile(page: Page, word: str) -> str:
    found = page.locator(".tile", has=page.locator(".tile-word", has_text=word)).first
    return found.locator(".tile-number").inner_text()


def test_ratings_are_given_kept_and_taken_away(rated: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, rated.server.url, rated.email)
    open_page(page, f"{rated.server.url}/productivity")
    assert (tile(page, "Productivity"), tile(page, "Rated")) == ("0 %", "0 %")
    expect(page.get_by_test_id("unrated").locator(".name")).to_have_text(["winword.exe"])
    open_page(page, f"{rated.server.url}/titles")
    for name, word in (("Ridgeway", "Productive"), ("Sourdough", "Unproductive"), ("Inbox", "Neutral")):
        chosen = button(page, name, word)
        with page.expect_response("**/api/ratings/*") as answer:
            chosen.click()
        assert answer.value.status == 204
        expect(chosen).to_have_attribute("aria-pressed", "true")
    open_page(page, f"{rated.server.url}/titles")
    expect(button(page, "Ridgeway", "Productive")).to_have_attribute("aria-pressed", "true")
    open_page(page, f"{rated.server.url}/productivity")
    assert (tile(page, "Productivity"), tile(page, "Rated")) == ("50 %", "100 %")
    assert tile(page, "Unproductive") == "10 min"
    told = page.get_by_test_id("people-rated").locator("svg title").text_content()
    assert told == "productive 30 min, neutral 20 min, unproductive 10 min, uncategorised 0 s"
    expect(page.get_by_text("Nothing in these days waits for a rating or a rule.")).to_be_visible()
    open_page(page, f"{rated.server.url}/titles")
    with page.expect_response("**/api/ratings/*"):
        button(page, "Inbox", "Neutral").click()
    open_page(page, f"{rated.server.url}/productivity")
    assert tile(page, "Rated") == "67 %"


def test_a_rating_that_is_refused_is_told_and_not_shown(rated: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, rated.server.url, rated.email)
    open_page(page, f"{rated.server.url}/apps")
    page.route(
        "**/api/ratings/*",
        lambda route: route.fulfill(status=403, json={"code": "forbidden", "message": "Ask the owner of the account."}),
    )
    chosen = button(page, "winword.exe", "Productive")
    chosen.click()
    expect(page.locator("#problem")).to_contain_text("Ask the owner of the account.")
    expect(chosen).to_have_attribute("aria-pressed", "false")
    watched.complaints = [text for text in watched.complaints if "403" not in text]


def test_names_stay_out_of_what_is_sent(rated: Company, watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    log_in(page, rated.server.url, rated.email)
    open_page(page, f"{rated.server.url}/titles")
    with page.expect_response("**/api/ratings/*"):
        button(page, "Inbox", "Neutral").click()
    assert any("/api/ratings/" in text for text in sent)
    assert not any("Inbox" in text or "Ridgeway" in text for text in sent)


def test_with_one_department_chosen_ratings_are_its_own(rated: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, rated.server.url, rated.email)
    open_page(page, f"{rated.server.url}/people")
    page.fill("#department-name", "Lamp Workshop")
    with page.expect_navigation():
        page.click("#add-department button")
    department = page.locator("[data-rename]").first.get_attribute("data-rename")
    page.locator("[data-place]").first.wait_for()
    with page.expect_response("**/api/people/*"):
        page.locator("[data-place]").first.select_option(department)
    open_page(page, f"{rated.server.url}/apps?department={department}")
    own = button(page, "winword.exe", "Unproductive")
    with page.expect_response("**/api/ratings/*"):
        own.click()
    expect(own).to_have_attribute("aria-pressed", "true")
    open_page(page, f"{rated.server.url}/productivity")
    row = page.get_by_test_id("departments-rated").locator("li")
    expect(row).to_have_count(1)
    expect(row.locator(".name")).to_have_text("Lamp Workshop")
    people = page.get_by_test_id("people-rated").locator("svg title").text_content()
    assert row.locator("svg title").text_content() == people
    open_page(page, f"{rated.server.url}/apps")
    expect(button(page, "winword.exe", "Unproductive")).to_have_attribute("aria-pressed", "false")
    with page.expect_response("**/api/ratings/*"):
        button(page, "winword.exe", "Productive").click()
    open_page(page, f"{rated.server.url}/apps?department={department}")
    expect(own).to_have_attribute("aria-pressed", "true")
    with page.expect_response("**/api/ratings/*"):
        own.click()
    expect(button(page, "winword.exe", "Productive")).to_have_attribute("aria-pressed", "true")
    open_page(page, f"{rated.server.url}/apps?department={department}")
    expect(button(page, "winword.exe", "Productive")).to_have_attribute("aria-pressed", "true")
