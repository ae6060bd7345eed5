"""What was in front of somebody, out of what three watchers saw: windows while they were there, with the address of the browser then."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from reteamz.agent.feeds import is_browser
from reteamz.agent.history.past import Past
from reteamz.agent.history.reading import AFK, WEB, WINDOW, Source
from reteamz.agent.history.staging import Staging
from reteamz.agent.localapi.store import LocalEvent
from reteamz.agent.localapi.transforms import filter_keyvals, filter_period_intersect, flood, merge_subwatcher_fields
from reteamz.wire.errors import ReteamzError

_PART_MS: Final = 86_400_000
_PART_EVENTS: Final = 5_000
"""Time is combined a day at a time, or this many windows."""
_BYTES: Final = 4_095
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_FAMILIES: Final = {
    "chrome": ("chrom", "brave"), "firefox": ("firefox", "librewolf", "nightly"), "edge": ("edge",), "opera": ("opera",),
    "brave": ("brave",), "vivaldi": ("vivaldi",), "safari": ("safari",),
}  # fmt: skip
"""What the id of a browser's bucket holds → what the names of its windows' programs hold."""


Offset = Callable[[int], int]
"""Tells the local time's distance from UTC in minutes, at a time (ms)."""


def hosts(sources: list[Source]) -> list[str]:
    """Return the computers whose windows the export has."""
    return sorted({source.hostname for source in sources if source.type == WINDOW})


def of_host(sources: list[Source], host: str) -> list[Source]:
    """Return the buckets of one computer; browsers often do not know theirs. Raises ``input_invalid`` when it has no windows of it."""
    if host not in hosts(sources):
        found = ", ".join(hosts(sources)) or "none"
        raise ReteamzError(
            "input_invalid", f"The export has no windows of {host[:100]}; it has those of: {found[:500]}."
        )
    return [
        source
        for source in sources
        if source.hostname == host or (source.type == WEB and source.hostname in ("", "unknown"))
    ]


def combined(staging: Staging, sources: list[Source], until: int, offset: Offset) -> Iterator[tuple[int, list[Past]]]:
    """Yield what was in front of somebody, a part of the time after the other, each with how many windows it was made of.

    Args:
        staging: holds the events, in order.
        sources: the buckets of one computer.
        until: what lies behind is left out (ms).
        offset: tells the local time's distance from UTC in minutes, at a time (ms).
    """
    for window in (source for source in sources if source.type == WINDOW):
        for start, end, count in _parts(staging, window.number, until):
            rows = _windows(staging, window, sources, start, end)
            yield count, [past for row in rows if (past := _past(row, offset)) is not None]


def _parts(staging: Staging, bucket: int, until: int) -> Iterator[tuple[int, int, int]]:
    first, count, last = -1, 0, 0
    for at in staging.starts(bucket, 0):
        if at >= until:
            break
        if first >= 0 and (count >= _PART_EVENTS or at // _PART_MS != first // _PART_MS) and at > last:
            yield first, at, count
            first, count = at, 0
        first, last = at if first < 0 else first, at
        count += 1
    if first >= 0:
        yield first, until, count


def _windows(staging: Staging, window: Source, sources: list[Source], start: int, end: int) -> list[LocalEvent]:
    rows = flood(staging.within(window.number, start, end))
    presence = [source for source in sources if source.type == AFK]
    if presence:
        there = [row for source in presence for row in flood(staging.within(source.number, start, end))]
        rows = filter_period_intersect(rows, filter_keyvals(there, "status", ["not-afk"]))
    for source in sources:
        if source.type != WEB:
            continue
        tabs = flood(staging.within(source.number, start, end))
        fronts = [row for row in rows if _speaks_for(source.id, str(row.data.get("app", "")))]
        behind = [row for row in rows if not _speaks_for(source.id, str(row.data.get("app", "")))]
        rows = behind + merge_subwatcher_fields(fronts, tabs, ["url", "incognito"])
    return rows


def _speaks_for(bucket: str, app: str) -> bool:
    """Tell whether a browser's bucket may tell what a program's window shows."""
    parts = [part for name, parts in _FAMILIES.items() if name in bucket.lower() for part in parts]
    return is_browser(app) and (not parts or any(part in app.lower() for part in parts))


def _past(row: LocalEvent, offset: Offset) -> Past | None:
    app, title, url = (_text(row.data.get(name)) for name in ("app", "title", "url"))
    if row.end <= row.start or not (app or title):
        return None
    # What happened in a private window is nobody's business.
    private = row.data.get("incognito") is True
    return Past(row.start, row.end, offset(row.start), app, title, "" if private else url)


def _text(value: object) -> str:
    """Return a name as the agent takes it: control characters would only make it long on its way there."""
    if not isinstance(value, str):
        return ""
    return _CONTROL.sub(" ", value).encode("utf-8", "replace")[:_BYTES].decode("utf-8", "ignore")
