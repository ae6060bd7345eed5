"""The common transforms of ActivityWatch's queries, on events as dictionaries (timestamp, duration in seconds, data)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlsplit

import re2

from reteamz.agent.localapi.times import bad, from_ms, to_ms

Row = dict[str, Any]
Rows = list[Row]


def _end(row: Row) -> int:
    length: int = round(row["duration"] * 1000)
    return to_ms(row["timestamp"]) + length


def _between(row: Row, start: int, end: int) -> Row:
    return {**row, "timestamp": from_ms(start), "duration": (end - start) / 1000}


def filter_keyvals(rows: Rows, key: str, values: list[Any]) -> Rows:
    """Keep rows whose data has one of the values."""
    return [row for row in rows if key in row["data"] and row["data"][key] in values]


def exclude_keyvals(rows: Rows, key: str, values: list[Any]) -> Rows:
    """Drop rows whose data has one of the values."""
    return [row for row in rows if not (key in row["data"] and row["data"][key] in values)]


def filter_keyvals_regex(rows: Rows, key: str, pattern: str) -> Rows:
    """Keep rows whose text matches a pattern (RE2: linear time)."""
    try:
        search = re2.compile(pattern).search
    except re2.error:
        raise bad("The pattern cannot be read; patterns follow RE2.") from None
    return [row for row in rows if isinstance(row["data"].get(key), str) and search(row["data"][key])]


def merge_events_by_keys(rows: Rows, keys: list[str]) -> Rows:
    """Add up rows whose data is equal under these keys."""
    merged: dict[tuple[str, ...], Row] = {}
    for row in rows:
        if not all(key in row["data"] for key in keys):
            continue
        data = {key: row["data"][key] for key in keys}
        place = tuple(repr(value) for value in data.values())
        if place in merged:
            merged[place]["duration"] += row["duration"]
        else:
            merged[place] = {"id": None, "timestamp": row["timestamp"], "duration": row["duration"], "data": data}
    return list(merged.values())


def chunk_events_by_key(rows: Rows, key: str, pulsetime: float = 5.0) -> Rows:
    """Join neighbours whose data is equal under a key."""
    chunks: Rows = []
    for row in sort_by_timestamp(rows):
        value = row["data"].get(key)
        last = chunks[-1] if chunks else None
        near = last is not None and to_ms(row["timestamp"]) <= _end(last) + pulsetime * 1000
        if last is not None and near and last["data"][key] == value:
            last["duration"] = max(last["duration"], (_end(row) - to_ms(last["timestamp"])) / 1000)
            last["data"]["subevents"].append(row)
        elif key in row["data"]:
            chunks.append({**row, "id": None, "data": {key: value, "subevents": [row]}})
    return chunks


def sort_by_duration(rows: Rows) -> Rows:
    """Sort, the longest first."""
    return sorted(rows, key=lambda row: -row["duration"])


def sort_by_timestamp(rows: Rows) -> Rows:
    """Sort, the oldest first."""
    return sorted(rows, key=lambda row: to_ms(row["timestamp"]))


def limit_events(rows: Rows, count: int) -> Rows:
    """Keep the first rows."""
    return rows[: max(0, int(count))]


def sum_durations(rows: Rows) -> float:
    """Return the sum of all durations, in seconds."""
    return float(sum(row["duration"] for row in rows))


def concat(*lists: Rows) -> Rows:
    """Return all rows of several lists."""
    return [row for rows in lists for row in rows]


def filter_period_intersect(rows: Rows, others: Rows) -> Rows:
    """Keep the parts of rows during which one of the others was."""
    spans = sorted((to_ms(other["timestamp"]), _end(other)) for other in others)
    kept: Rows = []
    for row in sort_by_timestamp(rows):
        start, end = to_ms(row["timestamp"]), _end(row)
        for first, last in spans:
            if first < end and last > start:
                kept.append(_between(row, max(start, first), min(end, last)))
    return kept


def period_union(rows: Rows, others: Rows) -> Rows:
    """Return the spans in which a row of either list was, without data."""
    spans: list[list[int]] = []
    for start, end in sorted((to_ms(row["timestamp"]), _end(row)) for row in [*rows, *others]):
        if spans and start <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], end)
        else:
            spans.append([start, end])
    return [
        {"id": None, "timestamp": from_ms(start), "duration": (end - start) / 1000, "data": {}} for start, end in spans
    ]


def union_no_overlap(rows: Rows, others: Rows) -> Rows:
    """Return all rows, and of the others the parts where no row was."""
    spans = [(to_ms(row["timestamp"]), _end(row)) for row in rows]
    kept = list(rows)
    for other in others:
        free = [(to_ms(other["timestamp"]), _end(other))]
        for first, last in spans:
            free = [
                part
                for start, end in free
                for part in ((start, min(end, first)), (max(start, last), end))
                if part[1] > part[0]
            ]
        kept += [_between(other, start, end) for start, end in free]
    return sort_by_timestamp(kept)


def flood(rows: Rows, pulsetime: float = 5.0) -> Rows:
    """Close small gaps: a row lasts until the next one begins, when that is near."""
    flooded = [dict(row) for row in sort_by_timestamp(rows)]
    for row, following in pairwise(flooded):
        gap = to_ms(following["timestamp"]) - _end(row)
        if 0 < gap <= pulsetime * 1000:
            row["duration"] += gap / 1000
    return flooded


def split_url_events(rows: Rows) -> Rows:
    """Add the parts of the address to the data of rows that have one."""
    split = []
    for row in rows:
        data = dict(row["data"])
        if isinstance(data.get("url"), str):
            parts = urlsplit(data["url"])
            data |= {
                "$protocol": parts.scheme,
                "$domain": parts.netloc.removeprefix("www."),
                "$path": parts.path,
                "$params": parts.query,
                "$options": "",
                "$identifier": parts.fragment,
            }
        split.append({**row, "data": data})
    return split


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    function.__name__: function
    for function in (
        filter_keyvals,
        exclude_keyvals,
        filter_keyvals_regex,
        merge_events_by_keys,
        chunk_events_by_key,
        sort_by_duration,
        sort_by_timestamp,
        limit_events,
        sum_durations,
        concat,
        filter_period_intersect,
        period_union,
        union_no_overlap,
        flood,
        split_url_events,
    )
} | {"nop": lambda: 1}
