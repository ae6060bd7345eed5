"""What is recorded about me: the local page in a real browser, and against everyone who should not see it."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.agent.conftest import account
from tests.agent.sessions.asking import Asking, asking, slower
from tests.axe import Theme, themed, violations
from tests.browser import Watched

from reteamz.agent.localapi import serve
from reteamz.owner.client import Owner

__all__ = ["account"]

IMAGE = "<img src=x onerror=alert(1)> Ridgeway"


@pytest.fixture(scope="module")
def owner(account: Callable[..., Owner]) -> Owner:
    return account("page")


@pytest.fixture
def desk(owner: Owner, tmp_path: Path) -> Iterator[Asking]:
    with asking(owner, tmp_path / "agent") as made:
        made.see("Tender for Ridgeway Looms")
        yield made


def test_it_tells_what_is_recorded_and_by_whom_it_is_read(desk: Asking, owner: Owner, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{desk.url}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("What is recorded about me")
    expect(page.get_by_role("heading", name="Recording is on")).to_be_visible()
    for name in ("applications", "window titles", "sites", "Otti Marsh", desk.device.fingerprint):
        expect(page.locator("main")).to_contain_text(name)
    readers = page.get_by_role("region", name="Who can read it")
    expect(readers).to_contain_text(desk.people.status(desk.uid).readers[0])
    expect(page.locator("#recent tr").first).to_contain_text("Tender for Ridgeway Looms")


def test_it_is_live_and_shows_names_as_text(desk: Asking, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{desk.url}/")
    desk.see(IMAGE)
    expect(page.locator("#recent tr").first).to_contain_text(IMAGE)
    assert page.locator("img").count() == 0
    page.reload()
    expect(page.locator("#recent tr").first).to_contain_text(IMAGE)
    assert page.locator("img").count() == 0


def test_private_time_from_the_page(desk: Asking, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{desk.url}/")
    page.get_by_role("button", name="Private for 30 minutes").click()
    expect(page.get_by_role("heading", name=re.compile("Private time until"))).to_be_visible()
    expect(page.locator("#recent tr")).to_have_count(0)
    assert desk.people.recording(desk.uid) == "private"
    page.get_by_role("button", name="Go on recording").click()
    expect(page.get_by_role("heading", name="Recording is on")).to_be_visible()
    page.get_by_role("button", name="Private for the rest of the day").click()
    expect(page.get_by_role("heading", name="Private time until 00:00")).to_be_visible()


def test_consent_from_the_page(desk: Asking, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{desk.url}/")
    asks = page.get_by_role("region", name="The owner asks to record more")
    expect(asks).to_contain_text("a picture of all monitors every 10 minutes")
    asks.get_by_role("button", name="Accept").click()
    accepted = page.get_by_role("region", name="You accepted")
    expect(accepted).to_contain_text("what you type, window by window")
    assert desk.people.consented("Otti Marsh", "text")
    accepted.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("region", name="You declined")).to_be_visible()
    assert not desk.people.consented("Otti Marsh", "text")


def test_a_new_question_appears_by_itself(desk: Asking, watched: Watched) -> None:
    desk.decide(True)
    page = watched.page
    page.goto(f"{desk.url}/")
    expect(page.get_by_role("region", name="The owner asks to record more")).to_have_count(0)
    desk.ask(slower())
    expect(page.get_by_role("region", name="The owner asks to record more")).to_contain_text("every minute")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_axe_finds_nothing(desk: Asking, chromium: Browser, theme: Theme, width: int) -> None:
    for title in ("Letter", "A very long title of a document that somebody wrote, " * 4):
        desk.see(title)
    page = themed(chromium, theme, width)
    page.goto(f"{desk.url}/")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.context.close()


def test_by_keyboard_alone(desk: Asking, watched: Watched) -> None:
    page: Page = watched.page
    page.goto(f"{desk.url}/")
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Private for 30 minutes")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("Private time until"))).to_be_visible()


def test_other_sites_and_forms_without_the_token_change_nothing(desk: Asking) -> None:
    with httpx.Client(base_url=desk.url) as client:
        token = re.search(r'name="token" value="([0-9a-f]+)"', client.get("/").text)
        assert token is not None
        good = {"token": token[1]}
        for headers, form in (
            ({"Origin": "https://evil.example"}, good),
            ({"Origin": "null"}, good),
            ({"Sec-Fetch-Site": "cross-site"}, good),
            ({"Host": "evil.example"}, good),
            ({}, {}),
            ({}, {"token": "0" * 64}),
            ({"Origin": desk.url}, {"token": "ä"}),
        ):
            for path in ("/accept", "/private"):
                assert client.post(path, headers=headers, data=form).status_code == 403, (headers, form)
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "a.example"}):
            for path in ("/", "/status"):
                assert client.get(path, headers=headers).status_code == 403
        assert client.get("/accept").status_code == 404
        assert desk.people.asked(desk.uid)
        assert client.post("/private", headers={"Origin": desk.url}, data=good).status_code == 303
        assert desk.people.private_until(desk.uid)


def test_the_page_lets_nothing_in_from_elsewhere(desk: Asking) -> None:
    answer = httpx.get(f"{desk.url}/")
    policy = answer.headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "trusted-types 'none'"):
        assert part in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert "style=" not in answer.text


def test_connections_that_ask_nothing_are_few_and_short(desk: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "CONNECTIONS", 8)
    monkeypatch.setattr(serve, "SILENCE_S", 0.5)
    crowd = [socket.create_connection(("127.0.0.1", desk.work.api.port), timeout=20) for _ in range(20)]
    with ExitStack() as stack:
        for each in crowd:
            stack.enter_context(each)
        with pytest.raises((httpx.HTTPError, OSError)):
            httpx.get(f"{desk.url}/status")
        # Every one of them is ended; recv would wait for 20 s.
        for each in crowd:
            with suppress(ConnectionResetError):
                assert each.recv(1) == b""
    assert httpx.get(f"{desk.url}/status").status_code == 200
