"""Pages of an encrypted account: readable at the owner's end, and only there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.axe import Theme, themed, violations
from tests.browser import PASSWORD, Watched, log_in, open_page, started
from tests.web.conftest import TITLES, Company

from reteamz.server.pages.shell import entries_for

PAGES = (*(entry.href.removeprefix("/") for entry in entries_for("owner")), "timeline?view=week", "profile")
TOKEN = re.compile(r"rtz1\.[a-z]+\.\d")


def texts(page: Page, selector: str) -> list[str]:
    return [text.strip() for text in page.locator(selector).all_inner_texts()]


def test_titles_are_readable_and_sorted_by_time(company: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, company.server.url, company.email)
    open_page(page, f"{company.server.url}/titles")
    longest = sorted(TITLES, key=lambda title: -TITLES[title])
    shown = texts(page, "#ranking tbody th")
    assert shown[:2] == longest[:2]
    assert set(shown) == set(TITLES)
    assert page.locator("#ranking img").count() == 0
    assert not TOKEN.search(page.inner_text("body"))


def test_names_are_sorted_and_searched_in_the_page(company: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, company.server.url, company.email)
    open_page(page, f"{company.server.url}/titles")
    page.click("thead a.sorter >> text=Window title")
    started(page)
    assert "sort=name" in page.url
    assert texts(page, "#ranking tbody th") == [
        "<img src=x onerror=alert(1)>",
        "Ärger mit Rechnung 12",
        "Offer 4711 for Ridgeway Looms",
        "offer 4712",
    ]
    page.fill("#search", "nobody has this")
    expect(page.locator("#ranking-none")).to_have_text("No name here has that in it.")
    page.fill("#search", "OFFER 47")
    expect(page.locator("#ranking-none")).to_be_hidden()
    expect(page.locator("#ranking tbody tr:visible")).to_have_count(2)


def test_locking_takes_names_and_keys_away(company: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, company.server.url, company.email)
    expect(page.get_by_test_id("top-title")).to_contain_text("Ridgeway Looms")
    page.get_by_test_id("lock").click()
    expect(page.get_by_test_id("unlock")).to_be_visible()
    body = page.inner_text("body")
    assert "Ridgeway" not in body
    assert not TOKEN.search(body)
    assert (
        page.evaluate(
            """() => new Promise(done => { const open = indexedDB.open("reteamz"); open.onsuccess = () => {
            const all = open.result.transaction("open").objectStore("open").getAll(); all.onsuccess = () => done(all.result.length) } })"""
        )
        == 0
    )
    page.fill("#unlock-password", "not the password")
    page.click("#unlock button")
    expect(page.locator(".unlock-problem")).to_contain_text("login_failed")
    page.fill("#unlock-password", PASSWORD)
    page.click("#unlock button")
    expect(page.get_by_test_id("top-title")).to_contain_text("Ridgeway Looms")
    expect(page.get_by_test_id("unlock")).to_be_hidden()


def test_fifteen_idle_minutes_lock(company: Company, watched: Watched) -> None:
    page = watched.page
    page.clock.install()
    log_in(page, company.server.url, company.email)
    expect(page.get_by_test_id("top-title")).to_contain_text("Ridgeway Looms")
    page.clock.fast_forward("16:00")
    expect(page.get_by_test_id("unlock")).to_be_visible()
    assert "Ridgeway" not in page.inner_text("body")


def test_locking_reaches_every_tab(company: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, company.server.url, company.email)
    other = page.context.new_page()
    open_page(other, f"{company.server.url}/titles")
    expect(other.locator("#ranking")).to_contain_text("Ridgeway")
    page.get_by_test_id("lock").click()
    expect(other.get_by_test_id("unlock")).to_be_visible()
    assert "Ridgeway" not in other.inner_text("body")


def test_a_damaged_name_is_marked_and_the_rest_is_readable(company: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, company.server.url, company.email)

    def damage(route: Any) -> None:
        answer = route.fetch()
        text = answer.text()
        first = re.search(r"rtz1\.title\.1\.[A-Za-z0-9_-]+", text)
        assert first
        token = first[0]
        other = token[:-20] + ("A" if token[-20] != "A" else "B") + token[-19:]
        route.fulfill(response=answer, body=text.replace(token, other))

    page.route("**/titles", damage)
    open_page(page, f"{company.server.url}/titles")
    expect(page.locator("#damaged")).to_contain_text("1 name on this page did not pass the check")
    assert texts(page, ".damaged") == ["⚠ damaged name"]
    assert len([name for name in texts(page, "#ranking tbody th") if name in TITLES]) == len(TITLES) - 1


def test_nobody_looks_without_a_session(company: Company, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{company.server.url}/titles?range=today")
    assert page.url == f"{company.server.url}/login?next=%2Ftitles%3Frange%3Dtoday"
    page.fill("#email", company.email)
    page.fill("#password", PASSWORD)
    page.click("#login button[type=submit]")
    page.wait_for_url(f"{company.server.url}/titles?range=today")


def test_next_never_leads_to_another_site(company: Company, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{company.server.url}/login?next=//evil.example/x")
    page.fill("#email", company.email)
    page.fill("#password", PASSWORD)
    page.click("#login button[type=submit]")
    page.wait_for_url(f"{company.server.url}/")


def test_a_wrong_password_says_so_in_one_sentence(company: Company, context: Any) -> None:
    page = context.new_page()
    page.goto(f"{company.server.url}/login")
    page.fill("#email", company.email)
    page.fill("#password", "wrong password")
    page.click("#login button[type=submit]")
    expect(page.locator("#login .form-problem")).to_have_text(
        "Address or password is wrong; check both. [login_failed]"
    )


def test_departments_leave_the_browser_as_tokens(company: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, company.server.url, company.email)
    open_page(page, f"{company.server.url}/people")
    with page.expect_request(lambda request: request.method == "POST" and "/api/departments" in request.url) as sent:
        page.fill("#department-name", "Lens Grinding")
        page.click("#add-department button")
    assert "Lens" not in (sent.value.post_data or "")
    expect(page.get_by_test_id("departments")).to_contain_text("Lens Grinding")
    page.select_option("[data-place]", label="Lens Grinding")
    page.click("summary:has-text('Departments')")
    page.locator(".choices[open] label", has_text="Lens Grinding").click()
    page.click("text=Apply")
    started(page)
    assert texts(page, "#people tbody th") == ["Otti Marsh"]


def test_the_log_verifies(company: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, company.server.url, company.email)
    open_page(page, f"{company.server.url}/log")
    page.get_by_test_id("verify").click()
    expect(page.locator("#verify-told")).to_contain_text("batches of 1 computers are whole, in order and genuine")


@pytest.mark.parametrize("tampering", ["name", "duration"])
def test_the_log_names_what_the_server_changed(company: Company, watched: Watched, tampering: str) -> None:
    page = watched.page
    log_in(page, company.server.url, company.email)

    def lie(route: Any) -> None:
        answer = route.fetch()
        told = answer.json()
        rows = [row for row in told["rows"] if row["title"]]
        if tampering == "name":
            rows[0]["title"], rows[1]["title"] = rows[1]["title"], rows[0]["title"]
        else:
            rows[0]["duration_ms"] += 1
        route.fulfill(response=answer, json=told)

    page.route("**/api/reports/log*", lie)
    open_page(page, f"{company.server.url}/log")
    page.get_by_test_id("verify").click()
    code = "name_remapped" if tampering == "name" else "batch_altered"
    expect(page.locator("#verify-told")).to_contain_text(code)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(company: Company, chromium: Browser, theme: Theme) -> None:
    page = themed(chromium, theme)
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        if wrong := violations(page):
            found[name] = wrong

    for name in ("login", "signup"):
        page.goto(f"{company.server.url}/{name}")
        page.wait_for_selector("html.ready", state="attached")
        look(name)
    log_in(page, company.server.url, company.email)
    for name in PAGES:
        open_page(page, f"{company.server.url}/{name}")
        look(name)
    page.get_by_test_id("lock").click()
    expect(page.get_by_test_id("unlock")).to_be_visible()
    look("locked")
    page.context.close()
    assert found == {}


@pytest.mark.parametrize("width", [360, 768])
def test_narrow_screens_do_not_scroll_sideways(company: Company, watched: Watched, width: int) -> None:
    page = watched.page
    log_in(page, company.server.url, company.email)
    page.set_viewport_size({"width": width, "height": 740})
    for name in PAGES:
        open_page(page, f"{company.server.url}/{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    page.click("#menu-button")
    expect(page.locator("#menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#menu")).to_be_hidden()


def test_a_print_says_of_whom_and_when_and_has_no_buttons(company: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, company.server.url, company.email)
    open_page(page, f"{company.server.url}/titles?range=last7")
    heading = page.locator(".filterbar .print-only")
    assert not heading.is_visible()
    page.emulate_media(media="print")
    expect(heading).to_have_text(re.compile(r"^\w{3} \d{1,2} \w{3} \d{4} – \w{3} \d{1,2} \w{3} \d{4}$"))
    expect(page.locator(".topbar .print-only")).to_be_visible()
    for gone in (".filterform", ".presets", ".sidebar", "#search", "[data-export]", ".rate"):
        assert page.locator(gone).count(), gone
        assert not page.locator(gone).first.is_visible(), gone


def test_the_keyboard_reaches_everything(company: Company, watched: Watched) -> None:
    page = watched.page
    log_in(page, company.server.url, company.email)
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(
            page.evaluate(
                "document.activeElement.id || document.activeElement.className?.baseVal || document.activeElement.textContent.trim()"
            )
        )
    assert {"Skip to the content", "lock", "theme", "logout", "from", "to", "Yesterday"} <= seen
    assert any("chart-bar" in one for one in seen if one)


def test_scripts_are_pinned(company: Company, watched: Watched) -> None:
    page = watched.page
    answer = page.goto(f"{company.server.url}/login")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    scripts = page.locator("script[src], link[rel=stylesheet], link[rel=modulepreload]")
    for place in range(scripts.count()):
        assert (scripts.nth(place).get_attribute("integrity") or "").startswith("sha256-")
