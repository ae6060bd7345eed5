"""Queries over a user's own events, in ActivityWatch's language and with its functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from reteamz.agent.localapi import classify, language, transforms
from reteamz.agent.localapi.store import LocalEvent
from reteamz.agent.localapi.times import bad, to_ms

PERIODS: Final = 1_000
"""Most timeperiods of one query."""

Rows = list[LocalEvent]


class Source(NamedTuple):
    """What a query reads.

    Args:
        rows: returns what lies within two times (ms) of a bucket's events, newest first.
        counted: returns how many of a bucket's events touch two times.
        find: returns the id of a bucket whose id holds a text, on a host or on any.
    """

    rows: Callable[[str, int, int], Rows]
    counted: Callable[[str, int, int], int]
    find: Callable[[str, str | None], str]


def run(source: Source, body: Any) -> list[Any]:
    """Answer the query of a request: what it returns for each of its timeperiods. Raises ``input_invalid`` and what the source raises."""
    if not isinstance(body, dict):
        raise bad("A query has timeperiods and statements.")
    statements, periods = body.get("query"), body.get("timeperiods")
    if not isinstance(statements, list) or not isinstance(periods, list):
        raise bad("A query has timeperiods and statements.")
    if not all(isinstance(line, str) for line in [*statements, *periods]):
        raise bad("Timeperiods and statements are text.")
    if len(periods) > PERIODS:
        raise bad(f"A query has at most {PERIODS} timeperiods.")
    return [_over(source, "\n".join(statements), period) for period in periods]


def _over(source: Source, text: str, period: str) -> Any:
    first, slash, last = period.partition("/")
    if not slash:
        raise bad("A period is two times with a slash between them.")
    start, end = to_ms(first), to_ms(last)
    functions: dict[str, Callable[..., Any]] = {
        **transforms.FUNCTIONS,
        **classify.FUNCTIONS,
        "query_bucket": lambda bucket: source.rows(_text(bucket), start, end),
        "query_bucket_eventcount": lambda bucket: source.counted(_text(bucket), start, end),
        "find_bucket": lambda part, host=None: source.find(_text(part), _text(host) if host else None),
    }
    return _shown(language.run(text, functions, {"STARTTIME": first, "ENDTIME": last}))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _shown(value: Any) -> Any:
    if isinstance(value, LocalEvent):
        return _shown(value.shown())
    if isinstance(value, dict):
        return {key: _shown(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shown(each) for each in value]
    return value
