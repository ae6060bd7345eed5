"""What a hostile server tells the owner's browser: the real page refuses and says why.

Case 12, remapped dictionary entries, is in ``tests/web/test_pages.py`` beside the verification that names it.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect
from tests.adversary.conftest import Computer, grant_again, lie
from tests.browser import PASSWORD, log_in, open_page
from tests.conftest import RealServer
from tests.web.conftest import Company, now, record

from reteamz.crypto.keys import make_okp, make_rsa
from reteamz.crypto.roster import sign_roster
from reteamz.owner.client import Owner
from reteamz.owner.rules import publish_rules
from reteamz.wire.accounts import Rosters
from reteamz.wire.rules import Category, Rule, RuleTree


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page of a new browser: it remembers nothing."""
    return context.new_page()


def refused_login(page: Page, company: Company, code: str) -> None:
    """Log in to the lying server; the page says the code and keeps no key."""
    page.goto(f"{company.server.url}/login")
    page.fill("#email", company.email)
    page.fill("#password", PASSWORD)
    page.click("#login button[type=submit]")
    expect(page.locator("#login .form-problem")).to_contain_text(f"[{code}]")
    assert keys_kept(page) == 0


def keys_kept(page: Page) -> int:
    return int(
        page.evaluate(
            """() => new Promise(done => { const open = indexedDB.open("reteamz"); open.onsuccess = () => {
                if (!open.result.objectStoreNames.contains("open")) return done(0);
                const all = open.result.transaction("open").objectStore("open").getAll();
                all.onsuccess = () => done(all.result.length) } })"""
        )
    )


def header(jose: str, **changes: Any) -> str:
    """Return a compact JOSE text with another protected header."""
    first, *rest = jose.split(".")
    members = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    text = json.dumps({**members, **changes}, separators=(",", ":")).encode()
    return ".".join([base64.urlsafe_b64encode(text).decode().rstrip("="), *rest])


def test_1_swapped_keys_of_a_waiting_computer(company: Company, page: Page, tmp_path: Path) -> None:
    computer = Computer(company.owner, tmp_path / "agent")
    try:
        log_in(page, company.server.url, company.email)
        stranger = msgspec.to_builtins(make_okp().public())
        device = computer.device.trust.state.device

        def swap(told: dict[str, Any]) -> None:
            for entry in told["devices"]:
                if entry["id"] == device:
                    entry["signing"] = stranger

        lie(page, "**/api/keys", swap)
        posted = []
        page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
        open_page(page, f"{company.server.url}/devices")
        page.click(f"[data-confirm='{device}']")
        page.fill("#confirm-password", PASSWORD)
        page.click("#confirm-dialog button[type=submit]")
        expect(page.locator("#confirm-dialog .dialog-problem")).to_contain_text("enrolment_forged")
        assert not [url for url in posted if "rosters" in url]
    finally:
        computer.close()


def test_1_a_confirmed_computer_with_other_keys_gets_no_grant(server: RealServer, page: Page, tmp_path: Path) -> None:
    """Enabling encryption grants to the computers of the roster, not to those of the server."""
    owner = Owner.sign_up(server.url, "swap@company.example", PASSWORD, "Lamplight Works", mode="plain", now=now)
    record(owner, tmp_path, {"In the clear": 1})
    log_in(page, server.url, "swap@company.example")
    stranger = msgspec.to_builtins(make_rsa().public())
    lie(page, "**/api/keys", lambda told: [entry.update(exchange=stranger) for entry in told["devices"]] and None)
    open_page(page, f"{server.url}/profile")
    page.get_by_test_id("enable").click()
    page.fill("#enable-password", PASSWORD)
    page.click("#enable-dialog button[type=submit]")
    expect(page.locator("#enable-dialog .dialog-problem")).to_contain_text("enrolment_forged")
    owner.close()


def test_4_the_bundle_of_somebody_else(company: Company, page: Page) -> None:
    other = Owner.sign_up(company.server.url, "other@company.example", PASSWORD, "Other", now=now)
    bundle = other.connection.get("/api/bundle", dict)["bundle"]
    lie(page, "**/api/bundle", lambda told: told.update(bundle=bundle))
    refused_login(page, company, "bundle_mismatch")
    other.close()


def test_4_a_bundle_that_names_this_member_but_is_another(company: Company, page: Page) -> None:
    other = Owner.sign_up(company.server.url, "other-2@company.example", PASSWORD, "Other", now=now)
    own = company.owner.bundle
    bundle = header(
        other.connection.get("/api/bundle", dict)["bundle"],
        account=own.account,
        member=own.member,
        kdf=msgspec.to_builtins(company.owner.view().kdf),
    )
    lie(page, "**/api/bundle", lambda told: told.update(bundle=bundle))
    refused_login(page, company, "bundle_damaged")
    other.close()


@pytest.mark.parametrize(
    "changes", [{"zip": "DEF"}, {"crit": ["b64"]}, {"alg": "RSA1_5"}, {"enc": "A128GCM"}, {"jwk": {"kty": "oct"}}]
)
def test_9_a_bundle_with_another_header(company: Company, page: Page, changes: dict[str, Any]) -> None:
    lie(page, "**/api/bundle", lambda told: told.update(bundle=header(told["bundle"], **changes)))
    refused_login(page, company, "header_refused")


@pytest.mark.parametrize("iterations", [1, 599_999, 2**31])
def test_8_unsafe_iterations(company: Company, page: Page, iterations: int) -> None:
    """Refused before anything is derived, and before anything derived is sent."""
    asked = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    lie(page, "**/api/login/start", lambda told: told["kdf"].update(iterations=iterations))
    refused_login(page, company, "kdf_refused")
    assert "start" in asked
    assert not [url for url in asked if url == "login" and asked.index(url) > asked.index("start")]


def test_8_fewer_iterations_than_last_time(company: Company, page: Page) -> None:
    log_in(page, company.server.url, company.email)
    page.click("#logout")
    page.wait_for_url(f"{company.server.url}/login")
    lie(page, "**/api/login/start", lambda told: told["kdf"].update(iterations=600_000))
    refused_login(page, company, "kdf_refused")


def test_5_an_old_roster(company: Company, page: Page) -> None:
    lie(page, "**/api/rosters*", lambda told: told.update(rosters=[]))
    refused_login(page, company, "roster_rollback")


def test_5_an_old_roster_with_the_bundle_of_its_time(server: RealServer, page: Page, tmp_path: Path) -> None:
    """The browser remembers the newest roster that it saw, whatever bundle it is given later."""
    email = "old@company.example"
    owner = Owner.sign_up(server.url, email, PASSWORD, "Lamplight Works", now=now)
    old = owner.connection.get("/api/bundle", dict)["bundle"]
    record(owner, tmp_path, {"Offer": 1})
    log_in(page, server.url, email)
    page.get_by_test_id("lock").click()
    expect(page.get_by_test_id("unlock")).to_be_visible()
    lie(page, "**/api/bundle", lambda told: told.update(bundle=old))
    lie(page, "**/api/rosters*", lambda told: told.update(rosters=[r for r in told["rosters"] if r["version"] == 1]))
    page.fill("#unlock-password", PASSWORD)
    page.click("#unlock button")
    expect(page.locator(".unlock-problem")).to_contain_text("roster_rollback")
    owner.close()


def test_22_a_wiped_browser_learns_it_from_signed_batches(server: RealServer, page: Page, tmp_path: Path) -> None:
    """Bundle and roster of yesterday fit together; a batch that names today's roster does not."""
    email = "wiped@company.example"
    owner = Owner.sign_up(server.url, email, PASSWORD, "Lamplight Works", now=now)
    record(owner, tmp_path / "1", {"Offer": 1})
    bundle = owner.connection.get("/api/bundle", dict)["bundle"]
    known = owner.roster.head.version
    record(owner, tmp_path / "2", {"Offer": 1})
    # The first computer hears of the newest roster by its next grant.
    grant_again(owner, tmp_path / "1")
    lie(page, "**/api/bundle", lambda told: told.update(bundle=bundle))

    def yesterday(told: dict[str, Any]) -> None:
        told["rosters"] = [roster for roster in told["rosters"] if roster["version"] <= known]

    lie(page, "**/api/rosters*", yesterday)
    log_in(page, server.url, email)
    open_page(page, f"{server.url}/log")
    page.get_by_test_id("verify").click()
    expect(page.locator("#verify-told")).to_contain_text("roster_rollback")
    owner.close()


def test_7_a_device_more_in_the_list(company: Company, page: Page) -> None:
    def add(told: dict[str, Any]) -> None:
        for roster in told["rosters"]:
            listed = json.loads(roster["devices"])
            listed["devices"].append({**listed["devices"][0], "id": "A" * 22} if listed["devices"] else {})
            roster["devices"] = json.dumps(listed, separators=(",", ":"))

    lie(page, "**/api/rosters*", add)
    refused_login(page, company, "roster_refused")


def test_7_a_member_more_in_a_roster_that_the_server_signed(company: Company, page: Page) -> None:
    owner = company.owner
    roster = owner.roster.roster
    stranger = make_okp()
    intruder = msgspec.structs.replace(roster.members[0], id="B" * 22, role="manager")
    jws, listed = sign_roster(
        stranger,
        owner.account,
        owner.roster.head,
        roster.issued,
        roster.mode,
        roster.epoch,
        roster.sealing,
        [*roster.members, intruder],
        owner.roster.devices.devices,
    )
    version = owner.roster.head.version + 1

    def add(told: dict[str, Any]) -> None:
        told["rosters"].append({"version": version, "roster": jws, "devices": listed})

    lie(page, "**/api/rosters*", add)
    refused_login(page, company, "signature_invalid")


def test_9_a_roster_without_a_signature(company: Company, page: Page) -> None:
    def strip(told: dict[str, Any]) -> None:
        for roster in told["rosters"]:
            roster["roster"] = header(roster["roster"], alg="none")

    lie(page, "**/api/rosters*", strip)
    refused_login(page, company, "header_refused")


def test_10_a_page_that_says_encryption_is_off_gets_tokens_all_the_same(company: Company, page: Page) -> None:
    log_in(page, company.server.url, company.email)
    page.route("**/people", lambda route: _replaced(route, 'data-mode="encrypted"', 'data-mode="plain"'))
    lie(page, "**/api/account", lambda told: told.update(mode="plain", epoch=0))
    open_page(page, f"{company.server.url}/people")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.fill("#department-name", "Canary department")
        page.click("#add-department button")
    body = json.loads(sent.value.post_data or "")
    assert re.fullmatch(r"rtz1\.label\.1\.[A-Za-z0-9_-]+", body["name"])


def _replaced(route: Any, old: str, new: str) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace(old, new))


def test_withheld_rules_are_not_signed_anew_as_none(server: RealServer, page: Page) -> None:
    """The server says that it is time to sign the rules again, and shows a browser that never saw any that there are none."""
    email = "withheld@company.example"
    owner = Owner.sign_up(server.url, email, PASSWORD, "Lamplight Works", now=now)
    publish_rules(
        owner,
        RuleTree(categories=[Category(1, None, "Work", 2)], rules=[Rule(1, [], "^Offer", False)], overrides=[]),
        now(),
    )
    lie(page, "**/api/rules", lambda told: told.update(rules=[]))
    lie(page, "**/api/verdicts", lambda told: told.update(newest=1, applied=0, judged=0, last=1, stale=True))
    asked: list[str] = []

    def twice(request: Request) -> bool:
        if request.url.endswith("/api/rules"):
            asked.append(request.method)
        return len(asked) == 2

    with page.expect_request(twice):
        log_in(page, server.url, email)
    assert asked == ["GET", "GET"], "read to sign, and read to judge; nothing was posted"
    owner.close()


@pytest.mark.parametrize("what", ["field", "epoch"])
def test_11_a_token_moved_to_another_place(company: Company, page: Page, what: str) -> None:
    log_in(page, company.server.url, company.email)

    def move(route: Any) -> None:
        answer = route.fetch()
        old, new = (r"rtz1\.title\.1\.", "rtz1.app.1.") if what == "field" else (r"rtz1\.title\.1\.", "rtz1.title.2.")
        route.fulfill(response=answer, body=re.sub(old, new, answer.text()))

    page.route("**/titles", move)
    open_page(page, f"{company.server.url}/titles")
    expect(page.locator("#damaged")).to_be_visible()
    assert {text.strip() for text in page.locator("#ranking tbody th").all_inner_texts()} == {"⚠ damaged name"}


def test_18_a_name_with_markup_is_text(company: Company, page: Page) -> None:
    log_in(page, company.server.url, company.email)
    raised: list[str] = []
    page.on("dialog", lambda dialog: raised.append(dialog.message))
    open_page(page, f"{company.server.url}/titles")
    expect(page.locator("#ranking")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("#ranking img").count() == 0
    assert raised == []


def test_23_no_style_sheet_or_font_can_probe_decrypted_text(company: Company, page: Page) -> None:
    """Names are in text nodes only, and the policy lets no other style, font or picture in."""
    log_in(page, company.server.url, company.email)
    for path, pictures, media in (("login", "'self' data:", None), ("records", "'self' data: blob:", "blob:")):
        answer = page.request.get(f"{company.server.url}/{path}", headers={"accept": "text/html"})
        policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert {policy[name] for name in ("style-src", "font-src", "script-src", "connect-src")} == {"'self'"}
        assert policy["img-src"] == pictures, path
        assert policy.get("media-src") == media, path
    for path in ("", "titles", "people", "log", "records"):
        open_page(page, f"{company.server.url}/{path}")
        found = page.evaluate(
            """names => [...document.querySelectorAll("*")].flatMap(element =>
                [...element.attributes].filter(a => names.some(name => a.value.includes(name))).map(a => a.name))""",
            ["Ridgeway", "Rechnung", "Otti Marsh", "MARSH-PC", "Lamp Workshop"],
        )
        assert found == [], path
        values = page.evaluate("() => [...document.querySelectorAll('input, textarea')].map(field => field.value)")
        assert not [value for value in values if "Otti" in value]
        assert "Marsh" not in page.title()


def test_rosters_as_the_server_keeps_them_are_accepted(company: Company, page: Page) -> None:
    """The same log-in without a lie works: the tests above fail for their lie alone."""
    versions = company.owner.connection.get("/api/rosters", Rosters, since=0).rosters
    assert len(versions) >= 2
    log_in(page, company.server.url, company.email)
    assert keys_kept(page) == 1
