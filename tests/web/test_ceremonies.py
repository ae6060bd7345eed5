"""Ceremonies in a real browser, with the real agent at the other end."""

from __future__ import annotations

import json
import re
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pyotp
from playwright.sync_api import Error, Page, expect
from tests.browser import PASSWORD, Watched, log_in, open_page, started
from tests.conftest import RealServer
from tests.web.conftest import TITLES, now, record

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.crypto.recovery import open_kit, read_kit
from reteamz.owner.client import Owner


def filled(page: Page, selector: str) -> str:
    """Return the text of an element once it has one."""
    expect(page.locator(selector)).not_to_be_empty()
    return page.locator(selector).inner_text()


def sign_up(page: Page, server: str, email: str, encrypted: bool = True) -> None:
    page.goto(f"{server}/signup")
    page.fill("#company", "Lamplight Works")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    if not encrypted:
        page.uncheck("#encrypted")
    page.click("#signup button[type=submit]")
    expect(page.locator("#step-kit")).to_be_visible()


def test_sign_up_leads_to_the_first_computer(server: RealServer, watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    bodies: list[str] = []
    page.on("request", lambda request: bodies.append(request.post_data or ""))
    sign_up(page, server.url, "new@company.example")
    code = filled(page, "#kit-code")
    with page.expect_download() as download:
        page.click("#kit-save")
    kit = read_kit(Path(download.value.path()).read_bytes())
    bundle = open_kit(kit, code)
    assert bundle.keyring.keys() == {"1"}
    page.click("#kit-next")
    enrolment = filled(page, "#code-text")
    assert page.locator("#code-qr svg path").get_attribute("d")
    with httpx.Client() as http:
        enroll(tmp_path, enrolment, http, now)
        with closing(Device.open(tmp_path, http, now)) as device:
            assert device.sync.poll_once() == "waiting"
            page.locator("#enrol-confirm").click()
            page.wait_for_url(f"{server.url}/")
            started(page)
            assert device.sync.poll_once() == "confirmed"
            assert device.mode == "encrypted"
    expect(page.get_by_test_id("empty")).to_contain_text("No computer has reported yet")
    sent = "\n".join(bodies)
    for secret in (PASSWORD, "Lamplight", code, enrolment, bundle.keyring["1"].master, bundle.enrol):
        assert secret not in sent


def test_an_account_that_started_plain_is_encrypted_for_good(
    server: RealServer, watched: Watched, tmp_path: Path
) -> None:
    page = watched.page
    sign_up(page, server.url, "plain-web@company.example", encrypted=False)
    page.click("#kit-next")
    with httpx.Client() as http:
        enroll(tmp_path, filled(page, "#code-text"), http, now)
        with closing(Device.open(tmp_path, http, now)) as device:
            device.sync.poll_once()
            page.locator("#enrol-confirm").click()
            page.wait_for_url(f"{server.url}/")
            device.sync.poll_once()
            assert device.mode == "plain"
            open_page(page, f"{server.url}/profile")
            page.get_by_test_id("enable").click()
            expect(page.locator("#enable-dialog")).to_contain_text("There is no way back")
            page.fill("#enable-password", PASSWORD)
            page.click("#enable-dialog button[type=submit]")
            expect(page.locator("#encryption")).to_contain_text("on · epoch 1")
            assert device.sync.poll_once() == "confirmed"
            assert device.mode == "encrypted"
    expect(page.get_by_test_id("enable")).to_have_count(0)


def test_a_computer_whose_code_is_gone_is_compared(server: RealServer, watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    owner = Owner.sign_up(server.url, "compare@company.example", PASSWORD, "Lamplight Works", now=now)
    with httpx.Client() as http:
        enroll(tmp_path, owner.enrolment_code(), http, now)
        with closing(Device.open(tmp_path, http, now)) as device:
            device.sync.poll_once()
            groups = device.fingerprint.split()
            log_in(page, server.url, "compare@company.example")
            page.route("**/api/keys", _without_tickets)
            open_page(page, f"{server.url}/devices")
            page.click("[data-confirm]")
            places = [int(filled(page, f"[data-group='{i}']")) - 1 for i in range(3)]
            page.fill("#confirm-password", PASSWORD)
            for i, _ in enumerate(places):
                page.fill(f"[data-group-input='{i}']", "00000")
            page.click("#confirm-dialog button[type=submit]")
            expect(page.locator("#confirm-dialog .dialog-problem")).to_contain_text("enrolment_forged")
            for i, place in enumerate(places):
                page.fill(f"[data-group-input='{i}']", groups[place])
            page.click("#confirm-dialog button[type=submit]")
            expect(page.get_by_test_id("devices")).to_contain_text("confirmed")
            assert device.sync.poll_once() == "confirmed"
    owner.close()


def _without_tickets(route: Any) -> None:
    with suppress(Error):  # the page asks again and again, also while it is being left
        answer = route.fetch()
        told = answer.json()
        for device in told["devices"]:
            device["ticket"] = None
        route.fulfill(response=answer, json=told)


def test_codes_are_made_and_withdrawn(server: RealServer, watched: Watched) -> None:
    page = watched.page
    Owner.sign_up(server.url, "codes@company.example", PASSWORD, "Lamplight Works", now=now).close()
    log_in(page, server.url, "codes@company.example")
    open_page(page, f"{server.url}/devices")
    page.get_by_test_id("new-code").click()
    page.fill("#code-uses", "20")
    page.fill("#code-password", PASSWORD)
    page.click("#code-dialog button[type=submit]")
    expect(page.get_by_test_id("code")).to_have_text(re.compile(r"^([A-Z2-7]{8}-)+[A-Z2-7]{1,8}$"))
    page.click("#code-dialog [data-close]")
    expect(page.locator("body")).to_contain_text("20 of 20 left")
    page.click("[data-withdraw]")
    expect(page.locator("[data-withdraw]")).to_have_count(0)


def test_backup_keys_password_and_second_factor(server: RealServer, watched: Watched) -> None:
    page = watched.page
    email = "profile@company.example"
    Owner.sign_up(server.url, email, PASSWORD, "Lamplight Works", now=now).close()
    log_in(page, server.url, email)
    open_page(page, f"{server.url}/profile")
    page.get_by_test_id("kit").click()
    page.fill("#kit-password", PASSWORD)
    page.click("#kit-dialog button[type=submit]")
    expect(page.get_by_test_id("kit-code")).to_have_text(re.compile("^([A-Z2-7]{4}-){6}[A-Z2-7]{2}$"))
    code = page.get_by_test_id("kit-code").inner_text()
    with page.expect_download() as download:
        page.click("#kit-save")
    text = Path(download.value.path()).read_bytes()
    assert open_kit(read_kit(text), code).account == json.loads(text)["account"]
    page.click("#kit-dialog [data-close]")

    page.fill("#old-password", PASSWORD)
    page.fill("#new-password", "another horse, another battery")
    page.click("#password-form button[type=submit]")
    expect(page.locator(".form-done")).to_be_visible()
    with_new = Owner.log_in(server.url, email, "another horse, another battery", now)
    with_new.close()

    page.click("#totp-start")
    secret = filled(page, "#totp-secret")
    page.fill("#totp-code", pyotp.TOTP(secret).now())
    page.click("#totp-form button[type=submit]")
    expect(page.locator("#totp-form")).to_have_attribute("data-totp", "on")
    page.click("#logout")
    page.wait_for_url(f"{server.url}/login")
    page.fill("#email", email)
    page.fill("#password", "another horse, another battery")
    page.click("#login button[type=submit]")
    expect(page.locator("#totp")).to_be_visible()
    watched.complaints.clear()  # the browser notes the 401 that asks for the code
    # The code that set the factor up was used; the one of the next step counts already.
    page.fill("#totp-code", pyotp.TOTP(secret).at(now() // 1000 + 30))
    page.click("#login button[type=submit]")
    page.wait_for_url(f"{server.url}/")


def test_a_new_visitor_sees_waiting_computers_appear(server: RealServer, watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    owner = Owner.sign_up(server.url, "appear@company.example", PASSWORD, "Lamplight Works", now=now)
    log_in(page, server.url, "appear@company.example")
    open_page(page, f"{server.url}/devices")
    expect(page.get_by_test_id("waiting")).to_be_hidden()
    with httpx.Client() as http:
        enroll(tmp_path, owner.enrolment_code(), http, now)
    expect(page.get_by_test_id("waiting")).to_be_visible()
    page.click("#confirm-all")
    expect(page.locator("#recipients li")).to_have_count(1)
    page.fill("#confirm-password", PASSWORD)
    page.click("#confirm-dialog button[type=submit]")
    expect(page.get_by_test_id("devices")).to_contain_text("confirmed")
    owner.close()


def test_a_plain_account_shows_names_without_keys(server: RealServer, watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    owner = Owner.sign_up(server.url, "open@company.example", PASSWORD, "Lamplight Works", mode="plain", now=now)
    record(owner, tmp_path, TITLES)
    log_in(page, server.url, "open@company.example")
    open_page(page, f"{server.url}/titles")
    assert set(page.locator("#ranking tbody th").all_inner_texts()) == set(TITLES)
    expect(page.locator("footer")).to_contain_text("encryption is off")
    owner.close()
