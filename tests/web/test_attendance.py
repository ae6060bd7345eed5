"""Working hours, attendance and the files made of them, in the page: values from the samples that were fed, not from the server's own sums."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, expect
from tests.agent.conftest import PASSWORD, now
from tests.axe import Theme, themed, violations
from tests.browser import Watched, log_in, open_page
from tests.conftest import RealServer

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.agent.sync.client import http_client
from reteamz.owner.client import Owner
from reteamz.wire.accounts import DepartmentPost, DepartmentView
from reteamz.wire.batch import ACTIVE, IDLE
from reteamz.wire.schedules import ScheduleView

EMAIL = "attendance@company.example"
MINUTE = 60_000
OTTI, ADA = "Otti Marsh", '=HYPERLINK("http://127.0.0.1:1/","Ada")'
MONDAY = date(2026, 3, 9)
RANGE = f"from={MONDAY}&to={MONDAY + timedelta(days=6)}"
BERLIN, NEW_YORK = 60, -240
"""Minutes from UTC in that week; New York's clocks went forward the Sunday before."""

# person, day from Monday, minute of the local day, minutes, kind, offset
SAMPLES = (
    (OTTI, 0, 540, 240, ACTIVE, BERLIN), (OTTI, 0, 780, 30, IDLE, BERLIN), (OTTI, 0, 840, 180, ACTIVE, BERLIN),
    (OTTI, 1, 565, 480, ACTIVE, BERLIN),
    (OTTI, 4, 541, 300, ACTIVE, BERLIN),
    (ADA, 0, 600, 480, ACTIVE, NEW_YORK),
    (ADA, 1, 480, 600, ACTIVE, NEW_YORK),
    (ADA, 5, 600, 60, ACTIVE, NEW_YORK),
)  # fmt: skip


@pytest.fixture(scope="module")
def url(server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of an account with one known week of a person in Berlin and one in New York."""
    owner = Owner.sign_up(server.url, EMAIL, PASSWORD, "Works", now=now)
    folder = tmp_path_factory.mktemp("attendance")
    with http_client() as http:
        enroll(folder, owner.enrolment_code(), http, now)
        device = Device.open(folder, http, now, pulse_ms=0)
        owner.confirm(owner.waiting())
        device.sync.poll_once()
        for person, day, minute, length, kind, offset in sorted(SAMPLES, key=lambda one: (one[0], one[1], one[2])):
            midnight = datetime.combine(MONDAY + timedelta(days=day), time(), UTC)
            start = int(midnight.timestamp() * 1000) + (minute - offset) * MINUTE
            device.feed(Sample(start, kind, length * MINUTE, offset, person=person, app="WinWord.exe", input=1))
        device.flush()
        device.sync.push_all()
        device.close()
    owner.connection.post("/api/departments", DepartmentPost(owner.entry("label", "Lamp Workshop")), DepartmentView)
    owner.close()
    return server.url


def reloaded(page: Page, button: str) -> None:
    """Press a button that saves, and wait for the page that follows."""
    page.evaluate("document.documentElement.classList.remove('started')")
    page.click(button)
    page.wait_for_selector("html.started", state="attached")


def saved(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.click(button)
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def rows_of(page: Page, table: str) -> list[list[str]]:
    return [
        [" ".join(text.split()) for text in row.locator("th, td").all_inner_texts()]
        for row in page.locator(f"{table} tbody tr").all()
    ]


def test_hours_holidays_and_absences_are_entered_in_the_page(url: str, watched: Watched) -> None:
    page = watched.page
    log_in(page, url, EMAIL, PASSWORD)
    open_page(page, f"{url}/attendance?{RANGE}")
    expect(page.get_by_test_id("unplanned")).to_contain_text("Nobody has working hours yet")
    assert page.locator("#hours").count() == 0
    page.click("text=Set working hours")
    page.wait_for_url("**/schedules")
    expect(page.get_by_test_id("nothing")).to_be_visible()
    page.click("[data-hours=account]")
    page.fill("#hours-since", "2026-01-01")
    page.fill("#begin-0", "09:00")
    page.fill("#end-0", "09:00")
    page.click("#hours-dialog button[type=submit]")
    expect(page.locator("#hours-dialog .dialog-problem")).to_contain_text("Monday has to end after it begins")
    page.fill("#end-0", "17:00")
    page.fill("#break-0", "30")
    page.click("#hours-copy")
    page.fill("#hours-grace", "10")
    reloaded(page, "#hours-dialog button[type=submit]")
    page.click(f"tr:has-text('{OTTI}') [data-hours=person]")
    expect(page.locator("#hours-who")).to_have_text(OTTI)
    page.fill("#hours-since", str(MONDAY + timedelta(days=1)))
    page.fill("#end-4", "14:00")
    reloaded(page, "#hours-dialog button[type=submit]")
    texts = {row[0]: row[1:4] for row in rows_of(page, "#hours-table")}
    everybody = ["Mon–Fri 09:00–17:00, 30 min break", "10 min"]
    assert texts == {
        "Everybody": [*everybody, "own"],
        "Lamp Workshop": [*everybody, "from everybody"],
        OTTI: ["Mon–Thu 09:00–17:00, 30 min break Fri 09:00–14:00, 30 min break", "10 min", "own"],
        ADA: [*everybody, "from everybody"],
    }
    page.fill("#holiday-day", str(MONDAY + timedelta(days=2)))
    page.fill("#holiday-name", "Day of Lamps")
    reloaded(page, "#add-holiday button[type=submit]")
    page.select_option("#absence-person", label=OTTI)
    page.fill("#absence-first", str(MONDAY + timedelta(days=3)))
    page.fill("#absence-note", "Moving house")
    reloaded(page, "#add-absence button[type=submit]")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    expect(page.get_by_text("Day of Lamps")).to_be_visible()
    expect(page.get_by_text("Moving house")).to_be_visible()
    owner = Owner.log_in(url, EMAIL, PASSWORD, now)
    stored = owner.connection.get("/api/schedules", list[ScheduleView])
    assert [(one.person is None, str(one.since)) for one in stored] == [(True, "2026-01-01"), (False, "2026-03-10")]
    for path in ("/api/holidays", "/api/absences"):
        assert "rtz1.label." in str(owner.connection.get(path, list[Any]))
    owner.close()


EXPECTED = {
    # worked, expected, balance in minutes; late, early, absent
    OTTI: (450 + 480 + 300, 450 + 450 + 270, 60, 1, 0, 0),
    ADA: (480 + 600 + 60, 4 * 450, -660, 1, 0, 2),
}


def written(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"


def test_attendance_is_told_against_them(url: str, watched: Watched) -> None:
    page = watched.page
    log_in(page, url, EMAIL, PASSWORD)
    open_page(page, f"{url}/attendance?{RANGE}")
    totals = {row[0]: row[1:] for row in rows_of(page, "#totals")}
    for person, (worked, expected, balance, *counts) in EXPECTED.items():
        sign = "+" if balance > 0 else "−"
        assert totals[person] == [
            written(worked), written(expected), f"{sign}{written(abs(balance))}", *(str(count or "–") for count in counts),
        ]  # fmt: skip
    board = {row[0]: row[1:-1] for row in rows_of(page, "#attendance")}
    assert board[OTTI] == [
        "7:30 09:00–17:00", "8:00 09:25–17:25 25 min late", "Holiday Day of Lamps", "Vacation Moving house",
        "5:00 09:01–14:01", "–", "–",
    ]  # fmt: skip
    assert board[ADA] == [
        "8:00 10:00–18:00 1 h 00 min late", "10:00 08:00–18:00", "Holiday Day of Lamps", "Absent", "Absent",
        "1:00 10:00–11:00", "–",
    ]  # fmt: skip
    page.click("#totals tbody a >> nth=0")
    page.wait_for_selector("html.started", state="attached")
    expect(page.get_by_test_id("grid").locator("tbody tr")).to_have_count(1)
    page.click("nav.months >> text=February 2026")
    page.wait_for_selector("html.started", state="attached")
    assert "from=2026-02-01&to=2026-02-28" in page.url
    expect(page.get_by_test_id("empty")).to_be_visible()


def test_reports_keep_to_the_hours(url: str, watched: Watched) -> None:
    page = watched.page
    log_in(page, url, EMAIL, PASSWORD)
    open_page(page, f"{url}/apps?{RANGE}")
    page.select_option("#hours", "outside")
    page.evaluate("document.documentElement.classList.remove('started')")
    page.click(".filterform button[type=submit]")
    page.wait_for_selector("html.started", state="attached")
    assert "hours=outside" in page.url
    # Ada's Tuesday begins an hour before the hours do, and nobody works on Saturdays.
    assert rows_of(page, "#ranking")[0][:2] == ["winword.exe", "11 h 00 min"]
    open_page(page, f"{url}/attendance?{RANGE}&hours=inside")
    expect(page.get_by_test_id("unplanned")).to_contain_text("for whole days only")


def test_the_timesheet_has_numbers_dates_and_no_formula(url: str, watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    log_in(page, url, EMAIL, PASSWORD)
    open_page(page, f"{url}/attendance?{RANGE}")
    path = saved(page, "[data-timesheet]", tmp_path)
    assert path.name == "timesheet-2026-03-09-2026-03-15.xlsx"
    book = load_workbook(path)
    assert book.sheetnames == ["Timesheet", "Totals"]
    lines = list(book["Timesheet"].iter_rows(values_only=True))
    assert lines[0] == ("Date", "Person", "Begin", "End", "Break", "Worked", "Expected", "Balance, hours", "Note")
    by_day = {(line[1], line[0].date()): line[2:] for line in lines[1:]}  # type: ignore[union-attr]  # a moment, or the test fails
    hour = timedelta(hours=1)
    assert by_day[OTTI, MONDAY] == (time(9), time(17), hour / 2, 7.5 * hour, 7.5 * hour, 0, None)
    assert by_day[OTTI, date(2026, 3, 10)] == (
        time(9, 25), time(17, 25), timedelta(0), 8 * hour, 7.5 * hour, 0.5, "25 min late",
    )  # fmt: skip
    assert by_day[ADA, MONDAY][:2] == (time(10), time(18))
    assert by_day[ADA, date(2026, 3, 11)][3:] == (timedelta(0), timedelta(0), 0, "Holiday: Day of Lamps")
    assert by_day[OTTI, date(2026, 3, 12)][6] == "Vacation: Moving house"
    assert by_day[ADA, date(2026, 3, 12)][3:] == (timedelta(0), 7.5 * hour, -7.5, "absent")
    sums = {row[0]: row[1:] for row in book["Totals"].iter_rows(min_row=2, values_only=True)}
    for person, (worked, expected, balance, *counts) in EXPECTED.items():
        minutes = timedelta(minutes=1)
        assert sums[person] == (worked * minutes, expected * minutes, balance / 60, *counts)
    for sheet in book:
        assert {cell.data_type for row in sheet for cell in row} <= {"s", "inlineStr", "n", "d"}


def test_tables_are_saved_as_xlsx_and_csv(url: str, watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    log_in(page, url, EMAIL, PASSWORD)
    open_page(page, f"{url}/attendance?{RANGE}")
    for name in ("attendance", "totals", "apps", "people", "log", "live"):
        if name not in ("attendance", "totals"):
            open_page(page, f"{url}/{name}?{RANGE}")
        if page.locator("[data-as=xlsx][data-export]").count() == 0:
            assert name == "live", "nobody was seen lately"
            continue
        table = {"apps": "ranking", "log": "log-table"}.get(name, name)
        path = saved(page, f"[data-as=xlsx][data-export={table}]", tmp_path)
        (sheet,) = load_workbook(path)
        assert sheet.freeze_panes == "A2"
        shown = page.locator(f"#{table} :is(thead, tbody) tr").count()
        assert sheet.max_row == shown
        with saved(page, f"[data-as=csv][data-export={table}]", tmp_path).open(
            encoding="utf-8-sig", newline=""
        ) as file:
            assert len(list(csv.reader(file))) == shown
        if name == "attendance":
            first = next(sheet.iter_rows(values_only=True))
            assert [cell.date() for cell in first[1:-1]] == [MONDAY + timedelta(days=step) for step in range(7)]  # type: ignore[union-attr]  # dates
            worked = {row[0]: row[1] for row in sheet.iter_rows(min_row=2, values_only=True)}
            assert worked == {OTTI: timedelta(hours=7.5), ADA: timedelta(hours=8)}
        if name == "log":
            cells = next(sheet.iter_rows(min_row=2, values_only=True))
            assert cells[:2] == (datetime(2026, 3, 9, 9, 0), timedelta(hours=4))  # noqa: DTZ001  # spreadsheets know no zone


def test_while_locked_there_is_no_timesheet(url: str, watched: Watched) -> None:
    page = watched.page
    log_in(page, url, EMAIL, PASSWORD)
    open_page(page, f"{url}/attendance?{RANGE}")
    page.get_by_test_id("lock").click()
    expect(page.get_by_test_id("unlock")).to_be_visible()
    for text in (OTTI, "Day of Lamps", "Moving house"):
        assert text not in page.inner_text("body")
    open_page(page, f"{url}/attendance?{RANGE}")
    page.click("[data-timesheet]")
    expect(page.locator("#problem")).to_contain_text("Unlock the names first")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_where_there_is_something(url: str, chromium: Browser, theme: Theme) -> None:
    page = themed(chromium, theme)
    log_in(page, url, EMAIL, PASSWORD)
    for path in (f"attendance?{RANGE}", "schedules"):
        open_page(page, f"{url}/{path}")
        if path == "schedules":
            page.click("[data-hours=account]")
        assert violations(page) == [], path
    page.context.close()


def test_what_was_entered_can_be_removed(url: str, watched: Watched) -> None:
    page = watched.page
    log_in(page, url, EMAIL, PASSWORD)
    for kind in ("hours", "hours", "holiday", "absence"):
        open_page(page, f"{url}/schedules")
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        page.click(f"[data-remove-{kind}] >> nth=0")
        reloaded(page, "#remove-dialog button[type=submit]")
    expect(page.get_by_text("No holiday yet.")).to_be_visible()
    expect(page.get_by_text("No absence yet.")).to_be_visible()
    expect(page.get_by_test_id("nothing")).to_be_visible()
