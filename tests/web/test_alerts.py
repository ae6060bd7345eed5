"""Alerts in the page: a rule is made by a name that only the browser reads, an agent reports, and the page tells what was found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.axe import Theme, look, themed
from tests.browser import PASSWORD, Watched, log_in, open_page
from tests.conftest import RealServer
from tests.waiting import wait_for
from tests.web.conftest import Company, now, record
from tests.web.test_pages import TOKEN

from reteamz.owner.client import Owner
from reteamz.wire.accounts import DepartmentPost, DepartmentView
from reteamz.wire.alerts import AlertPage

TITLES = {"Offer 4711 for Ridgeway Looms": 30, "Sourdough in 4 steps": 10}


@pytest.fixture(scope="module")
def alerted(server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Return an account with some titles and a department."""
    owner = Owner.sign_up(server.url, "alerts@company.example", PASSWORD, "Works", now=now)
    device = record(owner, tmp_path_factory.mktemp("alerted"), TITLES)
    owner.connection.post("/api/departments", DepartmentPost(owner.entry("label", "Lamp Workshop")), DepartmentView)
    yield Company(server, "alerts@company.example", owner, TITLES, device)
    owner.close()


def found(company: Company) -> int:
    return company.owner.connection.get("/api/alerts", AlertPage).count


def open_rule(page: Page, company: Company) -> None:
    open_page(page, f"{company.server.url}/alerts")
    page.get_by_test_id("new-rule").click()


def store(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Store the rule").click()
    page.wait_for_selector("html.started", state="attached")


def test_from_the_rule_to_the_alert(
    alerted: Company, watched: Watched, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page = watched.page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    log_in(page, alerted.server.url, alerted.email)
    open_page(page, f"{alerted.server.url}/alerts")
    expect(page.get_by_test_id("empty")).to_contain_text("No rule looks out yet")
    assert page.get_by_test_id("badge").count() == 0
    page.get_by_test_id("new-rule").click()
    page.get_by_role("button", name="Store the rule").click()
    expect(page.locator("#rule-dialog [role=alert]")).to_contain_text("needs a name")
    page.fill("#rule-name", "Too much bread")
    page.select_option("#rule-kind", "name")
    page.select_option("#rule-field", "title")
    page.get_by_role("button", name="Store the rule").click()
    expect(page.locator("#rule-dialog [role=alert]")).to_contain_text("choose it from the list")
    page.fill("#rule-search", "sour")
    expect(page.locator("#rule-names li")).to_have_count(1)
    page.locator("#rule-names button", has_text="Sourdough in 4 steps").click()
    expect(page.locator("#rule-chosen")).to_have_text("Chosen: Sourdough in 4 steps")
    page.fill("#rule-amount", "15")
    store(page)
    expect(page.get_by_test_id("rules")).to_contain_text("Too much bread")
    expect(page.get_by_test_id("rules")).to_contain_text("Time on Sourdough in 4 steps more than 15 min a day")
    assert found(alerted) == 0, "ten minutes are not more than a quarter of an hour"

    record(alerted.owner, tmp_path_factory.mktemp("more"), {"Sourdough in 4 steps": 40}, person="Ada Flint")
    wait_for(lambda: found(alerted) == 1, what="the alert")
    open_page(page, f"{alerted.server.url}/alerts")
    expect(page.get_by_test_id("badge")).to_contain_text("1")
    row = page.get_by_test_id("alerts").locator("li")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Time on Sourdough in 4 steps: 40 min")
    expect(row).to_contain_text("Ada Flint")
    expect(row).to_contain_text("looked for more than 15 min")
    expect(row).to_contain_text("Rule Too much bread")
    assert not TOKEN.search(page.inner_text("body"))
    row.get_by_role("link", name="Look").click()
    page.wait_for_url("**/log?*")
    expect(page.locator("table")).to_contain_text("Sourdough in 4 steps")
    open_page(page, f"{alerted.server.url}/alerts")
    with page.expect_navigation():
        row.get_by_role("button", name="Seen").click()
    expect(page.get_by_test_id("unseen")).to_have_text("all seen")
    assert page.get_by_test_id("badge").count() == 0
    assert not any("Sourdough" in text or "bread" in text for text in sent)


def test_a_rule_is_switched_off_changed_and_deleted(alerted: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, alerted.server.url, alerted.email)
    open_rule(page, alerted)
    page.fill("#rule-name", "Night owls")
    page.select_option("#rule-kind", "overtime")
    expect(page.locator("#rule-dialog")).to_contain_text("No working hours are set")
    page.fill("#rule-minutes", "45")
    page.check("#rule-quiet")
    page.locator("#rule-department").select_option(label="Lamp Workshop")
    store(page)
    rule = page.get_by_test_id("rules").locator("li", has_text="Night owls")
    expect(rule).to_contain_text("Overtime more than 45 min beyond the schedule · Lamp Workshop")
    expect(rule).to_contain_text("quiet 20:00–07:00")
    expect(rule).to_contain_text("finds nothing: no working hours are set")
    with page.expect_navigation():
        rule.get_by_role("button", name="Switch off").click()
    expect(rule).to_contain_text("off")
    rule.get_by_role("button", name="Change").click()
    expect(page.locator("#rule-minutes")).to_have_value("45")
    assert page.is_checked("#rule-quiet")
    assert page.input_value("#rule-name") == "", "a name that was decrypted never stands in a field"
    page.fill("#rule-minutes", "50")
    page.fill("#rule-hook", "https://chat.example/hooks/1")
    page.get_by_role("button", name="Store the rule").click()
    expect(page.get_by_test_id("secret")).to_have_text(re.compile(r"^[\w-]{43}$"))
    with page.expect_navigation():
        page.locator("#rule-dialog").get_by_role("button", name="Close").click()
    expect(rule).to_contain_text("more than 50 min")
    expect(rule).to_contain_text("webhook")
    expect(rule).to_contain_text("off")
    rule.get_by_role("button", name="Delete").click()
    with page.expect_navigation():
        page.locator("#delete-dialog").get_by_role("button", name="Delete").click()
    expect(rule).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_feed_and_the_dialog(
    alerted: Company, chromium: Browser, theme: Theme, tmp_path: Path
) -> None:
    page = themed(chromium, theme)
    log_in(page, alerted.server.url, alerted.email)
    open_page(page, f"{alerted.server.url}/alerts")
    look(page, tmp_path / "feed.png")
    page.get_by_test_id("new-rule").click()
    for kind in ("rating", "name", "first_use", "absent", "silent", "fork"):
        page.select_option("#rule-kind", kind)
        look(page, tmp_path / f"dialog-{kind}.png")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    look(page, tmp_path / "narrow.png")
    page.get_by_test_id("new-rule").click()
    page.select_option("#rule-kind", "name")
    look(page, tmp_path / "dialog-narrow.png")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1400, "height": 900})
    page.get_by_test_id("lock").click()
    expect(page.get_by_test_id("unlock")).to_be_visible()
    assert "Sourdough" not in page.inner_text("body")
    look(page, tmp_path / "locked.png")
    page.context.close()
