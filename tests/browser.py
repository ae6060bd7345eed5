"""A real Chromium and pages in it whose complaints are heard; one browser for all tests, for Playwright runs once in a process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "correct horse battery staple"
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program is not None, "chromium is missing; run make test"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS, headless=True)
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page whose complaints are collected."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        def told(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.complaints.append(message.text)

        self.page.on("console", told)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context(viewport={"width": 1400, "height": 900}, locale="en-GB")
    made.set_default_timeout(30_000)
    yield made
    made.close()


@pytest.fixture
def watched(context: BrowserContext) -> Iterator[Watched]:
    """A page that must not complain: no script error, no violation of the Content-Security-Policy."""
    watched = Watched(context.new_page())
    watched.watch()
    yield watched
    assert watched.complaints == []


def log_in(page: Page, server: str, email: str, password: str = PASSWORD) -> None:
    """Log in as a person does, and wait until the page can be read."""
    page.goto(f"{server}/login")
    page.fill("#email", email)
    page.fill("#password", password)
    page.click("#login button[type=submit]")
    page.wait_for_url(f"{server}/")
    started(page)


def started(page: Page) -> None:
    page.wait_for_selector("html.started", state="attached")


def open_page(page: Page, url: str) -> None:
    page.goto(url)
    started(page)
