"""A company whose reports go out by mail, and what a mail says, taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from litestar.testing import TestClient
from tests.server.alerts.scene import in_loop, part
from tests.server.company import Clock, Site
from tests.server.mail.server import Mailbox

from reteamz.server.app import create_app
from reteamz.server.config import load

ORIGIN = "http://time.example"
Table = list[tuple[str, ...]]


@contextmanager
def running(folder: Path, clock: Clock, box: Mailbox | None = None) -> Iterator[Site]:
    """Run the application, with a mail server if there is one."""
    mail = {"RETEAMZ_SMTP": f"smtp://{box.host}:{box.port}?tls=none"} if box else {}
    with TestClient(create_app(load(folder, environment={"RETEAMZ_ORIGIN": ORIGIN, **mail}), clock)) as client:
        yield Site(client, clock)


def make(site: Site, rhythm: str = "daily", **more: Any) -> dict[str, Any]:
    """Let a report be mailed to whoever is logged in."""
    answer = site.call("POST", "/api/mailings", {"rhythm": rhythm, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def turn(site: Site, at: int | None = None) -> None:
    """Move the clock, and do what the server does every few seconds."""
    if at is not None:
        site.clock.ms = at
    in_loop(site, part(site, "mailings").turn())
    in_loop(site, part(site, "outbox").push())


def tables(text: str) -> dict[str, Table]:
    """Return the tables of a mail's text by their titles: word, value, and what stands in brackets."""
    found: dict[str, Table] = {}
    for block in text.replace("\r", "").strip().split("\n\n")[1:-1]:
        title, *lines = block.splitlines()
        rows = [re.fullmatch(r"  (.+): ([^:()]+?)(?: \((.*)\))?", line) for line in lines if " Look: " not in line]
        found[title] = [(row[1], row[2], row[3] or "") for row in rows if row is not None]
        assert len(found[title]) == len(lines) - 1, block
    return found


class Html(HTMLParser):
    """Takes the HTML of a mail apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, Table] = {}
        self.links: list[str] = []
        self.tags: set[str] = set()
        self._title, self._row, self._text = "", [""], ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._text = ""
        if tag == "tr":
            self._row = []
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "h3":
            self._title = self._text
        elif tag in ("th", "td"):
            self._row.append(self._text)
        elif tag == "tr":
            self.tables.setdefault(self._title, []).append(tuple(self._row))
