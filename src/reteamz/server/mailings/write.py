"""What a report says, as text and as HTML. Names are entries, tokens in encrypted accounts; the subject has none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Final, Literal
from urllib.parse import urlencode

from reteamz.server.pages.texts import day, duration, moved, name, number, percent, short_day
from reteamz.server.rating.rate import Ratings
from reteamz.server.reports import queries
from reteamz.server.reports.categories import NOWHERE, with_categories
from reteamz.server.reports.category_types import Categories
from reteamz.server.reports.filters import Filter
from reteamz.server.reports.rated_types import Productivity
from reteamz.server.reports.types import Overview
from reteamz.server.store.activity import ActivityStore
from reteamz.wire.mailings import Rhythm

TOP: Final = queries.TOP
"""Most lines of a list."""
OLD: Final = "a name of before encryption"
"""Stands for what is readable in an account that is encrypted by now."""
_WORDS: Final[dict[Rhythm, str]] = {"daily": "day", "weekly": "week", "monthly": "month"}
_RATINGS: Final[tuple[Literal["productive", "neutral", "unproductive", "uncategorised"], ...]] = (
    "productive", "neutral", "unproductive", "uncategorised",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class About:
    """What a report speaks of besides its days.

    Attributes:
        origin: the address under which people reach the server.
        encrypted: whether the account is: nothing readable leaves it then.
        everybody: whether the receiver sees the whole account.
        department, label: the department it is narrowed to and the entry of its name, "" for none.
    """

    rhythm: Rhythm
    origin: str
    encrypted: bool
    everybody: bool
    department: str
    label: str


@dataclass(frozen=True, slots=True)
class Found:
    """The numbers of a report."""

    overview: Overview
    rated: Productivity
    categories: Categories
    alerts: int
    alerts_before: int


def find(activity: ActivityStore, filter: Filter, ratings: Ratings, alerts: int, alerts_before: int, now: int) -> Found:
    """Look everything up but alerts, which the caller counted. Blocks: call it in a thread."""
    rated, categories = with_categories(activity, filter, ratings)
    return Found(queries.overview(activity, filter, now), rated, categories, alerts, alerts_before)


@dataclass(frozen=True, slots=True)
class Part:
    """A table of a mail: what a line is called, its value, and the change."""

    title: str
    rows: Sequence[tuple[str, str, str]]
    path: str


def subject(about: About, first: date, last: date) -> str:
    """Return the subject: the days, and nothing about anybody."""
    if about.rhythm == "daily":
        return f"Report of {day(first)}"
    if about.rhythm == "weekly":
        return f"Report of the week {short_day(first)} – {short_day(last)} {last.year}"
    return f"Report of {first:%B %Y}"


def parts_of(about: About, found: Found) -> list[Part]:
    """Return the tables of a mail."""
    told, before = found.overview.totals, found.overview.previous
    rated, earlier = found.rated.totals, found.rated.previous
    totals = [
        _line("Work", told.work, before.work),
        _line("Active", told.active + told.meeting, before.active + before.meeting),
        _line("Idle", told.idle, before.idle),
        *(_line(one.capitalize(), getattr(rated, one), getattr(earlier, one)) for one in _RATINGS),
        ("Alerts", number(found.alerts), f"{number(found.alerts_before)} before"),
    ]
    people = [
        (_shown(about, row.name) or "unconfirmed computers", duration(row.hours.work), percent(row.share))
        for row in found.overview.people
    ]
    apps = [(_shown(about, row.name), duration(row.ms), percent(row.share)) for row in found.overview.apps]
    # Those below are in those at the top already.
    tops = [row for row in found.categories.rows if row.depth == 1 and row.rated.tracked]
    tops.sort(key=lambda row: (-row.rated.tracked, row.id))
    named = any(row.id != NOWHERE for row in tops)
    categories = [
        (
            _shown(about, row.name) if row.id != NOWHERE else "No category",
            duration(row.rated.tracked),
            percent(row.share),
        )
        for row in tops[:TOP]
        if named
    ]
    return [
        Part("Totals", totals, ""),
        Part("People", people, "people"),
        Part("Applications", apps, "apps"),
        Part("Categories", categories, "productivity"),
    ]


def _line(word: str, now: int, before: int) -> tuple[str, str, str]:
    if not before:
        return word, duration(now), "new" if now else ""
    return word, duration(now), f"{moved(now, before)}, {duration(before)} before"


def _shown(about: About, entry: str) -> str:
    if about.encrypted and entry and not entry.startswith("rtz1."):
        return OLD
    return name(entry)


def _link(about: About, found: Found, path: str) -> str:
    """Return the address of a page with the filter set."""
    query = [("from", found.overview.first), ("to", found.overview.last)]
    query += [("department", about.department)] if about.department else []
    return f"{about.origin}/{path}?{urlencode(query)}"


def _head(about: About, found: Found) -> list[str]:
    """Return what stands above the tables."""
    first, last = found.overview.first, found.overview.last
    days = day(first) if first == last else f"{day(first)} – {day(last)}"
    whose = "everybody" if about.everybody else "the people of your departments"
    if about.department:
        whose = f"the department {_shown(about, about.label)}"
    earlier = found.overview.previous_first, found.overview.previous_last
    before = day(earlier[0]) if earlier[0] == earlier[1] else f"{day(earlier[0])} – {day(earlier[1])}"
    lines = [f"The {_WORDS[about.rhythm]} {days}, {whose}.", f"Compared with {before}."]
    if not found.overview.events:
        lines.append("Nothing was recorded in this time.")
    if about.encrypted:
        lines.append("Names are encrypted: the links show them in your browser, once you are logged in.")
    return lines


def _foot(about: About) -> str:
    return f"{about.origin}/reports"


def text_of(about: About, found: Found) -> str:
    """Return a mail as text."""
    blocks = ["\n".join(_head(about, found))]
    for part in parts_of(about, found):
        if part.rows:
            lines = [f"  {': '.join(row[:2])}{f' ({row[2]})' if row[2] else ''}" for row in part.rows]
            blocks.append("\n".join([part.title, *lines, f"  Look: {_link(about, found, part.path)}"]))
    blocks.append(f"All alerts: {about.origin}/alerts\nChange or stop this mail: {_foot(about)}")
    return "\n\n".join(blocks) + "\n"


def html_of(about: About, found: Found) -> str:
    """Return a mail as HTML: escaped text, no picture, no style, nothing that is fetched."""
    pieces = ["<!doctype html>", *(f"<p>{escape(line)}</p>" for line in _head(about, found))]
    for part in parts_of(about, found):
        if part.rows:
            link = escape(_link(about, found, part.path))
            pieces.append(
                f'<h3>{part.title}</h3>\n<table cellpadding=4>{_rows(part.rows)}</table>\n<p><a href="{link}">Look</a></p>'
            )
    pieces.append(f'<p><a href="{escape(about.origin)}/alerts">All alerts</a> · ')
    pieces[-1] += f'<a href="{escape(_foot(about))}">Change or stop this mail</a></p>'
    return "\n".join(pieces) + "\n"


def _rows(rows: Iterable[tuple[str, str, str]]) -> str:
    return "".join(
        f"<tr><th align=left>{escape(word)}</th><td align=right>{escape(value)}</td><td>{escape(more)}</td></tr>"
        for word, value, more in rows
    )
