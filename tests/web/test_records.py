"""Screens & records in the page: opened there and nowhere else, written down, and refused when the server shows something else."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import get_args

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from tests.agent.picture import differs, picture
from tests.axe import Theme, look, themed
from tests.browser import PASSWORD, Watched, log_in, open_page
from tests.conftest import RealServer
from tests.e2e.conftest import files_with
from tests.waiting import wait_for
from tests.web.conftest import HOUR_MS, now
from tests.web.test_pages import TOKEN

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.policy import Policy
from reteamz.agent.records.record import Record, Text
from reteamz.agent.records.screens import webp
from reteamz.agent.records.sound import flac
from reteamz.demo.pictures import chime
from reteamz.owner.client import Owner
from reteamz.wire.batch import SealedKind

EMAIL, PERSON = "records@company.example", "Otti Marsh"
TITLE, TYPED, COPIED = "Canary plan of the quay", "Canary <b>typed</b> 7351", "Canary copied 9924"
WIDE = (640, 400)
PIXELS = """async (address) => {
  const image = new Image(); image.src = address; await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  canvas.getContext("2d").drawImage(image, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return btoa(Array.from(new Uint8Array(await blob.arrayBuffer()), (one) => String.fromCharCode(one)).join(""));
}"""


@dataclass
class Recorded:
    """An account whose computer recorded two pictures, two texts and two seconds of sound an hour ago."""

    server: RealServer
    folder: Path
    owner: Owner
    pictures: list[Image.Image]

    def open(self, page: Page, show: str = "pictures") -> None:
        open_page(page, f"{self.server.url}/records?range=last7&show={show}")


@pytest.fixture(scope="module")
def recorded(server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    owner = Owner.sign_up(server.url, EMAIL, PASSWORD, "Lamplight Works", now=now)
    folder = tmp_path_factory.mktemp("recorded")
    policy = Policy(records=frozenset(get_args(SealedKind)))
    with httpx.Client() as http:
        enroll(folder, owner.enrolment_code(), http, now)
        device = Device.open(folder, http, now, policy, consented=lambda _person, _kind: True)
        device.sync.poll_once()
        owner.confirm(owner.waiting())
        device.sync.poll_once()
        device.sync.poll_once()
        at = now() - HOUR_MS
        pictures: list[Image.Image] = []
        for turn in range(2):
            # Sizes are told in steps: a picture must be larger than its thumbnail, as real ones are.
            whole = Image.blend(picture(*WIDE, turn), Image.effect_noise(WIDE, 90).convert("RGB"), 0.3)
            pictures.append(whole.copy())
            names = {"app": "Viewer", "title": TITLE, "monitor": 0}
            caption = {**names, "width": WIDE[0], "height": WIDE[1]}
            of = device.record(Record("screenshot", "image/webp", at + turn * 60_000, PERSON, caption, webp(whole)))
            small = whole.resize((96, 60), Image.Resampling.NEAREST)
            caption = {**names, "width": 96, "height": 60, "thumbnail": True, "of": of}
            assert device.record(Record("screenshot", "image/webp", at + turn * 60_000, PERSON, caption, webp(small)))
        assert device.record_text(PERSON, "text", Text(at, "Writer", TITLE, "", TYPED))
        assert device.record_text(PERSON, "clipboard", Text(at, "Writer", TITLE, "", COPIED))
        tone = flac(chime(2, "two seconds"))
        assert device.record(Record("sound", "audio/flac", at, PERSON, {"length_ms": 2_000}, tone))
        device.flush()
        device.sync.push_all()
        while device.records.push():
            pass
        device.close()
    yield Recorded(server, folder, owner, pictures)
    owner.close()


def opened_blobs(owner: Owner) -> int:
    entries = owner.connection.get("/api/audit", dict)["entries"]
    return sum(entry["action"] == "sealed_opened" for entry in entries)


def test_pictures_are_what_was_on_the_screen(recorded: Recorded, watched: Watched) -> None:
    page = watched.page
    log_in(page, recorded.server.url, EMAIL)
    before = opened_blobs(recorded.owner)
    recorded.open(page)
    expect(page.locator("#records .shot img")).to_have_count(2)
    expect(page.locator("#records .card-title")).to_contain_text(PERSON)
    assert opened_blobs(recorded.owner) == before + 2, "thumbnails alone"
    page.locator("#records .shot").nth(0).focus()
    page.keyboard.press("Enter")
    for place, turn in enumerate((0, 1)):
        image = page.locator("#lightbox-stage img")
        expect(page.locator("#lightbox-place")).to_have_text(f"{place + 1} of 2")
        expect(image).to_have_count(1)
        shown = Image.open(BytesIO(base64.b64decode(page.evaluate(PIXELS, image.get_attribute("src")))))
        assert shown.size == WIDE
        assert differs(shown, recorded.pictures[turn]) < 8
        assert differs(shown, recorded.pictures[1 - turn]) > 30
        expect(page.locator("#lightbox-title")).to_have_text(TITLE)
        page.keyboard.press("ArrowRight")
    assert opened_blobs(recorded.owner) == before + 4
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("lightbox")).to_be_hidden()
    assert not TOKEN.search(page.inner_text("body"))


def test_texts_and_sound_open_one_by_one(recorded: Recorded, watched: Watched) -> None:
    page = watched.page
    log_in(page, recorded.server.url, EMAIL)
    recorded.open(page, "texts")
    expect(page.locator(".said-open:enabled")).to_have_count(2)
    assert TYPED not in page.inner_text("body")
    before = opened_blobs(recorded.owner)
    page.get_by_role("button", name="Open typed text").click()
    expect(page.locator(".said-text")).to_have_text([TYPED])
    assert opened_blobs(recorded.owner) == before + 1
    page.get_by_role("button", name="Open all on this page").click()
    expect(page.locator(".said-text")).to_have_count(2)
    assert set(page.locator(".said-text").all_inner_texts()) == {TYPED, COPIED}
    assert page.locator(".said-text b").count() == 0
    recorded.open(page, "sound")
    page.get_by_role("button", name="Open sound").click()
    length = "() => document.querySelector('#records audio')?.duration ?? 0"
    wait_for(lambda: page.evaluate(length) > 0, what="the sound's length")
    assert page.evaluate(length) == pytest.approx(2, abs=0.1)
    page.get_by_test_id("lock").click()
    expect(page.get_by_test_id("unlock")).to_be_visible()
    assert page.locator("#records audio").count() == 0
    assert PERSON not in page.inner_text("body")


@pytest.mark.parametrize("lie", ["other bytes", "another blob", "no batch", "another person"])
def test_a_server_that_shows_something_else_is_told(recorded: Recorded, context: BrowserContext, lie: str) -> None:
    page = context.new_page()
    log_in(page, recorded.server.url, EMAIL)
    shown: list[bytes] = []

    def bend(route: Route) -> None:
        body = route.fetch().body()
        shown.append(body)
        if lie == "other bytes":
            body = body[:-1] + bytes([body[-1] ^ 1])
        elif lie == "another blob":
            # Every one gets the bytes of the first, which are genuine.
            body = shown[0] if len(shown) > 1 else body
        route.fulfill(body=body, content_type="application/octet-stream")

    if lie in ("other bytes", "another blob"):
        page.route("**/api/blobs/*", bend)
    if lie == "no batch":
        page.route(
            "**/api/records/*/*", lambda route: route.fulfill(status=404, json={"code": "not_found", "message": "No."})
        )
    if lie == "another person":
        page.route("**/records?*", renamed)
    recorded.open(page)
    told = page.locator("#records .shot .shot-state").last
    expect(told).to_contain_text("Cannot be checked" if lie == "no batch" else "Damaged")
    if lie != "another blob":
        expect(page.locator("#records .shot img")).to_have_count(0)
    page.close()


def renamed(route: Route) -> None:
    """Show the records under another name than the computer signed."""
    answer = route.fetch()
    heading = re.compile(r'(class="film-person">)<span class="name">[^<]*</span>')
    text, count = heading.subn(r'\1<span class="name">Somebody else</span>', answer.text())
    assert count == 1
    route.fulfill(response=answer, body=text)


def test_days_and_times_are_those_that_the_computer_signed(recorded: Recorded, context: BrowserContext) -> None:
    page = context.new_page()
    log_in(page, recorded.server.url, EMAIL)
    recorded.open(page)
    honest = page.locator("#records .film-day").inner_text()

    def move(route: Route) -> None:
        answer = route.fetch()
        text, days = re.subn(r'(class="film-day">)[^<]*', r"\1Mon 1 Jan 2024", answer.text())
        text, times = re.subn(r"<time>\d\d:\d\d</time>", "<time>03:00</time>", text)
        assert (days, times) == (1, 2)
        route.fulfill(response=answer, body=text)

    page.route("**/records?*", move)
    recorded.open(page)
    expect(page.locator("#records .shot img")).to_have_count(2)
    for told in page.locator("#records .shot time").all_inner_texts():
        assert re.fullmatch(re.escape(honest) + r", \d\d:\d\d", told)
        assert not told.endswith("03:00")
    page.locator("#records .shot").first.click()
    expect(page.locator("#lightbox-told")).to_contain_text(f"{honest}, ")
    expect(page.locator("#lightbox-told")).to_contain_text(PERSON)
    page.close()


def test_nothing_of_it_is_at_the_server(recorded: Recorded) -> None:
    for canary in (TITLE, TYPED, COPIED, PERSON):
        for folder in (recorded.server.data, recorded.folder):
            assert files_with(folder, canary.encode()) == [], canary
        assert canary.encode() not in recorded.server.log.read_bytes()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(recorded: Recorded, chromium: Browser, theme: Theme, tmp_path: Path) -> None:
    page = themed(chromium, theme)
    log_in(page, recorded.server.url, EMAIL)
    open_page(page, f"{recorded.server.url}/records?from=2020-01-01&to=2020-01-02")
    expect(page.get_by_test_id("empty")).to_be_visible()
    look(page, tmp_path / "empty.png")
    recorded.open(page, "texts")
    page.get_by_role("button", name="Open all on this page").click()
    expect(page.locator(".said-text")).to_have_count(2)
    look(page, tmp_path / "texts.png")
    recorded.open(page, "sound")
    page.get_by_role("button", name="Open sound").click()
    expect(page.locator("#records audio")).to_be_visible()
    look(page, tmp_path / "sound.png")
    recorded.open(page)
    expect(page.locator("#records .shot img")).to_have_count(2)
    look(page, tmp_path / "pictures.png")
    page.locator("#records .shot").first.click()
    expect(page.locator("#lightbox-stage img")).to_have_count(1)
    look(page, tmp_path / "lightbox.png")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    look(page, tmp_path / "narrow.png")
    page.set_viewport_size({"width": 1400, "height": 900})
    page.get_by_test_id("lock").click()
    expect(page.get_by_test_id("unlock")).to_be_visible()
    expect(page.locator("#records img")).to_have_count(0)
    look(page, tmp_path / "locked.png")
    page.context.close()
