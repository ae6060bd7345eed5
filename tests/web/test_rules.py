"""Categories and rules in the page: made, signed, judged in a worker, and added up by the server that can read none of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser import PASSWORD, Watched, log_in, open_page
from tests.conftest import RealServer
from tests.web.conftest import Company, now, record

from reteamz.crypto.policy import NONE as NO_POLICY
from reteamz.crypto.policy import sign_policy
from reteamz.crypto.rules import NONE, sign_rules
from reteamz.owner.client import Owner
from reteamz.owner.joining import Invited
from reteamz.owner.member import Member
from reteamz.owner.policy import fetch_policy
from reteamz.owner.rules import fetch_rules, publish_rules, read_rules
from reteamz.wire.policy import INHERITED, PolicyHead, PolicyPost, PolicyTree
from reteamz.wire.rules import Category, Rule, RulesHead, RulesPost, RuleTree

TITLES = {"Offer 4711 for Ridgeway Looms": 30, "Sourdough in 4 steps": 10, "Inbox": 20}


@pytest.fixture
def ruled(make_server: Callable[[], RealServer], tmp_path: Path) -> Iterator[Company]:
    """Return an account of its own for each test, with an hour of known titles; a server allows ten sign-ups and log-ins at once."""
    server, email = make_server(), "rules@company.example"
    owner = Owner.sign_up(server.url, email, PASSWORD, "Works", now=now)
    device = record(owner, tmp_path / "agent", TITLES)
    yield Company(server, email, owner, TITLES, device)
    owner.close()
    server.stop()


def tile(page: Page, word: str) -> str:
    found = page.locator(".tile", has=page.locator(".tile-word", has_text=word)).first
    return found.locator(".tile-number").inner_text()


def add_category(page: Page, name: str, rating: str) -> None:
    page.click("#add-category")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Rating", exact=True).select_option(label=rating)


def add_rule(page: Page, pattern: str) -> Locator:
    page.get_by_role("button", name="Add a rule").click()
    field = page.locator(".rule .pattern-field").last
    field.fill(pattern)
    return page.locator(".rule").last


def save(page: Page) -> None:
    page.click("#rules-save")
    expect(page.locator("#rules-saved")).to_contain_text("Saved and signed")


def test_rules_are_made_signed_judged_and_added_up(ruled: Company, watched: Watched) -> None:
    page = watched.page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    log_in(page, ruled.server.url, ruled.email)
    open_page(page, f"{ruled.server.url}/rules")
    expect(page.get_by_text("No categories yet").last).to_be_visible()
    add_category(page, "Work", "+ Productive")
    rule = add_rule(page, r"offer \d+|^inbox$")
    expect(rule.locator(".pattern-found")).to_contain_text("Matches 2 of")
    expect(rule.locator(".pattern-names li")).to_have_count(2)
    add_category(page, "Kitchen", "− Unproductive")
    add_rule(page, "sourdough")
    expect(page.locator("#rules-summary")).to_contain_text("3 of")
    page.get_by_test_id("outline").get_by_role("button", name="Work").click()
    expect(page.locator(".rule-outcome")).to_contain_text("Decides 2 names")
    save(page)
    expect(page.locator("#judging-done")).to_be_visible()
    open_page(page, f"{ruled.server.url}/productivity")
    # Of 60 minutes 30 + 20 are work, 10 are not.
    assert (tile(page, "Productivity"), tile(page, "Rated")) == ("83 %", "100 %")
    rows = page.get_by_test_id("categories").locator("tbody tr")
    expect(rows.nth(0)).to_contain_text("Work")
    expect(rows.nth(0)).to_contain_text("50 min")
    expect(rows.nth(1)).to_contain_text("Kitchen")
    expect(rows.nth(1)).to_contain_text("10 min")
    rows.nth(0).get_by_role("link", name="Work").click()
    expect(page.get_by_test_id("parted")).to_contain_text("Only time in Work")
    expect(page.get_by_test_id("ranking").locator("tbody tr")).to_have_count(1)
    page.get_by_test_id("parted").get_by_role("link", name="Titles").click()
    expect(page.get_by_test_id("ranking").locator("tbody tr .name")).to_have_text(
        ["Offer 4711 for Ridgeway Looms", "Inbox"]
    )
    page.go_back()
    page.go_back()
    page.locator(".tile", has_text="Unproductive").click()
    expect(page.get_by_test_id("parted")).to_contain_text("Only unproductive time")
    page.get_by_test_id("parted").get_by_role("link", name="Titles").click()
    expect(page.get_by_test_id("ranking").locator("tbody tr .name")).to_have_text(["Sourdough in 4 steps"])
    page.get_by_test_id("parted").get_by_role("link", name="Any rating").click()
    expect(page.get_by_test_id("ranking").locator("tbody tr")).to_have_count(3)
    assert any("/api/rules" in text for text in sent)
    assert not any(word in text for text in sent for word in ("Kitchen", "sourdough", "Ridgeway", "Inbox"))
    # What was signed is what was typed: read at the owner's end.
    open_page(page, f"{ruled.server.url}/titles")
    by_rule = page.locator("#ranking tbody tr", has_text="Sourdough").locator(".rate-ruled")
    expect(by_rule).to_have_attribute("aria-label", "Unproductive by a rule")
    by_rule.click()
    expect(page.locator("#ranking tbody tr", has_text="Sourdough").locator(".rate-0")).to_have_attribute(
        "aria-pressed", "true"
    )
    rules = fetch_rules(ruled.owner)
    assert rules.rules is not None
    tree = read_rules(ruled.owner, rules.rules)
    assert [(one.name, one.rating) for one in tree.categories] == [("Work", 2), ("Kitchen", 0)]
    assert [one.pattern for one in tree.rules] == [r"offer \d+|^inbox$", "sourdough"]


def tree_of(pattern: str, rating: int) -> RuleTree:
    """Return one category with one rule."""
    return msgspec.convert(
        {
            "categories": [{"id": 1, "parent": None, "name": "Work", "rating": rating}],
            "rules": [{"category": 1, "fields": [], "pattern": pattern, "ignore_case": True}],
            "overrides": [],
        },
        RuleTree,
    )


def test_names_that_come_later_are_judged_at_the_next_visit(ruled: Company, watched: Watched, tmp_path: Path) -> None:
    publish_rules(ruled.owner, tree_of("offer", 2), now())
    page = watched.page
    with page.expect_response("**/api/verdicts"):
        log_in(page, ruled.server.url, ruled.email)
    expect(page.locator("#judging-done")).to_be_visible()
    before = page.request.get(f"{ruled.server.url}/api/verdicts").json()
    assert (before["newest"], before["applied"], before["judged"]) == (1, 1, before["last"])
    record(ruled.owner, tmp_path / "second", {"Offer 4712": 15, "Bread": 5}, person="Berta Lund")
    with page.expect_response(
        lambda answer: answer.url.endswith("/api/verdicts") and answer.request.method == "PUT"
    ) as answer:
        page.goto(f"{ruled.server.url}/apps")
    body = json.loads(answer.value.request.post_data or "")
    assert body["after"] == before["last"], "only what is new is judged"
    assert len(body["verdicts"]) == 1
    expect(page.locator("#judging")).to_be_hidden()
    open_page(page, f"{ruled.server.url}/productivity")
    assert tile(page, "Productive") == "45 min"


def test_an_explicit_rating_beats_a_rule(ruled: Company, watched: Watched) -> None:
    publish_rules(ruled.owner, tree_of("offer|inbox", 2), now())
    page = watched.page
    log_in(page, ruled.server.url, ruled.email)
    expect(page.locator("#judging-done")).to_be_visible()
    open_page(page, f"{ruled.server.url}/titles")
    row = page.locator("#ranking tbody tr", has_text="Inbox")
    with page.expect_response("**/api/ratings/*"):
        row.get_by_role("button", name="Unproductive").click()
    open_page(page, f"{ruled.server.url}/productivity")
    assert (tile(page, "Productive"), tile(page, "Unproductive")) == ("30 min", "20 min")


def test_an_invalid_expression_is_told_at_its_character(ruled: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, ruled.server.url, ruled.email)
    open_page(page, f"{ruled.server.url}/rules")
    add_category(page, "Work", "○ Neutral")
    rule = add_rule(page, "offer(?=s)")
    expect(rule.get_by_role("alert")).to_contain_text("At character 6")
    assert rule.locator(".pattern-mark").inner_text().split("\n") == ["offer(?=s)", "     ^"]
    expect(rule.locator(".pattern-field")).to_have_attribute("aria-invalid", "true")
    page.click("#rules-save")
    expect(page.locator("#problem")).to_contain_text("pattern_invalid")
    rule.locator(".pattern-field").fill("offers")
    expect(rule.get_by_role("alert")).to_be_empty()
    save(page)


def test_a_conflict_loses_nothing(ruled: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, ruled.server.url, ruled.email)
    open_page(page, f"{ruled.server.url}/rules")
    add_category(page, "Mine", "+ Productive")
    publish_rules(ruled.owner, tree_of("offer", 0), now())
    page.click("#rules-save")
    expect(page.locator("#rules-conflict")).to_contain_text("Somebody else saved rules")
    expect(page.get_by_test_id("outline")).to_contain_text("Mine")
    page.click("#conflict-mine")
    expect(page.locator("#rules-saved")).to_contain_text("Saved")
    rules = fetch_rules(ruled.owner)
    assert rules.rules is not None
    assert rules.head.version == 2
    assert [one.name for one in read_rules(ruled.owner, rules.rules).categories] == ["Mine"]
    watched.complaints = [text for text in watched.complaints if "409" not in text]


def test_categories_of_activitywatch_are_imported(ruled: Company, watched: Watched, tmp_path: Path) -> None:
    exported = {
        "categories": [
            {"id": 0, "name": ["Work"], "rule": {"type": "none"}, "data": {"score": 10}},
            {"id": 1, "name": ["Work", "Offers"], "rule": {"type": "regex", "regex": "offer", "ignore_case": True}},
            {"id": 2, "name": ["Fun", "Baking"], "rule": {"type": "regex", "regex": "Sourdough"}},
            {"id": 3, "name": ["Broken"], "rule": {"type": "regex", "regex": "(?!x)"}},
        ]
    }
    file = tmp_path / "aw-category-export.json"
    file.write_text(json.dumps(exported))
    page = watched.page
    log_in(page, ruled.server.url, ruled.email)
    open_page(page, f"{ruled.server.url}/rules")
    page.click("#rules-import")
    page.set_input_files("#import-file", file)
    preview = page.get_by_test_id("import-preview")
    expect(preview).to_contain_text("Categories: 5, rules: 2")
    expect(preview.locator(".import-problems li")).to_have_count(1)
    expect(preview.locator(".import-problems")).to_contain_text("Broken: At character 1")
    page.click("#import-take")
    expect(page.locator("#rules-summary")).to_contain_text("2 of")
    save(page)
    expect(page.locator("#judging-done")).to_be_visible()
    open_page(page, f"{ruled.server.url}/productivity")
    assert tile(page, "Productive") == "30 min"
    rows = page.get_by_test_id("categories").locator("tbody tr")
    expect(rows.filter(has_text="Baking")).to_contain_text("10 min")


def test_locked_the_tree_shows_its_shape_alone(ruled: Company, watched: Watched) -> None:
    publish_rules(ruled.owner, tree_of("offer", 2), now())
    page = watched.page
    log_in(page, ruled.server.url, ruled.email)
    expect(page.locator("#judging-done")).to_be_visible()
    open_page(page, f"{ruled.server.url}/rules")
    expect(page.get_by_test_id("outline")).to_contain_text("Work")
    page.get_by_test_id("lock").click()
    expect(page.get_by_test_id("tree")).to_contain_text("••••••")
    expect(page.locator("#rules-editor")).to_be_hidden()
    page.fill("#unlock-password", PASSWORD)
    page.click("#unlock button")
    expect(page.get_by_test_id("outline")).to_contain_text("Work")
    expect(page.locator("#rules-locked")).to_be_hidden()


def test_a_rule_is_made_of_a_name_where_it_is_seen(ruled: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, ruled.server.url, ruled.email)
    open_page(page, f"{ruled.server.url}/titles")
    page.locator("#ranking tbody tr", has_text="Inbox").get_by_role("button", name="Make a rule of this name").click()
    page.wait_for_url("**/rules")
    expect(page.locator(".rule .pattern-field")).to_have_value("Inbox")
    expect(page.locator(".rule .pattern-found")).to_contain_text("Matches 1 of")
    assert "Inbox" not in page.url


def test_no_script_but_the_judge_becomes_a_worker(ruled: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, ruled.server.url, ruled.email)
    refused = page.evaluate(
        "() => { try { new Worker('/static/dashboard.js'); return ''; } catch (e) { return e.name; } }"
    )
    assert refused == "TypeError"
    make = "(name) => { try { trustedTypes.createPolicy(name, {createScriptURL: (x) => x}); return ''; } catch (e) { return e.name; } }"
    again = page.evaluate(make, "mine")
    assert again == "TypeError"
    assert page.evaluate(make, "reteamz-worker") == "TypeError"
    # The browser tells each refusal in its console.
    assert len(watched.complaints) >= 2
    assert all("Trusted" in text or "Policy" in text for text in watched.complaints), watched.complaints
    watched.complaints = []


def signed_by_a_manager(owner: Owner) -> Member:
    """Return a manager who signed the newest rules."""
    code = owner.invite("manager", rights=["settings"], label="Gone")
    invited = Invited.join(code, "gone@works.example", PASSWORD, now)
    owner.welcome([member for member in owner.members() if member.state == "waiting"])
    manager = invited.enter()
    tree = RuleTree(categories=[Category(1, None, "Work", 2)], rules=[Rule(1, [], "offer", True)], overrides=[])
    jws = sign_rules(manager.bundle.settings, owner.account, NONE, now(), tree, lambda text: owner.entry("label", text))
    manager.connection.post("/api/rules", RulesPost(jws), RulesHead)
    return manager


def test_the_owner_signs_what_a_manager_signed_before_removing_them(ruled: Company, watched: Watched) -> None:
    page, owner = watched.page, ruled.owner
    manager = signed_by_a_manager(owner)
    hours = msgspec.structs.replace(INHERITED, hours=[[(480, 1020)]] * 5 + [[], []])
    tree = PolicyTree(settings=hours, departments=[], persons=[])
    jws = sign_policy(
        manager.bundle.settings, owner.account, NO_POLICY, now(), tree, lambda text: owner.entry("label", text)
    )
    manager.connection.post("/api/policies", PolicyPost(jws), PolicyHead)
    manager.close()
    log_in(page, ruled.server.url, ruled.email)
    open_page(page, f"{ruled.server.url}/people")
    page.click("[data-remove-member]")
    page.fill("#remove-member-password", PASSWORD)
    with page.expect_navigation():
        page.click("#remove-member-dialog button[type=submit]")
    owner = Owner.log_in(ruled.server.url, ruled.email, PASSWORD, now)
    assert len(owner.roster.signers()) == 1
    rules, policy = fetch_rules(owner), fetch_policy(owner)
    assert (rules.head.version, policy.head.version) == (2, 2)
    assert rules.rules is not None
    assert [rule.pattern for rule in read_rules(owner, rules.rules).rules] == ["offer"]
    assert policy.policy is not None
    assert policy.policy.settings == hours
    owner.close()


def test_what_a_removed_manager_signed_is_shown_and_signed_again(
    ruled: Company, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the manager signs between the owner's last look and the removal."""
    monkeypatch.setattr("reteamz.owner.client.renew_rules_of", lambda *_: None)
    page, owner = watched.page, ruled.owner
    manager = signed_by_a_manager(owner)
    owner.remove_member(manager.bundle.member)
    manager.close()
    log_in(page, ruled.server.url, ruled.email)
    expect(page.locator("#judging-problem")).to_contain_text("Somebody who was removed since signed the rules")
    open_page(page, f"{ruled.server.url}/rules")
    expect(page.locator("#rules-orphaned")).to_be_visible()
    expect(page.get_by_test_id("outline")).to_contain_text("Work")
    expect(page.locator("#rules-discard")).to_be_hidden()
    save(page)
    expect(page.locator("#rules-orphaned")).to_be_hidden()
    expect(page.locator("#judging-done")).to_be_visible()
    assert fetch_rules(owner).head.version == 2
