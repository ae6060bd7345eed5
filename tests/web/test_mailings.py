"""Reports by mail in the page: made by keyboard, sent, told of, paused, changed, deleted; the mail's link leads to names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.axe import Theme, look, themed
from tests.browser import PASSWORD, Watched, log_in, open_page
from tests.conftest import RealServer
from tests.server.mail.server import Mailbox, mail_box
from tests.waiting import wait_for
from tests.web.conftest import TITLES, Company, now, record
from tests.web.test_pages import TOKEN

from reteamz.owner.client import Owner
from reteamz.wire.accounts import DepartmentPost, DepartmentView

EMAIL = "mailings@company.example"


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mail_box() as made:
        yield made


@pytest.fixture(scope="module")
def mailed(
    box: Mailbox, make_server: Callable[[], RealServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    """Return an account with a department behind a server that mails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RETEAMZ_SMTP", f"smtp://{box.host}:{box.port}?tls=none")
        server = make_server()
    owner = Owner.sign_up(server.url, EMAIL, PASSWORD, "Lamplight Works", now=now)
    device = record(owner, tmp_path_factory.mktemp("mailed"), TITLES)
    owner.connection.post("/api/departments", DepartmentPost(owner.entry("label", "Lamp Workshop")), DepartmentView)
    yield Company(server, EMAIL, owner, TITLES, device)
    owner.close()
    server.stop()


def open_reports(page: Page, company: Company) -> None:
    log_in(page, company.server.url, company.email)
    open_page(page, f"{company.server.url}/reports")


def test_from_the_dialog_to_the_mail_and_back_to_names(mailed: Company, watched: Watched, box: Mailbox) -> None:
    page = watched.page
    open_reports(page, mailed)
    expect(page.get_by_test_id("empty")).to_contain_text("No report by mail yet")
    expect(page.get_by_test_id("no-mail")).to_have_count(0)
    # With the keyboard alone.
    page.get_by_test_id("new-mailing").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#mailing-rhythm")).to_be_focused()
    expect(page.locator("#mailing-weekday")).to_be_hidden()
    page.keyboard.type("Every w")
    expect(page.locator("#mailing-weekday")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("Fri")
    page.keyboard.press("Tab")
    page.keyboard.type("09")
    page.keyboard.press("Tab")
    expect(page.locator("#mailing-department")).to_be_focused()
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Store")).to_be_focused()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_selector("html.started", state="attached")
    row = page.get_by_test_id("mailings").locator("li")
    expect(row).to_contain_text("Every Friday at 09:00")
    expect(row).to_contain_text("to you · of the week before · everybody")
    expect(row).to_contain_text(re.compile(r"Next \d+ \w+ \d{4}, 09:00"))
    with page.expect_navigation():
        row.get_by_role("button", name="Send one now").click()
    page.wait_for_selector("html.started", state="attached")
    wait_for(lambda: box.mails, what="the mail")
    page.reload()
    expect(page.get_by_test_id("mailing-state")).to_contain_text(re.compile(r"last sent .*, of Mon "))
    (mail,) = box.mails
    assert mail["To"] == EMAIL
    text = box.text()
    assert mail["Subject"].startswith("Report of the week ")
    for name in ("WinWord", "Otti", "Lamplight", "Offer"):
        assert name.encode() not in box.raw[0]
        assert name not in text
    link = re.search(r"Look: (http\S+/\?from=\S+&to=)([\d-]+)", text)
    assert link is not None
    # What the account recorded is of today; the mail speaks of the week before.
    open_page(page, f"{link[1]}{datetime.now(UTC).date() + timedelta(days=1)}")
    expect(page.locator("body")).to_contain_text("Otti Marsh")
    expect(page.locator("#from")).to_have_value(link[1].split("from=")[1].split("&")[0])
    assert not TOKEN.search(page.inner_text("body"))


def test_a_report_is_changed_paused_and_deleted(mailed: Company, watched: Watched) -> None:
    page = watched.page
    open_reports(page, mailed)
    page.get_by_test_id("new-mailing").click()
    page.select_option("#mailing-rhythm", "monthly")
    page.fill("#mailing-day", "31")
    page.get_by_role("button", name="Store").click()
    assert page.evaluate("document.querySelector('#mailing-day').validity.rangeOverflow")
    page.fill("#mailing-day", "28")
    page.locator("#mailing-department").select_option(label="Lamp Workshop")
    with page.expect_navigation():
        page.get_by_role("button", name="Store").click()
    page.wait_for_selector("html.started", state="attached")
    row = page.get_by_test_id("mailings").locator("li", has_text="every month")
    expect(row).to_contain_text("On day 28 of every month at 07:00")
    expect(row).to_contain_text("of the month before · Lamp Workshop")
    with page.expect_navigation():
        row.get_by_role("button", name="Pause").click()
    page.wait_for_selector("html.started", state="attached")
    expect(row).to_contain_text("paused")
    expect(row).to_contain_text("Nothing until it is resumed")
    row.get_by_role("button", name="Change").click()
    expect(page.locator("#mailing-day")).to_have_value("28")
    page.select_option("#mailing-rhythm", "daily")
    expect(page.locator("#mailing-day")).to_be_hidden()
    page.select_option("#mailing-hour", "6")
    with page.expect_navigation():
        page.get_by_role("button", name="Store").click()
    page.wait_for_selector("html.started", state="attached")
    row = page.get_by_test_id("mailings").locator("li", has_text="Lamp Workshop")
    expect(row).to_contain_text("Every day at 06:00")
    expect(row).to_contain_text("paused")
    with page.expect_navigation():
        row.get_by_role("button", name="Resume").click()
    page.wait_for_selector("html.started", state="attached")
    expect(row).to_contain_text(re.compile(r"Next \d+ \w+ \d{4}, 06:00"))
    row.get_by_role("button", name="Delete").click()
    with page.expect_navigation():
        page.locator("#delete-dialog").get_by_role("button", name="Delete").click()
    page.wait_for_selector("html.started", state="attached")
    expect(row).to_have_count(0)


def test_the_exports_lead_to_tables_that_can_be_saved(mailed: Company, watched: Watched) -> None:
    page = watched.page
    open_reports(page, mailed)
    links = page.get_by_test_id("exports").locator("a")
    addresses = [str(links.nth(place).get_attribute("href")) for place in range(links.count())]
    assert {"/apps", "/people", "/attendance", "/log", "/audit"} <= set(addresses)
    for address in addresses:
        open_page(page, f"{mailed.server.url}{address}")
        # Where nothing was recorded there is nothing to save.
        expect(page.locator("[data-export], [data-testid=empty]").first).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_page_and_the_dialog(
    mailed: Company, chromium: Browser, theme: Theme, tmp_path: Path
) -> None:
    page = themed(chromium, theme)
    open_reports(page, mailed)
    for rhythm in ("weekly", "monthly"):
        page.get_by_test_id("new-mailing").click()
        page.select_option("#mailing-rhythm", rhythm)
        page.locator("#mailing-department").select_option(label="Lamp Workshop")
        look(page, tmp_path / f"dialog-{rhythm}.png")
        with page.expect_navigation():
            page.get_by_role("button", name="Store").click()
        page.wait_for_selector("html.started", state="attached")
    look(page, tmp_path / "full.png")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    look(page, tmp_path / "narrow.png")
    page.get_by_test_id("new-mailing").click()
    look(page, tmp_path / "dialog-narrow.png")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1400, "height": 900})
    page.get_by_test_id("lock").click()
    expect(page.get_by_test_id("unlock")).to_be_visible()
    assert "Lamp Workshop" not in page.inner_text("body")
    look(page, tmp_path / "locked.png")
    page.context.close()
