"""The live page: what was seen last, asked again by itself, decrypted as it comes."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect
from tests.agent.conftest import PASSWORD, now
from tests.browser import Watched, log_in, open_page
from tests.conftest import RealServer

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.agent.sync.client import http_client
from reteamz.owner.client import Owner

EMAIL = "live@company.example"


def test_a_new_window_appears_without_a_reload(server: RealServer, watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    owner = Owner.sign_up(server.url, EMAIL, PASSWORD, "Works", now=now)
    with http_client() as http:
        enroll(tmp_path / "agent", owner.enrolment_code(), http, now)
        device = Device.open(tmp_path / "agent", http, now, pulse_ms=0)
        owner.confirm(owner.waiting())
        device.sync.poll_once()

        def see(title: str) -> None:
            device.feed(Sample(now() - 2_000, duration=1_000, person="Otti Marsh", app="WinWord.exe", title=title))
            device.flush()
            device.sync.push_all()

        see("Offer 4711")
        page.clock.install()
        log_in(page, server.url, EMAIL, PASSWORD)
        open_page(page, f"{server.url}/live")
        row = page.get_by_test_id("live").locator("tbody tr")
        expect(row).to_have_count(1)
        expect(row.locator(".name")).to_have_text(["Otti Marsh", "winword.exe", "Offer 4711"])
        expect(row).to_contain_text("Active")
        see("Offer 4712")
        page.clock.fast_forward(31_000)
        expect(row.locator(".name")).to_have_text(["Otti Marsh", "winword.exe", "Offer 4712"])
        assert "rtz1." not in page.inner_text("main")
        device.close()
    owner.close()
