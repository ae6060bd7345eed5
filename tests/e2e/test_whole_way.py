"""From a real window to the owner's page: X server, agent, server, Chromium, and canaries that must not be found between."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect
from tests.agent.conftest import agent_running
from tests.browser import PASSWORD, Watched, open_page, started
from tests.conftest import RealServer
from tests.e2e.conftest import command, files_with
from tests.e2e.recorder import Recorder
from tests.waiting import wait_for
from tests.windows import Windows, xdotool

FAST = ("--sample-every", "0.1", "--upload-every", "0.4")


def sign_up(watched: Watched, url: str, encrypted: bool = True) -> str:
    """Sign up in the browser and return the enrolment code of the first computer."""
    page = watched.page
    page.goto(f"{url}/signup")
    page.fill("#company", "Canary Company 7301")
    page.fill("#email", "owner@company.example")
    page.fill("#password", PASSWORD)
    if not encrypted:
        page.uncheck("#encrypted")
    page.click("#signup button[type=submit]")
    expect(page.locator("#kit-code")).not_to_be_empty()
    page.click("#kit-next")
    expect(page.locator("#code-text")).not_to_be_empty()
    return page.locator("#code-text").inner_text()


def shows_title(watched: Watched, url: str, display: str, title: str) -> bool:
    """Work a little, look at the page of titles, and tell whether this one is readable there."""
    xdotool(display, "key", "shift")
    open_page(watched.page, f"{url}/titles?range=today")
    return title in watched.page.inner_text("main")


def test_titles_are_readable_to_the_owner_and_to_nobody_between(
    recorded: tuple[RealServer, Recorder], display: str, windows: Windows, watched: Watched, tmp_path: Path
) -> None:
    server, recorder = recorded
    page = watched.page
    early, first, second = "Canary early 5527", "Canary tender 8814 – Größe", "Canary payroll 1193"
    for title in (early, first, second):
        windows.open(title, "CanaryWriter")
    windows.focus(early)
    code = sign_up(watched, server.url)
    folder = tmp_path / "agent"
    assert "Enrolled" in command(folder, "enroll", code)
    with agent_running(folder, display, *FAST) as agent:
        page.locator("#enrol-confirm").click()
        page.wait_for_url(f"{server.url}/")
        started(page)
        wait_for(lambda: agent.status().mode == "encrypted", what="the grant")
        for title in (first, second):
            windows.focus(title)
            wait_for(lambda title=title: shows_title(watched, server.url, display, title), what=title)
        open_page(page, f"{server.url}/apps?range=today")
        expect(page.locator("#ranking")).to_contain_text("canarywriter")
        open_page(page, f"{server.url}/log?range=today")
        page.get_by_test_id("verify").click()
        expect(page.locator("#verify-told")).to_contain_text("are whole, in order and genuine")
        assert second in command(folder, "status")
        page.goto(f"{server.url}/healthz")
    server.stop()
    traffic = recorder.recorded()
    assert b"/api/agent/batch" in traffic
    assert b"rtz1.title.1." in traffic
    for canary in (
        "Canary early",
        "Canary tender",
        "Größe",
        "Canary payroll",
        "Canary Company",
        "CanaryWriter",
        "canarywriter",
        PASSWORD,
    ):
        needle = canary.encode()
        assert files_with(server.data, needle) == [], canary
        assert needle not in server.log.read_bytes(), canary
        assert needle not in traffic, canary
        assert files_with(folder, needle) == [], canary


def test_an_account_that_started_plain(
    recorded: tuple[RealServer, Recorder], display: str, windows: Windows, watched: Watched, tmp_path: Path
) -> None:
    server, recorder = recorded
    page = watched.page
    clear, secret = "Shown 2046 in the clear", "Canary merger 6650"
    windows.open(clear)
    windows.open(secret)
    windows.focus(clear)
    code = sign_up(watched, server.url, encrypted=False)
    folder = tmp_path / "agent"
    command(folder, "enroll", code)
    with agent_running(folder, display, *FAST) as agent:
        page.locator("#enrol-confirm").click()
        page.wait_for_url(f"{server.url}/")
        wait_for(lambda: shows_title(watched, server.url, display, clear), what=clear)
        assert agent.status().mode == "plain"
        open_page(page, f"{server.url}/profile")
        page.get_by_test_id("enable").click()
        page.fill("#enable-password", PASSWORD)
        page.click("#enable-dialog button[type=submit]")
        expect(page.locator("#encryption")).to_contain_text("on · epoch 1")
        wait_for(lambda: agent.status().mode == "encrypted", what="the grant")
        windows.focus(secret)
        wait_for(lambda: shows_title(watched, server.url, display, secret), what=secret)
        # What was recorded before goes on under its token: every name stands there once.
        assert page.locator("#ranking tbody th").all_inner_texts().count(clear) == 1
        assert "title:" not in page.inner_text("main")
    server.stop()
    # The search finds what is there: names of before.
    assert clear.encode() in recorder.recorded()
    assert secret.encode() not in recorder.recorded()
    assert files_with(server.data, secret.encode()) == []
    assert secret.encode() not in server.log.read_bytes()
    assert files_with(folder, secret.encode()) == []


def test_a_computer_that_was_never_confirmed_tells_kinds_and_times_only(
    recorded: tuple[RealServer, Recorder], display: str, windows: Windows, watched: Watched, tmp_path: Path
) -> None:
    server, recorder = recorded
    page = watched.page
    windows.open("Canary unconfirmed 3398", "CanaryWriter")
    windows.focus("Canary unconfirmed 3398")
    code = sign_up(watched, server.url)
    folder = tmp_path / "agent"
    command(folder, "enroll", code)
    with agent_running(folder, display, *FAST) as agent:

        def counted() -> bool:
            xdotool(display, "key", "shift")
            open_page(page, f"{server.url}/log?range=today")
            return "Active" in page.inner_text("main")

        wait_for(counted, what="anonymous time")
        assert agent.status().mode == "anonymous"
        assert agent.status().recorded == ["kinds of time"]
        rows = page.locator("[data-testid=log] tbody tr").all_inner_texts()
        assert rows
        assert all(row.split("\t")[3:] == ["–", "–", "–", "–", "unnamed"] for row in rows), rows
    server.stop()
    for canary in (b"Canary unconfirmed", b"CanaryWriter", b"canarywriter"):
        assert canary not in recorder.recorded()
        assert files_with(server.data, canary) == []
        assert files_with(folder, canary) == []
