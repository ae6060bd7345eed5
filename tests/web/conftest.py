"""A real Chromium, and an account with a few known names behind a real server."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from tests.conftest import RealServer

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.owner.client import Owner
from reteamz.wire.accounts import DepartmentPost, DepartmentView

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "correct horse battery staple"
HOUR_MS = 3_600_000
expect.set_options(timeout=20_000)


def now() -> int:
    return time.time_ns() // 1_000_000


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


@dataclass
class Company:
    """An account with a confirmed computer, and the names that were seen there."""

    server: RealServer
    email: str
    owner: Owner
    titles: dict[str, int]
    device: str


TITLES = {
    "Offer 4711 for Ridgeway Looms": 3,
    "Ärger mit Rechnung 12": 2,
    "offer 4712": 1,
    "<img src=x onerror=alert(1)>": 1,
}


def record(owner: Owner, folder: Path, titles: dict[str, int], person: str = "Otti Marsh") -> str:
    """Enrol and confirm a computer, let it tell some titles (minutes each), and return its id."""
    with httpx.Client() as http:
        enroll(folder, owner.enrolment_code(), http, now)
        device = Device.open(folder, http, now)
        device.computer = "MARSH-PC"
        device.sync.poll_once()
        owner.confirm(owner.waiting())
        device.sync.poll_once()
        device.sync.poll_once()
        at = now() - HOUR_MS
        for title, minutes in titles.items():
            device.feed(
                Sample(at=at, duration=minutes * 60_000, person=person, app="WinWord.exe", title=title, input=3)
            )
            at += minutes * 60_000
        device.flush()
        device.sync.push_all()
        device.close()
    (confirmed,) = [entry.id for entry in owner.roster.devices.devices][-1:]
    return confirmed


@pytest.fixture(scope="module")
def company(server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    email = "pages@company.example"
    owner = Owner.sign_up(server.url, email, PASSWORD, "Lamplight Works", now=now)
    device = record(owner, tmp_path_factory.mktemp("agent"), TITLES)
    owner.connection.post("/api/departments", DepartmentPost(owner.entry("label", "Lamp Workshop")), DepartmentView)
    yield Company(server, email, owner, TITLES, device)
    owner.close()


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
