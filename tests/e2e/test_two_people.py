"""Two people on two screens of one computer, recorded as a signed policy asks: the owner's page shows what each did in clear and under their name,
and a third user of that computer, the server and the line between read nothing of it.
"""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from tests.agent.picture import PictureWindow, differs, picture
from tests.agent.sealed import opened
from tests.agent.sessions.conftest import RunningService, helping, place
from tests.agent.users import User, everyones_python, users
from tests.browser import Watched, log_in, open_page
from tests.conftest import RealServer
from tests.e2e.conftest import company_of, files_with
from tests.e2e.recorder import Recorder
from tests.waiting import wait_for
from tests.web.test_records import PIXELS
from tests.windows import Windows, x_server, xdotool

from reteamz.agent.state import load_state
from reteamz.owner.client import Owner
from reteamz.wire.policy import INHERITED, Screenshot

__all__ = ["place"]

EMAIL = "two@company.example"
ASKED = msgspec.structs.replace(
    INHERITED,
    detail="everything",
    records=["screenshot", "text", "clipboard"],
    screenshot=Screenshot(30, 0, False, "all"),
)
SEARCH = """
import os, sys
folder, *canaries = sys.argv[1:]
read = 0
for name in os.listdir(folder):
    try:
        with open(os.path.join(folder, name), "rb") as file:
            data = file.read()
    except OSError:
        continue
    read += 1
    assert not [one for one in canaries if one.encode() in data or one.encode("utf-16-le") in data], name
print(read)
"""


@dataclass(frozen=True)
class Seen:
    """What one person does: the board on their screen turned so often, the window's title, what they type and copy."""

    person: str
    turn: int
    title: str
    typed: str
    copied: str


ANN = Seen("Canary Ann 3107", 0, "Canary plan 6620", "canary typed by ann 51", "Canary copied by Ann 77")
BEA = Seen("Canary Bea 9954", 3, "Canary bill 1838", "canary typed by bea 26", "Canary copied by Bea 48")


@pytest.fixture
def people() -> Iterator[list[User]]:
    with everyones_python() as python, users(python, ann=ANN.person, bea=BEA.person, mal="Mal Grey") as made:
        yield made


@dataclass
class Desk:
    """One of them at their screen."""

    user: User
    seen: Seen
    display: str
    shown: PictureWindow
    windows: Windows

    def work(self) -> None:
        """Look at the board, type, copy, and go to another window and back: typed text is handed on when the window changes."""
        self.shown.focus()
        xdotool(self.display, "type", "--delay", "1", self.seen.typed)
        subprocess.run(
            ["xclip", "-display", self.display, "-selection", "clipboard", "-in"],
            input=self.seen.copied.encode(), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.windows.focus("Other")
        xdotool(self.display, "key", "x")
        self.shown.focus()


def test_each_persons_records_are_read_by_the_owner_alone(
    recorded: tuple[RealServer, Recorder], people: list[User], place: Path, watched: Watched
) -> None:
    server, recorder = recorded
    with company_of(server, place, EMAIL, ASKED) as (owner, service):
        state = load_state(service.folder)
        assert state is not None
        with ExitStack() as stack:
            desks = [sit_down(stack, service, user, seen) for user, seen in zip(people, (ANN, BEA), strict=False)]
            wait_for(lambda: recorded_of(owner, state.device, desks), 180, "records of both")
            searched = people[2].python_code(SEARCH, str(service.folder), *canaries())
            assert searched.returncode == 0, searched.stderr
            assert int(searched.stdout) >= 4
        log_in(watched.page, server.url, EMAIL)
        for seen, other in ((ANN, BEA), (BEA, ANN)):
            check_pictures(watched.page, server.url, seen, other)
            check_texts(watched.page, server.url, seen, other)
        watched.page.goto(f"{server.url}/healthz")
    server.stop()
    traffic = recorder.recorded()
    for canary in canaries():
        for needle in (canary.encode(), canary.lower().encode(), canary.encode("utf-16-le")):
            assert needle not in traffic, canary
            assert files_with(server.data, needle) == files_with(service.folder, needle) == [], canary
            for log in (server.log, service.log):
                assert needle not in log.read_bytes(), canary


def canaries() -> list[str]:
    return [text for seen in (ANN, BEA) for text in (seen.person, seen.title, seen.typed, seen.copied)]


def sit_down(stack: ExitStack, service: RunningService, user: User, seen: Seen) -> Desk:
    """Begin a session on a screen of its own, and accept what is asked."""
    display = stack.enter_context(x_server())
    windows = Windows(display)
    stack.callback(windows.close)
    windows.open("Other")
    shown = PictureWindow(display, 0, 0, 1280, 800, seen.title)
    stack.callback(shown.close)
    shown.show(seen.turn)
    shown.focus()
    stack.enter_context(helping(user, service, display))
    wait_for(lambda: service.of(user).asked, what="the question")
    accepted = user.run("--socket", str(service.socket), "accept")
    assert accepted.returncode == 0, accepted.stderr
    return Desk(user, seen, display, shown, windows)


def recorded_of(owner: Owner, device: str, desks: list[Desk]) -> bool:
    """Work at every desk; tell whether the owner has all kinds of each."""
    for desk in desks:
        desk.work()
    told = {(record.person, record.kind) for record in opened(owner, device)}
    return {(desk.seen.person, kind) for desk in desks for kind in ASKED.records or ()} <= told


def person_id(owner_page: Page, url: str, seen: Seen) -> str:
    """Choose a person as the owner does, and return their number in the address."""
    open_page(owner_page, f"{url}/people?range=last7")
    href = owner_page.get_by_test_id("people").get_by_role("link", name=seen.person).get_attribute("href")
    assert href is not None
    return href.partition("person=")[2]


def check_pictures(page: Page, url: str, seen: Seen, other: Seen) -> None:
    person = person_id(page, url, seen)
    open_page(page, f"{url}/records?range=last7&show=pictures&person={person}")
    expect(page.locator("#records .card-title .name")).to_have_text([seen.person])
    page.locator("#records .shot").first.click()
    image = page.locator("#lightbox-stage img")
    expect(image).to_have_count(1)
    expect(page.locator("#lightbox-title")).to_have_text(seen.title)
    shown = Image.open(BytesIO(base64.b64decode(page.evaluate(PIXELS, image.get_attribute("src")))))
    assert differs(shown, picture(1280, 800, seen.turn)) < 3
    assert differs(shown, picture(1280, 800, other.turn)) > 30
    page.keyboard.press("Escape")


def check_texts(page: Page, url: str, seen: Seen, other: Seen) -> None:
    person = person_id(page, url, seen)
    open_page(page, f"{url}/records?range=last7&show=texts&person={person}")
    expect(page.locator(".said-open:enabled").first).to_be_visible()
    page.get_by_role("button", name="Open all on this page").click()
    expect(page.locator(".said-text").first).to_be_visible()
    expect(page.locator(".said-open:enabled")).to_have_count(0)
    told = "".join(page.locator(".said-text").all_inner_texts())
    for text in (seen.typed, seen.copied):
        assert text in told
    for text in (other.typed, other.copied):
        assert text not in told
