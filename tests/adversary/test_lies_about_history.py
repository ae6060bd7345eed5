"""What a hostile server says of erased history (spec 13.4): the real page refuses and says why."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.adversary.conftest import lie
from tests.browser import PASSWORD, log_in, open_page
from tests.conftest import RealServer
from tests.owner.test_history import Fleet
from tests.waiting import wait_for
from tests.web.conftest import Company, now

from reteamz.crypto.keys import make_okp
from reteamz.crypto.prune import NOTHING, TrustedPrune, sign_prune
from reteamz.owner import history
from reteamz.owner.history import encrypt_history, fetch_prune

EMAIL = "erased@company.example"


@pytest.fixture(scope="module")
def erased(server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Fleet, list[str]]]:
    """An account whose history is encrypted, and every prune that led there."""
    fleet = Fleet(server, tmp_path_factory.mktemp("erased"), EMAIL)
    fleet.encrypt()
    prunes: list[str] = []
    real = history._post

    def kept(*arguments: Any) -> TrustedPrune:
        after = real(*arguments)
        told = fleet.state().prune
        assert told is not None
        prunes.append(told)
        return after

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "STEP", 2)
        patch.setattr(history, "_post", kept)
        encrypt_history(fleet.owner, now())
    wait_for(lambda: fleet.state().state == "done", what="erasure")
    yield fleet, prunes
    fleet.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page of a new browser: it remembers nothing."""
    return context.new_page()


def verify(page: Page, erased: tuple[Fleet, list[str]], expected: str) -> None:
    url = erased[0].server.url
    open_page(page, f"{url}/log")
    page.get_by_test_id("verify").click()
    expect(page.locator("#verify-told")).to_contain_text(expected)


def test_what_the_owner_signed_is_accepted(erased: tuple[Fleet, list[str]], page: Page) -> None:
    """The tests below fail for their lie alone."""
    log_in(page, erased[0].server.url, EMAIL)
    verify(page, erased, "your own signature stands")


def test_an_erasure_that_nobody_signed(erased: tuple[Fleet, list[str]], page: Page) -> None:
    fleet, _ = erased
    log_in(page, fleet.server.url, EMAIL)
    marks = list(fetch_prune(fleet.owner).marks.values())
    forged = sign_prune(make_okp(), fleet.owner.account, NOTHING, now(), marks)
    lie(page, "**/api/history", lambda told: told.update(prune=forged))
    verify(page, erased, "signature_invalid")


def test_an_erasure_that_is_hidden(erased: tuple[Fleet, list[str]], page: Page) -> None:
    log_in(page, erased[0].server.url, EMAIL)
    lie(page, "**/api/history", lambda told: told.update(prune=None))
    verify(page, erased, "batch_forged")


def test_an_old_prune_again(erased: tuple[Fleet, list[str]], page: Page) -> None:
    fleet, prunes = erased
    assert len(prunes) >= 2
    log_in(page, fleet.server.url, EMAIL)
    lie(page, "**/api/history", lambda told: told.update(prune=prunes[0]))
    # A browser that saw none takes it, and finds entries without a signature behind it.
    verify(page, erased, "batch_forged")
    page.unroute("**/api/history")
    verify(page, erased, "your own signature stands")
    lie(page, "**/api/history", lambda told: told.update(prune=prunes[0]))
    verify(page, erased, "prune_rollback")


def changed(entry: dict[str, Any], old: str, new: str) -> None:
    text = base64.urlsafe_b64decode(entry["body"] + "=" * (-len(entry["body"]) % 4)).decode()
    assert old in text
    entry["body"] = base64.urlsafe_b64encode(text.replace(old, new).encode()).decode().rstrip("=")


def unsigned(entries: list[dict[str, Any]]) -> None:
    entries[-1]["signature"] = ""


JOURNAL: dict[str, tuple[str, Callable[[list[dict[str, Any]]], None]]] = {
    "erases more than was signed": ("batch_forged", unsigned),
    "a longer minute": ("batch_altered", lambda entries: changed(entries[1], ",60000,", ",60001,")),
    "one left out": ("batch_missing", lambda entries: entries.pop(1) and None),
    "withheld": ("tail_withheld", lambda entries: entries.clear()),
}


@pytest.mark.parametrize("case", sorted(JOURNAL))
def test_restatements_that_were_changed(erased: tuple[Fleet, list[str]], page: Page, case: str) -> None:
    code, change = JOURNAL[case]
    log_in(page, erased[0].server.url, EMAIL)
    lie(page, "**/api/journal/**", lambda told: change(told["entries"]) if told["entries"] else None)
    verify(page, erased, code)


def test_the_owners_end_signs_for_nothing_that_it_could_not_verify(
    server: RealServer, page: Page, tmp_path: Path
) -> None:
    """A journal that was changed before history is encrypted: the ceremony refuses, nothing is signed."""
    fleet = Fleet(server, tmp_path, "unsure@company.example")
    fleet.encrypt()
    log_in(page, server.url, "unsure@company.example")
    lie(page, "**/api/journal/**", lambda told: changed(told["entries"][1], ",60000,", ",60001,"))
    open_page(page, f"{server.url}/profile")
    page.get_by_test_id("encrypt-history").click()
    page.fill("#history-password", "correct horse battery staple")
    page.click("#history-dialog button[type=submit]")
    expect(page.locator("#history-dialog .dialog-problem")).to_contain_text("batch_forged")
    assert fleet.state().prune is None
    assert fleet.state().state == "readable"
    fleet.close()


def test_10_names_are_guessed_as_readable_ones_of_before(company: Company, page: Page) -> None:
    """An account that began encrypted has none: whoever asks for their tokens wants to find a guess in the records."""
    guesses = {"left": 1, "entries": [{"id": 1, "text": "title:Offer 4711 for Ridgeway Looms"}], "labels": []}
    posted = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    lie(page, "**/api/history/names*", lambda told: told.update(guesses))
    log_in(page, company.server.url, company.email)
    page.get_by_test_id("lock").click()
    page.fill("#unlock-password", PASSWORD)
    page.click("#unlock button")
    expect(page.get_by_test_id("top-title")).to_contain_text("Ridgeway Looms")
    open_page(page, f"{company.server.url}/titles")
    assert [url for url in posted if "/api/login" in url]
    assert not [url for url in posted if "/api/history" in url]
