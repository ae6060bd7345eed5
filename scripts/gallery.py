"""Takes a sheet of every page for ``docs/gallery.md``: `python scripts/gallery.py`.

Each sheet shows a page full in light and dark, narrow, empty and locked, as the demo and a new account have it.
"""

from __future__ import annotations

import base64
import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from reteamz.owner.client import Owner
from screenshots import FLAGS, NARROW, PAGES, WIDE, demo, log_in, opened, shoot, word

HERE = Path(__file__).parents[1]
DOCUMENT = HERE / "docs" / "gallery.md"
IMAGES = HERE / "docs" / "images" / "gallery"
EMAIL, PASSWORD = "new@company.example", "a password for an empty account"
SHEET = """<!doctype html><style>
body {{ margin: 0; padding: 16px; background: #8a94a6; display: grid; gap: 16px; grid-template-columns: 700px 700px 390px; width: 1822px }}
img {{ display: block; width: 100%; border-radius: 6px }} .narrow {{ grid-column: 3; grid-row: 1 / span 2 }}
</style>{images}"""
FORMS = ("light", "dark", "narrow", "empty", "locked")


def pictures(browser: Browser, told: dict[str, str], folder: Path) -> None:
    """Take every page in every form."""
    for form, size, theme in (("light", WIDE, "light"), ("dark", WIDE, "dark"), ("narrow", NARROW, "light")):
        page = opened(browser, size, "dark" if theme == "dark" else "light")
        log_in(page, told)
        each(page, told, folder, form)
        if form == "light":
            page.get_by_test_id("lock").click()
            page.get_by_test_id("unlock").wait_for()
            each(page, told, folder, "locked")
        page.context.close()
    now = time.time_ns() // 1_000_000
    Owner.sign_up(told["Address"], EMAIL, PASSWORD, "New Company", timezone="Europe/Berlin", now=lambda: now).close()
    page = opened(browser, WIDE, "light")
    log_in(page, told | {"E-mail": EMAIL, "Password": PASSWORD})
    each(page, told, folder, "empty")
    page.context.close()


def each(page: Page, told: dict[str, str], folder: Path, form: str) -> None:
    """Take every page in one form."""
    for path in PAGES:
        shoot(page, f"{told['Address']}/{path}", folder / f"{word(path)}-{form}.png")


def sheets(browser: Browser, folder: Path) -> None:
    """Put the pictures of every page on a sheet."""
    page = browser.new_page(viewport={"width": 1854, "height": 960})
    for path in PAGES:
        images = []
        for form in FORMS:
            data = base64.b64encode((folder / f"{word(path)}-{form}.png").read_bytes()).decode()
            images.append(f'<img class="{form}" src="data:image/png;base64,{data}">')
        page.set_content(SHEET.format(images="".join(images)))
        page.screenshot(path=IMAGES / f"{word(path)}.jpg", type="jpeg", quality=72, full_page=True)


def document() -> str:
    """Return the page that shows the sheets."""
    lines = [
        "# Gallery",
        "",
        (
            "Every page of the dashboard with the simulated company of `make demo`: full in light and dark, empty as a new account sees it,"
            " locked, and narrow. `python scripts/gallery.py` takes the pictures."
        ),
        "",
    ]
    for path in PAGES:
        lines += [
            f"## {word(path).replace('-', ' ').capitalize()}",
            "",
            f"![]({IMAGES.relative_to(DOCUMENT.parent)}/{word(path)}.jpg)",
            "",
        ]
    return "\n".join(lines)


def main() -> None:
    """Take the pictures and write the page."""
    shutil.rmtree(IMAGES, ignore_errors=True)
    IMAGES.mkdir(parents=True)
    with demo() as told, sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        pictures(browser, told, Path(folder))
        sheets(browser, Path(folder))
        browser.close()
    DOCUMENT.write_text(document())
    sys.stdout.write(f"{DOCUMENT}\n")


if __name__ == "__main__":
    main()
