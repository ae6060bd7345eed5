"""Tables of more names than fit on a screen: in the order of names that only the browser knows, searched, rated and read like short ones."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.axe import look, themed
from tests.browser import PASSWORD, log_in, open_page
from tests.conftest import RealServer
from tests.web.conftest import now, record

from reteamz.owner.client import Owner

EMAIL = "long@company.example"
NAMES = [f"Offer {number}" for number in range(300)]


@pytest.fixture(scope="module")
def long(server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> RealServer:
    """Return the server of an account with names in no order."""
    shuffled = random.Random(5).sample(NAMES, len(NAMES))
    owner = Owner.sign_up(server.url, EMAIL, PASSWORD, "Works", now=now)
    record(owner, tmp_path_factory.mktemp("long"), dict.fromkeys(shuffled, 5), unit_ms=1_000)
    owner.close()
    return server


@pytest.mark.parametrize("width", [1400, 360])
def test_a_long_table_is_sorted_searched_and_rated(
    long: RealServer, chromium: Browser, width: int, tmp_path: Path
) -> None:
    page = themed(chromium, "light", width)
    log_in(page, long.url, EMAIL)
    open_page(page, f"{long.url}/titles")
    page.get_by_role("link", name="All on one page").click()
    page.wait_for_selector("html.started", state="attached")
    table = page.get_by_role("table")
    rows = table.get_by_role("row")
    expect(rows).to_have_count(1 + len(NAMES))
    assert table.locator("tbody th").all_text_contents() == NAMES
    last = rows.last
    assert last.get_by_role("button").count() == 0, "far below the window: no buttons yet"
    last.scroll_into_view_if_needed()
    chosen = last.get_by_role("button", name="Productive", exact=True)
    with page.expect_response("**/api/ratings/*") as answer:
        chosen.click()
    assert answer.value.status == 204
    expect(chosen).to_have_attribute("aria-pressed", "true")
    head, body = (table.locator(f"{part} tr").last.locator(":scope > *:visible") for part in ("thead", "tbody"))
    edges = [[round(box["x"]) for box in (cell.bounding_box() for cell in part.all()) if box] for part in (head, body)]
    assert edges[0] == edges[1], "headings stand above their columns"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("searchbox").fill("offer 299")
    expect(table.locator("tbody tr:visible")).to_have_count(1)
    look(page, tmp_path / "searched.png")
    with page.expect_response("**/api/ratings/*"):
        table.locator("tbody tr:visible").get_by_role("button", name="Productive", exact=True).click()
    page.context.close()
