"""The browser's extension in a real Chromium on a real display, and a real agent that it tells."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.agent.conftest import RunningAgent, agent_running, enrol, log_rows
from tests.browser import FLAGS
from tests.waiting import wait_for
from tests.windows import x_server, xdotool

from reteamz.owner.client import Owner

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "dist" / "extension" / "chromium"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"


class Pages(BaseHTTPRequestHandler):
    """Pages of a site; the title is the path."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(f"<!doctype html><title>{self.path.strip('/')}</title>".encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://crm.ridgeway.localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class Extended:
    """A browser with the extension on a display of its own, and an agent there."""

    def __init__(self, display: str, context: BrowserContext, agent: RunningAgent, owner: Owner) -> None:
        self.display = display
        self.context = context
        self.agent = agent
        self.owner = owner
        self.page = context.pages[0]
        worker = context.service_workers[0] if context.service_workers else context.wait_for_event("serviceworker")
        self.id = worker.url.split("/")[2]
        self.options = self.open("options.html")

    def open(self, name: str) -> Page:
        """Open a page of the extension."""
        page = self.context.new_page()
        page.goto(f"chrome-extension://{self.id}/{name}")
        return page

    def name_port(self, port: int) -> None:
        """Name the agent's port on the options page."""
        self.options.fill("#port", str(port))
        self.options.click("button")

    def visit(self, url: str) -> None:
        """Bring a page to the front."""
        self.page.goto(url)
        self.page.bring_to_front()

    @contextmanager
    def popup(self) -> Iterator[Page]:
        """Open the popup's page in a window that does not take the focus."""
        made = "chrome.windows.create({type: 'popup', focused: false, url: 'popup.html', width: 340, height: 260}).then(() => {})"
        with self.context.expect_page() as opened:
            self.options.evaluate(made)
        page = opened.value
        yield page
        page.close()

    def private(self, url: str) -> None:
        """Open a private window, which takes the focus."""
        self.options.evaluate("url => chrome.windows.create({ incognito: true, url }).then(() => {})", url)
        wait_for(lambda: "Secret" in self.focused(), what="the private window")

    def focused(self) -> str:
        return xdotool(self.display, "getwindowfocus", "getwindowname")

    def allow_private(self) -> None:
        """Let the extension into private windows, as a person does in the list of extensions."""
        page = self.context.new_page()
        page.goto("chrome://extensions")
        page.evaluate("chrome.developerPrivate.updateProfileConfiguration({ inDeveloperMode: true })")
        page.evaluate(
            "extensionId => chrome.developerPrivate.updateExtensionConfiguration({ extensionId, incognitoAccess: true })",
            self.id,
        )
        enabled = f"chrome.developerPrivate.getExtensionInfo('{self.id}').then(info => info.state === 'ENABLED')"
        wait_for(lambda: page.evaluate(enabled), what="the extension again")
        page.close()
        self.options = self.open("options.html")

    def state(self) -> str:
        found = self.options.evaluate("chrome.storage.session.get('memory')")
        return str(found.get("memory", {}).get("state"))

    def told(self) -> list[dict[str, Any]]:
        """Return what the agent was told, newest first."""
        url = f"http://127.0.0.1:{self.agent.status().port}/api/0/buckets/reteamz-sites-chromium/events"
        answer = httpx.get(url)
        return [event["data"] for event in answer.json()] if answer.is_success else []


@contextmanager
def browser(chromium: Browser, display: str, profile: Path) -> Iterator[BrowserContext]:
    context = chromium.browser_type.launch_persistent_context(
        profile,
        executable_path=shutil.which("chromium"),
        headless=False,
        env={**os.environ, "DISPLAY": display},
        args=[
            *FLAGS,
            f"--load-extension={BUILT}",
            f"--disable-extensions-except={BUILT}",
            "--disable-features=DisableLoadExtensionCommandLineSwitch",
        ],
        ignore_default_args=["--disable-extensions"],
        viewport=None,
    )
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def extended(account: Callable[..., Owner], chromium: Browser, tmp_path: Path) -> Iterator[Extended]:
    folder = tmp_path
    owner = account(folder.name)
    enrol(owner, folder / "agent")
    owner.confirm(owner.waiting())
    with (
        x_server() as display,
        agent_running(folder / "agent", display, "--sample-every", "0.2", "--upload-every", "0.5") as agent,
        browser(chromium, display, folder / "profile") as context,
    ):
        wait_for(lambda: agent.status().mode == "encrypted", what="the grant")
        yield Extended(display, context, agent, owner)


def test_the_page_in_front_arrives_with_its_site(extended: Extended, site: str) -> None:
    extended.name_port(extended.agent.status().port)
    expect(extended.options.locator("#note")).to_have_text(
        f"Saved. The agent answers on port {extended.agent.status().port}."
    )
    extended.visit(f"{site.replace('//', '//ann:word@')}/Offer-4711")
    page = {"url": f"{site}/Offer-4711", "title": "Offer-4711", "audible": False}
    wait_for(lambda: extended.told()[:1] == [page], what="the page")

    def recorded() -> bool:
        # What may turn out to be idle is told once somebody touched a key.
        xdotool(extended.display, "key", "shift")
        rows = log_rows(extended.owner)
        return any(row["site"] == "crm.ridgeway.localhost" and "Offer-4711" in str(row["title"]) for row in rows)

    wait_for(recorded, what="the site in the owner's log")
    with extended.popup() as popup:
        expect(popup.locator("#title")).to_have_text("Recording")
        expect(popup.locator("#site")).to_have_text(site.removeprefix("http://"))
        expect(popup.locator("#page")).to_have_text("Offer-4711")
    extended.page.goto(f"{site}/Offer-4712")
    wait_for(lambda: extended.told()[0]["title"] == "Offer-4712", what="the next page")
    # What is no page of the web is nobody's business.
    extended.page.goto("data:text/html,<title>Note</title>")
    wait_for(lambda: extended.state() == "resting", what="nothing in front")
    assert {each["title"] for each in extended.told()} == {"Offer-4711", "Offer-4712"}


def test_private_windows_are_told_to_nobody(extended: Extended, site: str) -> None:
    extended.name_port(extended.agent.status().port)
    extended.visit(f"{site}/Open")
    wait_for(lambda: extended.told(), what="the page")
    extended.private(f"{site}/Secret-1")
    wait_for(lambda: extended.state() == "resting", what="a window that the extension does not see")
    extended.allow_private()
    extended.private(f"{site}/Secret-2")
    wait_for(lambda: extended.state() == "private", what="a private window")
    with extended.popup() as popup:
        expect(popup.locator("#title")).to_have_text("Private window")
    assert {each["title"] for each in extended.told()} == {"Open"}


def test_an_agent_that_is_away_is_looked_for(extended: Extended, site: str) -> None:
    extended.name_port(1)
    expect(extended.options.locator("#note")).to_have_text("Saved. No agent answers; is it started?")
    extended.visit(f"{site}/Early")
    with extended.popup() as popup:
        expect(popup.locator("#title")).to_have_text("Agent not found")
        assert extended.options.evaluate("chrome.action.getBadgeText({})") == "!"
    extended.name_port(extended.agent.status().port)
    wait_for(lambda: [each["title"] for each in extended.told()] == ["Early"], what="the page, told late")
    assert extended.options.evaluate("chrome.action.getBadgeText({})") == ""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_its_pages(extended: Extended, tmp_path: Path, theme: Literal["light", "dark"]) -> None:
    extended.name_port(1)
    for name in ("popup.html", "options.html"):
        page = extended.open(name)
        page.emulate_media(color_scheme=theme)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=tmp_path / f"{name}.png")
        # The extension's own policy lets no script in but its own: axe is run where that does not count.
        found: Any = page.context.new_cdp_session(page).send(
            "Runtime.evaluate",
            {"expression": f"{AXE.read_text()}; axe.run()", "awaitPromise": True, "returnByValue": True},
        )
        violations = found["result"]["value"]["violations"]
        assert [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in violations] == [], name
