"""Whether everybody can use a page: axe-core, run inside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page

Theme = Literal["light", "dark"]
(_AXE,) = (Path(__file__).parents[1] / "web").glob("**/axe-core/axe.min.js")


def themed(chromium: Browser, theme: Theme, width: int = 1400) -> Page:
    """Return a page of a browser of its own."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, locale="en-GB")
    context.set_default_timeout(30_000)
    return context.new_page()


def violations(page: Page) -> list[str]:
    """Return what axe finds, each with the beginning of the first element that has it."""
    # Evaluated, not added: the page's own policy stays in force.
    page.evaluate(_AXE.read_text())
    result: Any = page.evaluate("() => axe.run()")
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in result["violations"]]


def look(page: Page, picture: Path) -> None:
    """Keep a picture of the page, and let axe find nothing in it."""
    page.screenshot(path=picture, full_page=True)
    found = violations(page)
    assert found == [], (picture.stem, found)
