"""An account that started plain, rated, then encrypted with its history: in Chromium, through a proxy, down to the bytes of every file."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect
from tests.browser import PASSWORD, Watched, log_in, open_page, started
from tests.conftest import RealServer
from tests.e2e.recorder import Recorder
from tests.owner.test_history import found_in

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.owner.client import Owner

EMAIL = "later@company.example"
MINUTE_MS = 60_000
SECRETS = (
    "Canary tender 5150", "Canary offer 5151", "canarywriter", "Canary Ann", "Canary Bob", "CANARY-PC", "Canary Sales",
    "Canary Holding", "canary.example",
)  # fmt: skip


def now() -> int:
    return time.time_ns() // 1_000_000


class Computer:
    """A computer of one person, driven by the test."""

    def __init__(self, owner: Owner, folder: Path, http: httpx.Client, person: str) -> None:
        self.person = person
        enroll(folder, owner.enrolment_code(), http, now)
        self.device = Device.open(folder, http, now)
        self.device.computer = f"CANARY-PC {person}"
        self.device.sync.poll_once()
        owner.confirm(owner.waiting())
        for _ in range(2):
            self.device.sync.poll_once()

    def work(self, begin: int, title: str, minutes: int, url: str | None = None) -> None:
        """Record some minutes in one window and send them."""
        self.device.feed(
            Sample(
                begin, duration=minutes * MINUTE_MS, person=self.person, app="CanaryWriter.exe", title=title, url=url
            )
        )
        self.device.flush()
        self.device.sync.push_all()


def rows(page: Page, url: str) -> dict[str, str]:
    """Return name → time of a table of names."""
    open_page(page, url)
    names = page.locator("#ranking tbody th").all_inner_texts()
    times = page.locator("#ranking tbody tr").all_inner_texts()
    assert len(set(names)) == len(names), f"a name twice: {names}"
    return {name.strip(): told for name, told in zip(names, times, strict=True)}


def test_started_plain_then_encrypted_with_its_history(
    recorded: tuple[RealServer, Recorder], watched: Watched, tmp_path: Path
) -> None:
    server, recorder = recorded
    page = watched.page
    owner = Owner.sign_up(server.url, EMAIL, PASSWORD, "Canary Holding", mode="plain", now=now)
    begin = now() - 3 * 60 * MINUTE_MS
    with httpx.Client() as http:
        ann = Computer(owner, tmp_path / "ann", http, "Canary Ann")
        bob = Computer(owner, tmp_path / "bob", http, "Canary Bob")
        ann.work(begin, "Canary tender 5150", 10, "https://canary.example/a")
        bob.work(begin, "Canary tender 5150", 5)
        bob.work(begin + 10 * MINUTE_MS, "Canary offer 5151", 7)
        # Rated and placed in the page, while everything is in the clear.
        log_in(page, server.url, EMAIL)
        open_page(page, f"{server.url}/apps?range=last7")
        row = page.locator("#ranking tbody tr", has_text="canarywriter")
        with page.expect_response("**/api/ratings/*"):
            row.locator(".rate-2").click()
        open_page(page, f"{server.url}/people")
        page.fill("#department-name", "Canary Sales")
        page.click("#add-department button")
        # The page loads again, and is ready only when its script is.
        expect(page.get_by_test_id("departments")).to_contain_text("Canary Sales")
        started(page)
        select = page.locator("tr", has_text="Canary Ann").locator("select[data-place]")
        with page.expect_response("**/api/people/*"):
            select.select_option(index=1)
        # Encryption is enabled in the page; the page says what happens to what is there.
        open_page(page, f"{server.url}/profile")
        expect(page.locator("#encryption")).to_contain_text("joins what is stored and changes nothing of it")
        page.get_by_test_id("enable").click()
        page.fill("#enable-password", PASSWORD)
        page.click("#enable-dialog button[type=submit]")
        expect(page.locator("#encryption")).to_contain_text("on · epoch 1")
        expect(page.get_by_test_id("history")).to_contain_text("the server can still read them")
        for computer in (ann, bob):
            computer.device.sync.poll_once()
            assert computer.device.mode == "encrypted"
        ann.work(begin + 60 * MINUTE_MS, "Canary tender 5150", 3)
        bob.work(begin + 60 * MINUTE_MS, "Canary later 5152", 2)

        def looks_right() -> None:
            titles = rows(page, f"{server.url}/titles?range=last7")
            assert set(titles) == {"Canary tender 5150", "Canary offer 5151", "Canary later 5152"}
            assert "18m" in titles["Canary tender 5150"].replace(" ", ""), titles
            apps = rows(page, f"{server.url}/apps?range=last7")
            assert set(apps) == {"canarywriter.exe"}
            pressed = page.locator("#ranking tbody tr .rate-2")
            expect(pressed).to_have_attribute("aria-pressed", "true")
            open_page(page, f"{server.url}/people")
            placed = page.locator("tr", has_text="Canary Ann").locator("select[data-place] option:checked")
            expect(placed).to_have_text("Canary Sales")
            open_page(page, f"{server.url}/log?range=last7")
            page.get_by_test_id("verify").click()
            expect(page.locator("#verify-told")).to_contain_text("are whole, in order and genuine")

        looks_right()
        assert all(found_in(server.data, secret) for secret in ("Canary tender 5150", "Canary Ann")), "still readable"
        open_page(page, f"{server.url}/profile")
        expect(page.locator("#history-but")).to_be_visible()
        page.get_by_test_id("encrypt-history").click()
        expect(page.locator("#history-dialog")).to_contain_text("There is no way back")
        page.fill("#history-password", PASSWORD)
        page.click("#history-dialog button[type=submit]")
        expect(page.get_by_test_id("history")).to_contain_text("no readable name was left")
        recorder.forget()
        looks_right()
        expect(page.locator("#verify-told")).to_contain_text("your own signature stands")
        open_page(page, f"{server.url}/profile")
        expect(page.get_by_test_id("history")).to_contain_text("History was encrypted")
        expect(page.locator("#history-but")).to_be_hidden()
        ann.device.close()
        bob.device.close()
    after = recorder.recorded()
    assert b"rtz1.title.1." in after
    server.stop()
    for secret in (*SECRETS, "Canary later 5152"):
        assert found_in(server.data, secret) == [], secret
        assert secret.encode() not in server.log.read_bytes()
        assert secret.encode() not in after, secret
    owner.close()
