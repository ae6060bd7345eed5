"""Policies in the page: read, changed, tried out and signed in the browser; agents follow them, the server can read no expression."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.axe import Theme, look, themed
from tests.browser import PASSWORD, Watched, log_in, open_page, started
from tests.conftest import RealServer
from tests.web.conftest import Company, now, record

from reteamz.agent.device import Device
from reteamz.owner.client import Owner
from reteamz.owner.joining import Invited
from reteamz.owner.policy import fetch_policy, hash_of, publish_policy, read_policy
from reteamz.wire.accounts import DepartmentPost, DepartmentView, PersonPut, PersonView
from reteamz.wire.policy import (
    INHERITED,
    DepartmentSettings,
    Exclusion,
    PersonSettings,
    PolicyTree,
    layers_for,
    resolved,
)

CANARY = "canary clinic"
ANN, BEN = "Ann Archer", "Ben Bowman"
WORKDAYS = [[(480, 1020)]] * 5 + [[], []]


@pytest.fixture
def governed(make_server: Callable[[], RealServer], tmp_path: Path) -> Iterator[Company]:
    """Return an account with two people, one of them in a department."""
    server, email = make_server(), "policies@company.example"
    owner = Owner.sign_up(server.url, email, PASSWORD, "Works", now=now)
    device = record(owner, tmp_path / "ann", {"Offer": 30, "Canary clinic, an appointment": 5}, ANN)
    record(owner, tmp_path / "ben", {"Letter": 10}, BEN)
    post = DepartmentPost(owner.entry("label", "Sales"))
    sales = owner.connection.post("/api/departments", post, DepartmentView)
    place(owner, ANN, sales.id)
    yield Company(server, email, owner, {}, device)
    owner.close()
    server.stop()


def place(owner: Owner, person: str, department: str | None) -> None:
    rows = owner.connection.get("/api/people", list[PersonView])
    (number,) = [row.id for row in rows if owner.reader().replace(row.name) == person]
    owner.connection.send("PUT", f"/api/people/{number}", PersonPut(department))


def signed(owner: Owner) -> PolicyTree:
    """Return the newest policy as the owner's other end reads it."""
    policy = fetch_policy(owner).policy
    assert policy is not None
    return read_policy(owner, policy)


def choose(page: Page, name: str) -> None:
    page.locator("#policy-scopes .outline-row", has=page.locator(f".outline-name:text-is('{name}')")).first.click()
    expect(page.locator("#detail-title")).to_have_text(name)


def line(page: Page, setting: str) -> Locator:
    return page.locator(f"[data-setting={setting}]")


def otherwise(page: Page, setting: str) -> Locator:
    """Let the chosen scope say something of its own; return the fields of it."""
    line(page, setting).locator(f"#policy-{setting}").select_option("own")
    return line(page, setting).locator(".policy-own")


def save(page: Page) -> None:
    page.click("#policy-save")
    expect(page.locator("#policy-saved")).to_contain_text("Saved and signed")
    expect(page.locator("#policy-unsaved")).to_be_hidden()


def test_a_policy_is_made_tried_out_signed_and_followed(governed: Company, watched: Watched, tmp_path: Path) -> None:
    page, owner = watched.page, governed.owner
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    log_in(page, governed.server.url, governed.email)
    open_page(page, f"{governed.server.url}/policies")
    expect(page.locator("#policy-version")).to_contain_text("Nobody has signed a policy")
    told = page.get_by_test_id("preview")
    expect(told).to_contain_text("Account statement – Bank")
    expect(told).to_contain_text("bank.example")
    expect(told).not_to_contain_text("https://")
    # Everybody: addresses as well, an exclusion, working hours.
    otherwise(page, "urls")
    expect(told).to_contain_text("https://bank.example/statement")
    page.get_by_role("button", name="Add an exclusion").click()
    page.locator(".policy-exclusions .pattern-field").fill(CANARY)
    expect(page.locator(".policy-exclusions .pattern-found")).to_contain_text("Matches 1 of")
    page.fill("#preview-title-field", "The Canary Clinic calls")
    expect(told).to_contain_text("only the time is counted")
    page.get_by_label("What is done").select_option("skip")
    expect(told).to_contain_text("Nothing is recorded, not even the time")
    page.fill("#preview-title-field", "Offer")
    expect(told).to_contain_text("Offer")
    # Sales: records, which Ann inherits and Ben does not.
    choose(page, "Sales")
    otherwise(page, "detail").locator("select").select_option("everything")
    otherwise(page, "records").get_by_label("Screenshots").check()
    expect(told).to_contain_text("screenshots, where the person agreed")
    choose(page, ANN)
    expect(line(page, "records").locator("#policy-records")).to_contain_text("as Sales: screenshots")
    expect(page.locator(".policy-above")).to_contain_text(CANARY)
    choose(page, BEN)
    expect(line(page, "records").locator("#policy-records")).to_contain_text("as by default: none")
    fields = otherwise(page, "hours")
    fields.get_by_role("button", name="Monday to Friday").click()
    page.select_option("#preview-day", "6")
    expect(told).to_contain_text("Nothing is recorded")
    look(page, tmp_path / "policies.png")
    save(page)
    tree = signed(owner)
    assert tree.settings.urls is True
    assert tree.settings.exclusions == [Exclusion([], CANARY, True, "skip")]
    (sales,) = tree.departments
    assert (sales.settings.detail, sales.settings.records) == ("everything", ["screenshot"])
    ann, ben = hash_of(owner, ANN), hash_of(owner, BEN)
    assert {one.person: one.department for one in tree.persons} == {ann: sales.department, ben: None}
    assert next(one.settings for one in tree.persons if one.person == ben) == msgspec.structs.replace(
        INHERITED, hours=WORKDAYS
    )
    with httpx.Client() as http:
        device = Device.open(tmp_path / "ann", http, now)
        device.sync.poll_once()
        assert device.policy_for(ANN).records == {"screenshot"}
        assert device.policy_for(BEN).hours == WORKDAYS
        assert device.policy_for("Somebody").urls
        device.close()
    assert CANARY.encode() not in "".join(sent).lower().encode()
    # What was signed is what the page shows when it is opened again, and the server's own page agrees.
    open_page(page, f"{governed.server.url}/policies")
    expect(page.locator("#policy-version")).to_contain_text("Version 1 is in force")
    choose(page, "Sales")
    expect(line(page, "records").get_by_label("Screenshots")).to_be_checked()
    page.click("#lock")
    started(page)
    locked = page.locator("#policy-locked")
    expect(locked).to_contain_text("version 1, signed")
    expect(locked).to_contain_text("for 1 person")
    expect(locked.get_by_test_id("policies").locator("tr", has_text="Addresses of pages")).to_contain_text("yes")


def test_what_is_typed_wrong_is_told_at_its_place_and_not_signed(governed: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, governed.server.url, governed.email)
    open_page(page, f"{governed.server.url}/policies")
    fields = otherwise(page, "hours")
    monday = fields.get_by_label("Monday, hours")
    for typed in ("8 to 5", "17:00–08:00", "08:00–25:00", "08:00–12:00, 11:00–13:00", "08:61–09:00"):
        monday.fill(typed)
        monday.press("Tab")
        expect(fields.get_by_role("alert")).to_contain_text("Monday:")
        page.click("#policy-save")
        expect(page.locator("#problem")).to_contain_text("input_invalid")
        expect(monday).to_be_focused()
    monday.fill("8:00-12:00, 13:00 – 24:00")
    monday.press("Tab")
    expect(fields.get_by_role("alert")).to_be_hidden()
    page.get_by_role("button", name="Add an exclusion").click()
    page.locator(".policy-exclusions .pattern-field").fill("(bank")
    expect(page.locator(".pattern-mark")).to_be_visible()
    page.click("#policy-save")
    expect(page.locator("#problem")).to_contain_text("input_invalid")
    page.locator(".policy-exclusions .pattern-field").fill("bank")
    save(page)
    hours = signed(governed.owner).settings.hours
    assert hours is not None
    assert hours[:2] == [[(480, 720), (780, 1440)], [(0, 1440)]]


def test_somebody_else_signed_meanwhile(governed: Company, watched: Watched) -> None:
    page, owner = watched.page, governed.owner
    log_in(page, governed.server.url, governed.email)
    open_page(page, f"{governed.server.url}/policies")
    otherwise(page, "urls")
    first = PolicyTree(settings=msgspec.structs.replace(INHERITED, meetings=False), departments=[], persons=[])
    publish_policy(owner, first, now())
    page.click("#policy-save")
    expect(page.locator("#policy-conflict")).to_be_visible()
    page.click("#conflict-theirs")
    expect(line(page, "meetings").locator("#policy-meetings")).to_have_value("own")
    expect(line(page, "urls").locator("#policy-urls")).to_have_value("")
    otherwise(page, "urls")
    publish_policy(owner, first, now())
    page.click("#policy-save")
    page.click("#conflict-mine")
    expect(page.locator("#policy-saved")).to_contain_text("Saved and signed")
    assert (signed(owner).settings.urls, signed(owner).settings.meetings) == (True, False)
    watched.complaints = [text for text in watched.complaints if "409" not in text]


def test_a_person_is_exempt_from_what_the_department_records(governed: Company, watched: Watched) -> None:
    """An empty list of records says none; nothing said would be the department's."""
    page = watched.page
    log_in(page, governed.server.url, governed.email)
    open_page(page, f"{governed.server.url}/policies")
    choose(page, "Sales")
    otherwise(page, "detail").locator("select").select_option("everything")
    otherwise(page, "records").get_by_label("Screenshots").check()
    choose(page, ANN)
    boxes = otherwise(page, "records")
    screenshots = boxes.get_by_label("Screenshots")
    expect(screenshots).to_be_checked()
    screenshots.focus()
    page.keyboard.press("Space")
    expect(screenshots).not_to_be_checked()
    expect(screenshots).to_be_focused()
    save(page)
    (ann,) = signed(governed.owner).persons
    assert ann.settings is not None
    assert ann.settings.records == []
    assert resolved(layers_for(signed(governed.owner), [ann.person])).records == []


def test_a_manager_signs_nothing_away_that_they_do_not_see(
    governed: Company, watched: Watched, chromium: Browser
) -> None:
    """Their lists have one department; what the policy says of others stays, also when the owner signed meanwhile."""
    owner, url = governed.owner, governed.server.url
    lab = owner.connection.post("/api/departments", DepartmentPost(owner.entry("label", "Lab")), DepartmentView)
    place(owner, BEN, lab.id)
    code = owner.invite("manager", rights=["settings"], departments=[lab.id], label="Manager")
    invited = Invited.join(code, "manager@works.example", PASSWORD, now)
    owner.welcome([member for member in owner.members() if member.state == "waiting"])
    invited.enter().close()
    page = watched.page
    log_in(page, url, "manager@works.example")
    open_page(page, f"{url}/policies")
    choose(page, "Lab")
    otherwise(page, "urls")
    (sales,) = [one.id for one in owner.connection.get("/api/departments", list[DepartmentView]) if one.id != lab.id]
    strict = msgspec.structs.replace(INHERITED, detail="off")
    own = PersonSettings(hash_of(owner, ANN), sales, msgspec.structs.replace(INHERITED, records=[]))
    first = PolicyTree(settings=INHERITED, departments=[DepartmentSettings(sales, strict)], persons=[own])
    publish_policy(owner, first, now())
    page.click("#policy-save")
    page.click("#conflict-mine")
    expect(page.locator("#policy-saved")).to_contain_text("Saved and signed")
    tree = signed(owner)
    assert {one.department: one.settings.detail for one in tree.departments} == {sales: "off", lab.id: None}
    assert {one.person: one.department for one in tree.persons} == {own.person: sales, hash_of(owner, BEN): lab.id}
    assert own in tree.persons
    watched.complaints = [text for text in watched.complaints if "409" not in text]


def test_people_who_moved_are_told_and_signed_again(governed: Company, watched: Watched, tmp_path: Path) -> None:
    page, owner = watched.page, governed.owner
    departments = owner.connection.get("/api/departments", list[DepartmentView])
    own = msgspec.structs.replace(INHERITED, detail="applications")
    page_of = f"{governed.server.url}/policies"
    log_in(page, governed.server.url, governed.email)
    open_page(page, page_of)
    choose(page, "Sales")
    otherwise(page, "detail").locator("select").select_option("applications")
    save(page)
    assert [one.settings for one in signed(owner).departments] == [own]
    place(owner, ANN, None)
    place(owner, BEN, departments[0].id)
    open_page(page, page_of)
    expect(page.get_by_test_id("moves").locator("li")).to_have_text(
        [f"{ANN}: from Sales to no department with settings", f"{BEN}: from no department with settings to Sales"]
    )
    save(page)
    expect(page.locator("#policy-moved")).to_be_hidden()
    assert [one.person for one in signed(owner).persons] == [hash_of(owner, BEN)]
    with httpx.Client() as http:
        device = Device.open(tmp_path / "ben", http, now)
        device.sync.poll_once()
        assert (device.policy_for(BEN).detail, device.policy_for(ANN).detail) == ("applications", "names")
        device.close()


def test_every_look_of_the_page(governed: Company, chromium: Browser, tmp_path: Path) -> None:
    """Wide and narrow, light and dark, locked and unlocked: axe finds nothing, and nothing is wider than the window."""
    looks: list[tuple[Theme, int]] = [("light", 1400), ("dark", 1400), ("light", 400)]
    for theme, width in looks:
        page = themed(chromium, theme, width)
        log_in(page, governed.server.url, governed.email)
        open_page(page, f"{governed.server.url}/policies")
        choose(page, "Sales")
        otherwise(page, "detail").locator("select").select_option("everything")
        for setting in ("records", "hours", "screenshot", "sound"):
            otherwise(page, setting)
        page.get_by_role("button", name="Add an exclusion").click()
        page.locator(".policy-exclusions .pattern-field").fill("bank")
        expect(page.locator(".policy-exclusions .pattern-found")).to_contain_text("Matches 0 of")
        look(page, tmp_path / f"{theme}-{width}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        # Unsaved or not: locking asks nobody, and takes everything away.
        page.click("#lock")
        expect(page.locator("#policy-locked")).to_be_visible()
        started(page)
        look(page, tmp_path / f"{theme}-{width}-locked.png")
        page.context.close()
