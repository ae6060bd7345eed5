"""The transforms of ActivityWatch's queries, as its core does them; none changes what it is given."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlparse

from reteamz.agent.localapi.store import LocalEvent
from reteamz.agent.localapi.times import from_duration

Rows = list[LocalEvent]
Span = tuple[int, int]
"""Start and end in microseconds."""

_TRIMMED_US: Final = 100_000
"""An overlap shorter than this is taken for none when gaps are closed."""
_COUNT: Final = re.compile(r"^\([0-9]+\)\s*")
_FRAMES: Final = re.compile(r"FPS:\s+[0-9\.]+")
_UNSAVED: Final = re.compile(r"^(●|\*)\s*")


def rows_of(value: Any) -> Rows:
    """Return the rows, as which only a list of events counts. Raises TypeError."""
    if not isinstance(value, list) or not all(isinstance(row, LocalEvent) for row in value):
        raise TypeError
    return value


def with_data(row: LocalEvent, data: dict[str, Any]) -> LocalEvent:
    """Return the row with other data."""
    return LocalEvent(row.id, row.start, row.length, data)


def _span(row: LocalEvent) -> Span:
    return row.start * 1000, row.start * 1000 + row.length


def _at(row: LocalEvent, start: int, end: int) -> LocalEvent:
    """Return the row at another time (µs); starts are whole milliseconds, lengths are not."""
    return LocalEvent(row.id, start // 1000, end - start, row.data)


def filter_keyvals(rows: Rows, key: str, values: list[Any]) -> Rows:
    """Keep rows whose data has one of the values."""
    return [row for row in rows_of(rows) if key in row.data and row.data[key] in values]


def exclude_keyvals(rows: Rows, key: str, values: list[Any]) -> Rows:
    """Drop rows whose data has one of the values."""
    return [row for row in rows_of(rows) if not (key in row.data and row.data[key] in values)]


def merge_events_by_keys(rows: Rows, keys: list[str]) -> Rows:
    """Add up rows whose data is equal under these keys."""
    if not keys:
        return rows_of(rows)
    merged: dict[tuple[Any, ...], LocalEvent] = {}
    for row in rows_of(rows):
        data = {key: row.data[key] for key in keys if key in row.data}
        place = tuple((key, tuple(value) if isinstance(value, list) else value) for key, value in data.items())
        known = merged.get(place)
        length = row.length if known is None else known.length + row.length
        merged[place] = LocalEvent(0, row.start if known is None else known.start, length, data)
    return list(merged.values())


def chunk_events_by_key(rows: Rows, key: str, pulsetime: float = 5.0) -> Rows:
    """Join neighbours whose data is equal under a key."""
    chunks: list[tuple[int, int, Rows]] = []
    for row in sort_by_timestamp(rows):
        if key not in row.data:
            continue
        start, end = _span(row)
        if chunks and start <= chunks[-1][1] + pulsetime * 1e6 and chunks[-1][2][0].data[key] == row.data[key]:
            first, last, held = chunks[-1]
            chunks[-1] = first, max(last, end), [*held, row]
        else:
            chunks.append((start, end, [row]))
    return [
        LocalEvent(0, start // 1000, end - start, {key: held[0].data[key], "subevents": held})
        for start, end, held in chunks
    ]


def sort_by_duration(rows: Rows) -> Rows:
    """Sort, the longest first."""
    return sorted(rows_of(rows), key=lambda row: -row.length)


def sort_by_timestamp(rows: Rows) -> Rows:
    """Sort, the oldest first."""
    return sorted(rows_of(rows), key=lambda row: row.start)


def limit_events(rows: Rows, count: int) -> Rows:
    """Keep the first rows."""
    return rows_of(rows)[: int(count)]


def sum_durations(rows: Rows) -> float:
    """Return the sum of all durations, in seconds."""
    return from_duration(sum(row.length for row in rows_of(rows)))


def concat(rows: Rows, others: Rows) -> Rows:
    """Return all rows of both lists."""
    return rows_of(rows) + rows_of(others)


def _common(one: Span, other: Span) -> Span | None:
    """Return what two spans have in common; a moment counts when it lies inside or at the start of the other."""
    if one[0] <= other[0] and other[1] <= one[1]:
        return other
    if one[0] <= other[0] < one[1]:
        return other[0], one[1]
    if one[0] < other[1] <= one[1]:
        return one[0], other[1]
    return one if other[0] <= one[0] and one[1] <= other[1] else None


def _pairs(rows: Rows, others: Rows) -> Iterator[tuple[LocalEvent, Span]]:
    here, there = 0, 0
    while here < len(rows) and there < len(others):
        one, other = _span(rows[here]), _span(others[there])
        common = _common(one, other)
        if common is not None:
            yield rows[here], common
            past = one[1] <= other[1]
        else:
            past = one[1] <= other[0]
        here, there = (here + 1, there) if past else (here, there + 1)


def filter_period_intersect(rows: Rows, others: Rows) -> Rows:
    """Keep the parts of rows during which one of the others was."""
    pairs = _pairs(sort_by_timestamp(rows), sort_by_timestamp(others))
    return [_at(row, *common) for row, common in pairs]


def period_union(rows: Rows, others: Rows) -> Rows:
    """Return the spans in which a row of either list was, without data."""
    spans: list[Span] = []
    for start, end in map(_span, sort_by_timestamp(concat(rows, others))):
        if spans and start <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], end)
        else:
            spans.append((start, end))
    return [LocalEvent(0, start // 1000, end - start, {}) for start, end in spans]


def union_no_overlap(rows: Rows, others: Rows) -> Rows:
    """Return all rows, and of the others the parts where no row was; both in order of time."""
    ones, twos = list(reversed(rows_of(rows))), list(reversed(rows_of(others)))
    kept: Rows = []
    while ones and twos:
        one, two = _span(ones[-1]), _span(twos[-1])
        if ones[-1].start <= twos[-1].start:
            kept.append(ones.pop())
            if _touch(one, two):
                rest = twos.pop()
                if two[0] < one[1] < two[1]:
                    twos.append(_at(rest, one[1], two[1]))
            continue
        other = twos.pop()
        if _touch(one, two) and one[0] < two[1]:
            kept.append(_at(other, two[0], one[0]))
            twos.append(_at(other, one[0], two[1]))
        else:
            kept.append(other)
    return kept + ones[::-1] + twos[::-1]


def _touch(one: Span, other: Span) -> bool:
    within = other[0] <= one[0] and one[1] <= other[1]
    return within or one[0] <= other[0] < one[1] or one[0] < other[1] <= one[1]


def flood(rows: Rows, pulsetime: float = 5.0) -> Rows:
    """Close small gaps: equal neighbours become one, others meet in the middle; of two that overlap the later one counts."""
    pulse = round(pulsetime * 1e6)
    sorted_rows = sorted(rows_of(rows), key=lambda row: (row.start, row.length))
    spans, data = [_span(row) for row in sorted_rows], [row.data for row in sorted_rows]
    for at in range(len(spans) - 1):
        (start, end), (later, last) = spans[at], spans[at + 1]
        gap, same = later - end, data[at] == data[at + 1]
        if gap < 0 and same:
            whole = max(end, last)
            spans[at], spans[at + 1] = (min(start, later), whole), (_floor(whole), _floor(whole))
        elif gap == 0 or not -_TRIMMED_US < gap <= pulse:
            continue
        elif not same:
            # Whoever had the time between them, nobody knows: half of it each.
            middle = end + _half(gap)
            spans[at], spans[at + 1] = (start, middle), (_floor(middle), _floor(middle) + last - middle)
        elif end - start >= last - later:
            spans[at], spans[at + 1] = (start, last), (_floor(last), _floor(last))
        else:
            # The later one grows to the front, as long as it lasts.
            spans[at], spans[at + 1] = (start, start), (start, last)
    flooded = (_at(row, *span) for row, span in zip(sorted_rows, spans, strict=True))
    return _without_overlap([row for row in flooded if row.length > 0])


def _half(gap: int) -> int:
    """Return half of microseconds as Python halves times: to the even neighbour."""
    return round(gap / 2)


def _floor(us: int) -> int:
    return us // 1000 * 1000


def _without_overlap(rows: Rows) -> Rows:
    kept: Rows = []
    for row in rows:
        start, end = _span(row)
        joined = False
        while kept and _span(kept[-1])[1] > start:
            first, last = _span(kept[-1])
            if kept[-1].data == row.data:
                kept[-1] = _at(kept[-1], first, max(last, end))
                joined = True
                break
            if start > first:
                kept[-1] = _at(kept[-1], first, start)
                break
            kept.pop()
        if not joined:
            kept.append(row)
    return kept


def merge_subwatcher_fields(rows: Rows, others: Rows, keys: list[str], conflict: str = "base_wins") -> Rows:
    """Cut rows where other rows begin and end, and give each part what the newest other row there says under these keys."""
    if conflict not in ("base_wins", "sub_wins"):
        raise ValueError
    told = sort_by_timestamp(others)
    if not told or not keys:
        return list(rows_of(rows))
    starts = [row.start for row in told]
    longest = max(row.length for row in told) // 1000 + 1
    merged: Rows = []
    for row in rows_of(rows):
        start, end = _span(row)
        near = told[bisect_left(starts, row.start - longest) : bisect_left(starts, -(-end // 1000))]
        overlapping = [(other, span) for other, span in ((other, _span(other)) for other in near) if span[1] > start]
        if not overlapping:
            merged.append(row)
            continue
        cuts = sorted({start, end} | {at for _, span in overlapping for at in span if start < at < end})
        parts: Rows = []
        for first, last in pairwise(cuts):
            there = [(span, other.data) for other, span in overlapping if span[0] < last and span[1] > first]
            said = max(there, key=lambda each: each[0])[1] if there else {}
            kept = {key: said[key] for key in keys if key in said and (conflict == "sub_wins" or key not in row.data)}
            if parts and _span(parts[-1])[1] == _floor(first) and parts[-1].data == {**row.data, **kept}:
                whole = parts[-1].length + last - first
                parts[-1] = LocalEvent(row.id, parts[-1].start, whole, parts[-1].data)
            else:
                parts.append(with_data(_at(row, first, last), {**row.data, **kept}))
        merged += parts
    return merged


def split_url_events(rows: Rows) -> Rows:
    """Add the parts of the address to the data of rows that have one."""
    return [with_data(row, {**row.data, **_parts(row.data.get("url"))}) for row in rows_of(rows)]


def _parts(url: object) -> dict[str, str]:
    if not isinstance(url, str):
        return {}
    try:
        parts = urlparse(url)
    except ValueError:
        return {}
    return {
        "$protocol": parts.scheme,
        "$domain": parts.netloc.removeprefix("www.") or parts.scheme,
        "$path": parts.path,
        "$params": parts.params,
        "$options": parts.query,
        "$identifier": parts.fragment,
    }


def simplify_window_titles(rows: Rows, key: str) -> Rows:
    """Take counts of messages, frames a second and marks of unsaved work out of titles."""

    def simple(data: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(data.get(key), str):
            return data
        text = _COUNT.sub("", data[key])
        if key == "title" and "app" in data:
            text = _UNSAVED.sub("", _FRAMES.sub("FPS: ...", text))
        return {**data, key: text}

    return [with_data(row, simple(row.data)) for row in rows_of(rows)]


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    function.__name__: function
    for function in (
        filter_keyvals,
        exclude_keyvals,
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
        merge_subwatcher_fields,
        split_url_events,
        simplify_window_titles,
    )
} | {"nop": lambda: 1}
