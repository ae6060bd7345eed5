"""Timeline, attendance and exports in the page: values from the samples that were fed, not from the server's own sums."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.agent.conftest import PASSWORD, now
from tests.browser import Watched, log_in, open_page, started
from tests.conftest import RealServer

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.agent.sync.client import http_client
from reteamz.owner.client import Owner
from reteamz.wire.batch import ACTIVE, IDLE, MEETING

EMAIL = "days@company.example"
DAY = "2026-03-10"
MINUTE = 60_000


@pytest.fixture(scope="module")
def url(server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of an account with one known day of a person in Berlin."""
    owner = Owner.sign_up(server.url, EMAIL, PASSWORD, "Works", now=now)
    folder = tmp_path_factory.mktemp("days")
    with http_client() as http:
        enroll(folder, owner.enrolment_code(), http, now)
        device = Device.open(folder, http, now, pulse_ms=0)
        owner.confirm(owner.waiting())
        device.sync.poll_once()
        start = int(datetime(2026, 3, 10, 8, 0, tzinfo=UTC).timestamp() * 1000)
        for minute, length, kind, app, title in (
            (0, 60, ACTIVE, "WinWord.exe", "Offer 4711"),
            (60, 30, MEETING, "Teams.exe", "Weekly;=1+1;planning"),
            (90, 15, IDLE, "", ""),
            (105, 45, ACTIVE, "Excel.exe", '=HYPERLINK("http://127.0.0.1:1/")'),
        ):
            device.feed(
                Sample(
                    start + minute * MINUTE,
                    kind,
                    length * MINUTE,
                    60,
                    person="Otti Marsh",
                    app=app,
                    title=title,
                    input=1,
                )
            )
        device.flush()
        device.sync.push_all()
        device.close()
    owner.close()
    return server.url


def test_the_timeline_tells_stretches_by_pointer_and_keyboard(url: str, watched: Watched) -> None:
    page = watched.page
    log_in(page, url, EMAIL, PASSWORD)
    open_page(page, f"{url}/timeline?from={DAY}&to={DAY}")
    lanes = page.get_by_test_id("timeline").locator(".lane-bar")
    expect(lanes).to_have_count(1)
    expect(page.locator(".lane-name").last).to_have_text("Otti Marsh")
    detail = page.locator("#timeline-detail")
    lanes.locator("rect").nth(1).hover()
    expect(detail).to_have_text("10:00 – 10:30 · Meeting · teams.exe")
    lanes.focus()
    page.keyboard.press("End")
    expect(detail).to_have_text("10:45 – 11:30 · Active · excel.exe")
    page.keyboard.press("ArrowLeft")
    expect(detail).to_have_text("10:30 – 10:45 · Idle")
    page.keyboard.press("Home")
    expect(detail).to_have_text("09:00 – 10:00 · Active · winword.exe")
    page.click("text=Day before")
    expect(page.get_by_test_id("empty")).to_be_visible()
    assert "from=2026-03-09" in page.url
    page.click("text=Day after")
    expect(lanes).to_have_count(1)


def test_a_week_of_lanes_that_zoom(url: str, watched: Watched) -> None:
    page = watched.page
    log_in(page, url, EMAIL, PASSWORD)
    open_page(page, f"{url}/timeline?from=2026-03-13&to=2026-03-13&view=week")
    expect(page.locator("#day-title")).to_have_text("Sat 7 Mar 2026 – Fri 13 Mar 2026")
    expect(page.locator(".lane-day")).to_have_text(["Tue 10 Mar"])
    lane = page.locator(".lane-bar")
    width = lane.evaluate("lane => lane.getBoundingClientRect().width")
    page.click("[aria-label='Zoom in']")
    assert lane.evaluate("lane => lane.getBoundingClientRect().width") > 1.9 * width
    lane.focus()
    page.keyboard.press("-")
    assert lane.evaluate("lane => lane.getBoundingClientRect().width") == width
    expect(page.locator("[aria-label='Zoom out']")).to_be_disabled()
    page.keyboard.press("Home")
    expect(page.locator("#timeline-detail")).to_have_text("09:00 – 10:00 · Active · winword.exe")
    page.click("text=Week after")
    started(page)
    assert "view=week" in page.url
    assert "from=2026-03-20" in page.url
    page.click("text=Week before")
    page.click(".lane-day")
    started(page)
    expect(page.locator("#day-title")).to_have_text("Tue 10 Mar 2026")


def test_attendance_has_the_hours_of_the_persons_own_clock(url: str, watched: Watched) -> None:
    page = watched.page
    log_in(page, url, EMAIL, PASSWORD)
    open_page(page, f"{url}/attendance?from=2026-03-09&to=2026-03-11")
    cells = page.get_by_test_id("attendance").locator("tbody tr").locator("th, td")
    assert [" ".join(text.split()) for text in cells.all_inner_texts()] == [
        "Otti Marsh", "–", "2:30 09:00–11:30", "–", "2:30",
    ]  # fmt: skip


def test_a_table_is_saved_readable_and_harmless(url: str, watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    log_in(page, url, EMAIL, PASSWORD)
    open_page(page, f"{url}/titles?from={DAY}&to={DAY}")
    with page.expect_download() as download:
        page.click("[data-export]")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == f"titles-{DAY}.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["Window title", "Hours", "Share", "Hours before", "Visits", "People"]
    assert {row[0]: row[1] for row in rows[1:]} == {
        "Offer 4711": "1.0000",
        '\'=HYPERLINK("http://127.0.0.1:1/")': "0.7500",
        "Weekly;'=1+1;planning": "0.5000",
    }
    open_page(page, f"{url}/attendance?from={DAY}&to={DAY}")
    with page.expect_download() as download:
        page.click("[data-export]")
    download.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["Person", DAY, "Together"],
            ["Otti Marsh", "2.5000", "2.5000"],
        ]


def test_numbers_lead_to_what_they_are_made_of(url: str, watched: Watched) -> None:
    page = watched.page
    log_in(page, url, EMAIL, PASSWORD)
    open_page(page, f"{url}/apps?from={DAY}&to={DAY}")
    page.click("#ranking tbody >> text=winword.exe")
    page.wait_for_selector("html.started", state="attached")
    expect(page.get_by_test_id("only")).to_have_text("Only winword.exe")
    expect(page.locator("#ranking tbody th")).to_have_text(["Offer 4711"])
    page.click("#ranking tbody >> text=Offer 4711")
    page.wait_for_selector("html.started", state="attached")
    expect(page.get_by_test_id("only")).to_have_text("Only Offer 4711")
    expect(page.get_by_test_id("log").locator("tbody tr")).to_have_count(1)
    assert f"from={DAY}" in page.url
    page.click("text=Everything")
    page.wait_for_selector("html.started", state="attached")
    expect(page.get_by_test_id("log").locator("tbody tr")).to_have_count(4)


def test_a_printed_page_has_its_table_and_no_buttons(url: str, watched: Watched) -> None:
    page = watched.page
    log_in(page, url, EMAIL, PASSWORD)
    open_page(page, f"{url}/titles?from={DAY}&to={DAY}")
    page.emulate_media(media="print")
    expect(page.get_by_test_id("ranking")).to_be_visible()
    for selector in (".sidebar", ".filterform", "#logout", "[data-export]", ".rate"):
        expect(page.locator(selector).first).to_be_hidden()
