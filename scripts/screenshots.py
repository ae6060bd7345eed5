"""Takes the pictures of the documents from the demo: `python scripts/screenshots.py docs/images`.

With ``--all`` every page is taken wide and narrow, light and dark, locked and unlocked, for a look before a release.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, sync_playwright

from reteamz.server.pages.shell import entries_for

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PAGES = (*(entry.href.removeprefix("/") for entry in entries_for("owner")), "timeline?view=week", "profile")
WIDE, NARROW = (1400, 900), (390, 844)
Theme = Literal["light", "dark"]


@contextmanager
def demo() -> Iterator[dict[str, str]]:
    """Run the demo; yield address, e-mail and password."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "reteamz.cli.main", "demo", "--data", folder], stdout=subprocess.PIPE, text=True
        )
        told = {}
        assert process.stdout is not None
        for line in process.stdout:
            words = line.split()
            if len(words) == 2 and words[0] in ("Address", "E-mail", "Password"):
                told[words[0]] = words[1]
            if line.startswith("Stop"):
                break
        try:
            yield told
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def log_in(page: Page, told: dict[str, str]) -> None:
    """Log in as a person does."""
    page.goto(f"{told['Address']}/login")
    page.fill("#email", told["E-mail"])
    page.fill("#password", told["Password"])
    page.click("#login button[type=submit]")
    page.wait_for_url(f"{told['Address']}/")
    page.wait_for_selector("html.started", state="attached")
    # The first page judges the names by the rules, and says so; pictures are of every later one.
    page.wait_for_load_state("networkidle")


def opened(browser: Browser, size: tuple[int, int], theme: Theme, **more: Any) -> Page:
    """Return a new page of a size and theme."""
    viewport: Any = {"width": size[0], "height": size[1]}
    return browser.new_context(viewport=viewport, color_scheme=theme, locale="en-GB", **more).new_page()


def shoot(page: Page, url: str, path: Path, *, scripts: bool = True, full: bool = False) -> None:
    """Take one picture."""
    page.goto(url)
    if scripts:
        page.wait_for_selector("html.started", state="attached")
        page.wait_for_load_state("networkidle")
    page.screenshot(path=path, full_page=full)


def word(path: str) -> str:
    """Return a page's name for a file."""
    return path.replace("?view=", "-") or "overview"


def for_documents(browser: Browser, told: dict[str, str], folder: Path) -> None:
    """Take the pictures that the documents show."""
    url = told["Address"]
    page = opened(browser, WIDE, "light")
    log_in(page, told)
    shoot(page, f"{url}/?range=last7", folder / "overview.png")
    shoot(page, f"{url}/titles?range=last7", folder / "titles.png")
    cookies: Any = page.context.cookies()
    bare = opened(browser, WIDE, "light", java_script_enabled=False)
    bare.context.add_cookies(cookies)
    shoot(bare, f"{url}/titles?range=last7", folder / "titles-as-the-server-sees-them.png", scripts=False)
    dark = opened(browser, WIDE, "dark")
    log_in(dark, told)
    shoot(dark, f"{url}/?range=last7", folder / "overview-dark.png")


def everything(browser: Browser, told: dict[str, str], folder: Path) -> None:
    """Take every page in every form."""
    for name, size in (("wide", WIDE), ("narrow", NARROW)):
        themes: tuple[Theme, ...] = ("light", "dark")
        for theme in themes:
            page = opened(browser, size, theme)
            log_in(page, told)
            for path in PAGES:
                shoot(page, f"{told['Address']}/{path}", folder / f"{word(path)}-{name}-{theme}.png", full=True)
            page.get_by_test_id("lock").click()
            page.get_by_test_id("unlock").wait_for()
            page.goto(f"{told['Address']}/titles")
            page.screenshot(path=folder / f"locked-{name}-{theme}.png")
            page.context.close()
            for path in ("login", "signup"):
                page = opened(browser, size, theme)
                page.goto(f"{told['Address']}/{path}")
                page.screenshot(path=folder / f"{path}-{name}-{theme}.png")
                page.context.close()


def main() -> None:
    """Take pictures into the folder that is named."""
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    with demo() as told, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        (everything if "--all" in sys.argv else for_documents)(browser, told, folder)
        browser.close()
    print(json.dumps(sorted(path.name for path in folder.glob("*.png"))))


if __name__ == "__main__":
    main()
