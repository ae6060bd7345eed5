"""What a hostile server does to notices (spec 17): whoever verifies names it, the page Devices without being asked."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from tests.adversary.conftest import lie
from tests.browser import PASSWORD, log_in, open_page
from tests.conftest import RealServer
from tests.web.conftest import Company, now, record

from reteamz.agent.device import Device
from reteamz.crypto.batch import ChainVerifier
from reteamz.owner.client import Owner
from reteamz.wire.batch import Head
from reteamz.wire.encoding import b64decode
from reteamz.wire.errors import ReteamzError

SIGNED = "Each is as a computer that you confirmed signed it."


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page of a new browser: it remembers nothing."""
    return context.new_page()


@pytest.fixture(scope="module")
def told(server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """An account whose computer told of two people."""
    email = "notices@company.example"
    owner = Owner.sign_up(server.url, email, PASSWORD, "Lamplight Works", now=now)
    folder = tmp_path_factory.mktemp("told")
    computer = record(owner, folder, {"Offer 1": 1})
    with httpx.Client() as http:
        device = Device.open(folder, http, now)
        device.notice("records_lost", "Otti Marsh", 3)
        device.notice("consent_refused", "Ben Hale")
        device.flush()
        device.sync.push_all()
        device.close()
    yield Company(server, email, owner, {}, computer)
    owner.close()


def changed(body: str, change: Callable[[dict[str, Any]], object]) -> str:
    """Return a body in base64 with something else in it."""
    message = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    change(message)
    return base64.urlsafe_b64encode(json.dumps(message, separators=(",", ":")).encode()).decode().rstrip("=")


LIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "fewer": lambda batch: batch["notices"][0].update(count=1),
    "another code": lambda batch: batch["notices"][0].update(code="consent_given"),
    "another person": lambda batch: batch["notices"][0].update(person=1),
    "nobody": lambda batch: batch["notices"][0].update(person=-1),
    "another time": lambda batch: batch["notices"][0].update(at=1),
    "one left out": lambda batch: batch["notices"].pop(),
    "all left out": lambda batch: batch.pop("notices"),
    "one made up": lambda batch: batch["notices"].append(batch["notices"][0] | {"code": "clock_jumped"}),
}


def verified(owner: Owner, entries: list[dict[str, Any]], head: Head) -> str:
    """Return the code with which verification ends, "" for none."""
    entry = owner.roster.devices.devices[0]
    (key,) = [device.signing for device in owner.keys().devices if device.id == entry.id]
    chain = ChainVerifier(owner.account, entry, key)
    try:
        for one in entries:
            chain.add(one["seq"], b64decode(one["body"]), one["signature"])
        chain.finish(head)
    except ReteamzError as error:
        return error.code
    return ""


def test_no_notice_is_changed_left_out_or_made_up_without_being_found(told: Company) -> None:
    entries = told.owner.connection.get(f"/api/journal/{told.device}", dict)["entries"]
    (listed,) = told.owner.connection.get("/api/devices", list)
    head = Head(listed["head"]["version"], listed["head"]["sha256"])
    assert verified(told.owner, entries, head) == ""
    *before, last = entries
    for name, change in LIES.items():
        lied = {**last, "body": changed(last["body"], change)}
        assert verified(told.owner, [*before, lied], head) == "batch_forged", name
    assert verified(told.owner, before, head) == "tail_withheld"


def test_what_was_signed_is_shown_as_such(told: Company, page: Page) -> None:
    log_in(page, told.server.url, told.email)
    open_page(page, f"{told.server.url}/devices")
    expect(page.locator("#notices-checked")).to_have_text(SIGNED)
    expect(page.locator("#notices > li")).to_have_count(2)
    for words in ("Otti Marsh", "Gave up sealed records", "3 times", "Ben Hale", "Declined", "MARSH-PC"):
        expect(page.get_by_test_id("notices")).to_contain_text(words)
    expect(page.locator("#notices .found-problem")).to_have_count(0)


@pytest.mark.parametrize("name", sorted(LIES))
def test_a_proof_that_was_changed_is_none(told: Company, page: Page, name: str) -> None:
    log_in(page, told.server.url, told.email)
    lie(page, "**/api/notices/**", lambda proof: proof.update(body=changed(proof["body"], LIES[name])))
    open_page(page, f"{told.server.url}/devices")
    expect(page.locator("#notices .found-problem").first).to_contain_text("batch_forged")
    expect(page.locator("#notices-checked")).not_to_have_text(SIGNED)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ('data-count="3"', 'data-count="2"', "batch_altered"),
        ('data-code="consent_refused"', 'data-code="consent_given"', "batch_altered"),
        ("Ben Hale", "Otti Marsh", "name_remapped"),
        ('data-code="consent_refused"', 'data-code="policy_refused"', "batch_altered"),
    ],
)
def test_a_page_that_says_something_else_is_told(told: Company, page: Page, before: str, after: str, code: str) -> None:
    rows = told.owner.connection.get("/api/notices", dict)["rows"]
    tokens = {told.owner.reader().replace(row["person"]): row["person"] for row in rows}

    def answer(route: Route) -> None:
        real = route.fetch()
        lied = real.text().replace(tokens.get(before, before), tokens.get(after, after))
        assert lied != real.text()
        route.fulfill(response=real, body=lied)

    log_in(page, told.server.url, told.email)
    page.route("**/devices", answer)
    open_page(page, f"{told.server.url}/devices")
    expect(page.locator("#notices .found-problem")).to_have_count(1)
    expect(page.locator("#notices .found-problem")).to_contain_text(code)


def test_a_batch_that_is_withheld_is_told(told: Company, page: Page) -> None:
    log_in(page, told.server.url, told.email)
    page.route(
        "**/api/notices/**", lambda route: route.fulfill(status=404, json={"code": "not_found", "message": "none"})
    )
    open_page(page, f"{told.server.url}/devices")
    expect(page.locator("#notices .found-problem")).to_have_count(2)
    expect(page.locator("#notices .found-problem").first).to_contain_text("batch_missing")


def test_a_signature_that_is_taken_away_proves_nothing(told: Company, page: Page) -> None:
    log_in(page, told.server.url, told.email)
    lie(page, "**/api/notices/**", lambda proof: proof.update(signature=""))
    open_page(page, f"{told.server.url}/devices")
    expect(page.locator("#notices .found-problem").first).to_contain_text("verify the log")
    expect(page.locator("#notices-checked")).not_to_have_text(SIGNED)


def test_words_of_the_page_are_put_right_and_a_line_that_stands_twice_is_told(told: Company, page: Page) -> None:
    log_in(page, told.server.url, told.email)

    def answer(route: Route) -> None:
        real = route.fetch()
        body = real.text()
        lied = body.replace("Declined what the policy asks for", "Accepted what the policy asks for", 1)
        begin, end = (
            lied.index('<li class="found"'),
            lied.index("</li>", lied.index('<li class="found"')) + len("</li>"),
        )
        assert lied != body
        route.fulfill(response=real, body=lied[:end] + lied[begin:end] + lied[end:])

    page.route("**/devices", answer)
    open_page(page, f"{told.server.url}/devices")
    expect(page.locator("#notices .found-problem")).to_have_count(1)
    expect(page.locator("#notices .found-problem")).to_contain_text("batch_altered")
    declined = page.locator('#notices [data-code="consent_refused"] .notice-what').first
    expect(declined).to_have_text("Declined what the policy asks for")


@pytest.mark.parametrize("proof", ["null", '{"seq":1,"body":5,"signature":"x","signing":null}', "no JSON"])
def test_what_is_no_proof_at_all_is_told(told: Company, page: Page, proof: str) -> None:
    log_in(page, told.server.url, told.email)
    page.route("**/api/notices/**", lambda route: route.fulfill(body=proof, content_type="application/json"))
    open_page(page, f"{told.server.url}/devices")
    expect(page.locator("#notices .found-problem")).to_have_count(2)
    expect(page.locator("#notices-checked")).to_contain_text("Not all of this could be checked")
