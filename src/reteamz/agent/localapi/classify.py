"""Categories and tags of events by expressions (RE2: linear time), as ActivityWatch gives them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, TypeVar

import re2

from reteamz.agent.localapi.store import LocalEvent
from reteamz.agent.localapi.times import bad
from reteamz.agent.localapi.transforms import Rows, rows_of, with_data

T = TypeVar("T")

_UNCATEGORIZED: Final = ["Uncategorized"]
_CLASSES: Final = 2_000
"""Most classes of one query."""


def searching(pattern: object, ignore_case: bool = False) -> Callable[[str], Any]:
    """Return the search of an expression. Raises ``input_invalid``."""
    if not isinstance(pattern, str):
        raise bad("An expression is text.")
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.log_errors = False
    try:
        return re2.compile(pattern, options).search  # type: ignore[no-any-return]  # re2 tells no type
    except re2.error:
        raise bad("An expression cannot be read; they follow RE2.") from None


class _Rule:
    def __init__(self, told: Any) -> None:
        if not isinstance(told, dict):
            raise bad("A class has a name and a rule.")
        self._keys = told.get("select_keys") or None
        if self._keys is not None and not isinstance(self._keys, list):
            raise bad("The select_keys of a rule are a list.")
        self.priority = told.get("priority", told.get("weight"))
        if ("priority" in told or "weight" in told) and type(self.priority) is not int:
            raise bad("The priority of a rule is a whole number.")
        regex = told.get("regex")
        self._search = searching(regex, told.get("ignore_case") is True) if regex else None

    def matches(self, data: dict[str, Any]) -> bool:
        if self._search is None:
            return False
        values = data.values() if self._keys is None else [data.get(key) for key in self._keys]
        return any(isinstance(value, str) and self._search(value) for value in values)


def categorize(rows: Rows, classes: list[Any]) -> Rows:
    """Give every row the category of the deepest rule that matches, the later one of two; a priority counts instead of ten times the depth."""
    return _given(rows, _rules(classes), "$category", _picked)


def tag(rows: Rows, classes: list[Any]) -> Rows:
    """Give every row the names of all rules that match."""
    return _given(rows, _rules(classes), "$tags", lambda matches: [name for name, _ in matches])


def filter_keyvals_regex(rows: Rows, key: str, pattern: str) -> Rows:
    """Keep rows whose text under a key matches an expression."""
    search = searching(pattern)
    return [row for row in rows_of(rows) if isinstance(row.data.get(key), str) and search(row.data[key])]


def _rules(classes: list[Any]) -> list[tuple[Any, _Rule]]:
    if not isinstance(classes, list) or len(classes) > _CLASSES:
        raise bad(f"Classes are a list of at most {_CLASSES} pairs of a name and a rule.")
    if not all(isinstance(each, list) and len(each) == 2 for each in classes):
        raise bad("A class has a name and a rule.")
    return [(name, _Rule(told)) for name, told in classes]


def _given(
    rows: Rows, rules: list[tuple[Any, _Rule]], key: str, pick: Callable[[list[tuple[Any, _Rule]]], Any]
) -> Rows:
    known: dict[str, Any] = {}

    def given(row: LocalEvent) -> LocalEvent:
        # Chunks hold rows, which JSON does not know; they are judged one by one.
        place = json.dumps(row.data, sort_keys=True, default=id)
        if place not in known:
            known[place] = pick([(name, rule) for name, rule in rules if rule.matches(row.data)])
        return with_data(row, {**row.data, key: list(known[place])})

    return [given(row) for row in rows_of(rows)]


def _picked(matches: list[tuple[Any, _Rule]]) -> list[Any]:
    category, best = _UNCATEGORIZED, None
    for name, rule in matches:
        if not isinstance(name, list):
            raise bad("A category is a list of names.")
        rank = len(name) * 10 if rule.priority is None else rule.priority
        if name and (best is None or rank >= best):
            category, best = name, rank
    return category


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "categorize": categorize,
    "tag": tag,
    "filter_keyvals_regex": filter_keyvals_regex,
}
