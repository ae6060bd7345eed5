"""What a hostile server does to the batches that computers signed: the page that verifies them names it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.adversary.conftest import grant_again, lie
from tests.browser import PASSWORD, log_in, open_page
from tests.conftest import RealServer
from tests.web.conftest import Company, now, record

from reteamz.owner.client import Owner


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page of a new browser: it remembers nothing."""
    return context.new_page()


JOURNAL = {
    "drop": ("batch_missing", lambda entries: entries.pop(0)),
    "reorder": ("batch_missing", lambda entries: entries.reverse()),
    "repeat": ("batch_reordered", lambda entries: entries.insert(1, entries[0])),
    "renumber": ("batch_reordered", lambda entries: entries[1].update(seq=1)),
    "truncate": ("tail_withheld", lambda entries: entries.pop()),
    "withhold": ("tail_withheld", lambda entries: entries.clear()),
    "alter": ("batch_forged", lambda entries: entries[0].update(body=_longer(entries[0]["body"]))),
    "other signature": ("batch_forged", lambda entries: entries[0].update(signature=entries[1]["signature"])),
}


def _longer(body: str) -> str:
    """Return a body in which the first active minute lasts longer."""
    text = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
    changed = re.sub(r"(,0,\d{13},)(\d+)(,)", lambda match: match[1] + str(int(match[2]) + 1) + match[3], text, count=1)
    assert changed != text
    return base64.urlsafe_b64encode(changed.encode()).decode().rstrip("=")


@pytest.fixture(scope="module")
def chained(server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """An account whose computer sent two batches with names."""
    email = "chain@company.example"
    owner = Owner.sign_up(server.url, email, PASSWORD, "Lamplight Works", now=now)
    folder = tmp_path_factory.mktemp("chained")
    device = record(owner, folder, {"Offer 1": 1})
    grant_again(owner, folder)
    yield Company(server, email, owner, {}, device)
    owner.close()


@pytest.mark.parametrize("case", sorted(JOURNAL))
def test_13_15_a_journal_that_was_changed(chained: Company, page: Page, case: str) -> None:
    code, change = JOURNAL[case]
    log_in(page, chained.server.url, chained.email)
    lie(page, "**/api/journal/**", lambda told: change(told["entries"]) and None if told["entries"] else None)
    open_page(page, f"{chained.server.url}/log")
    page.get_by_test_id("verify").click()
    expect(page.locator("#verify-told")).to_contain_text(code)


def test_14_batches_of_one_computer_under_another(server: RealServer, page: Page, tmp_path: Path) -> None:
    email = "two@company.example"
    owner = Owner.sign_up(server.url, email, PASSWORD, "Lamplight Works", now=now)
    a = record(owner, tmp_path / "a", {"Offer 1": 1})
    b = record(owner, tmp_path / "b", {"Offer 2": 1})
    journal = owner.connection.get(f"/api/journal/{a}", dict)
    log_in(page, server.url, email)
    lie(page, f"**/api/journal/{b}*", lambda told: told.update(journal) if told["entries"] else None)
    open_page(page, f"{server.url}/log")
    page.get_by_test_id("verify").click()
    expect(page.locator("#verify-told")).to_contain_text("batch_forged")
    owner.close()
