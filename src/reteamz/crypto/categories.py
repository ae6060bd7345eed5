"""ActivityWatch's category files become rules (its settings `classes` and `category_sets`, its web interface's export)."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from reteamz.crypto.names import SPACES, normalise
from reteamz.crypto.patterns import PatternError, check_pattern
from reteamz.wire import limits
from reteamz.wire.errors import ReteamzError
from reteamz.wire.rules import Category, Rating, Rule, RuleField, RuleTree

_FIELDS: Final[dict[str, RuleField]] = {"app": "app", "title": "title", "url": "url"}
"""Members of an event's data that are recorded here."""


class LeftOut(msgspec.Struct, frozen=True):
    """A rule that was not taken: path of its category, its expression, and why; ``position`` is where the expression goes wrong."""

    category: list[str]
    pattern: str
    position: int | None
    reason: str


class Imported(msgspec.Struct, frozen=True):
    """What a file said: a tree in plain text, what was left out, and the names of the sets that it holds."""

    tree: RuleTree
    left_out: list[LeftOut]
    sets: list[str]


def import_categories(text: str, chosen: str | None = None) -> Imported:
    """Return the categories and rules of a file.

    Args:
        text: its text, JSON.
        chosen: which of several sets; None for the current one.

    Raises:
        ReteamzError: ``input_invalid`` for what is no such file.
    """
    if len(text.encode("utf-8", "replace")) > limits.DOCUMENT_BYTES:
        raise _invalid("The file is too large")
    try:
        document = json.loads(text.removeprefix("\ufeff"), parse_constant=_constant)
    except (ValueError, RecursionError):
        raise _invalid("The file is not JSON") from None
    classes, sets = _classes(document, chosen)
    maker = _Maker()
    for entry in classes:
        maker.add(entry)
    return Imported(maker.tree(), maker.left_out, sets)


def _classes(document: Any, chosen: str | None) -> tuple[list[Any], list[str]]:
    """Return the list of categories, and the names of all sets."""
    if isinstance(document, list):
        document = {"classes": document}
    if not isinstance(document, dict):
        raise _invalid("The file holds no categories")
    sets: dict[str, Any] = {}
    listed = document.get("category_sets")
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and isinstance(one.get("id"), str):
            sets.setdefault(one["id"], one.get("categories"))
    candidates = [document.get("categories"), document.get("classes"), *sets.values()]
    found = sets.get(chosen) if chosen is not None else next((one for one in candidates if one is not None), None)
    if not isinstance(found, list):
        raise _invalid("The file holds no categories")
    return found, list(sets)


class _Maker:
    def __init__(self) -> None:
        self._ids: dict[tuple[str, ...], int] = {}
        self._categories: list[Category] = []
        self._rules: list[Rule] = []
        self.left_out: list[LeftOut] = []

    def tree(self) -> RuleTree:
        return RuleTree(categories=self._categories, rules=self._rules, overrides=[])

    def add(self, entry: Any) -> None:
        names = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise _invalid("A category of the file has no name")
        path = tuple(normalise("label", name) for name in names)
        if not all(path):
            raise _invalid("A category of the file has no name")
        if len(path) > limits.RULE_DEPTH:
            raise _invalid(f"The categories are nested deeper than {limits.RULE_DEPTH}")
        rule = entry.get("rule")
        rule = rule if isinstance(rule, dict) else {}
        regex = rule.get("regex")
        pattern = regex if rule.get("type") == "regex" and isinstance(regex, str) else ""
        if path == ("Uncategorized",) and not pattern:
            return
        category = self._category(path)
        rating = _rating(entry.get("data"))
        if rating is not None:
            self._categories[category - 1] = msgspec.structs.replace(self._categories[category - 1], rating=rating)
        if pattern:
            self._rule(list(path), category, pattern, rule)

    def _category(self, path: tuple[str, ...]) -> int:
        """Return the id of a category; made with its parents where it is new."""
        known = self._ids.get(path)
        if known is not None:
            return known
        parent = self._category(path[:-1]) if len(path) > 1 else None
        if len(self._categories) == limits.RULE_CATEGORIES:
            raise _invalid(f"The file has more than {limits.RULE_CATEGORIES} categories")
        self._categories.append(Category(len(self._categories) + 1, parent, path[-1], None))
        self._ids[path] = len(self._categories)
        return len(self._categories)

    def _rule(self, path: list[str], category: int, pattern: str, rule: dict[str, Any]) -> None:
        keys = rule.get("select_keys") or []
        if rule.get("priority") is not None or rule.get("weight") is not None:
            reason = "Priorities are not taken; put the rule into a deeper category, or further down."
            self.left_out.append(LeftOut(path, pattern, None, reason))
        elif not isinstance(keys, list) or not all(key in _FIELDS for key in keys):
            reason = "It looks at data that is not recorded here; choose its fields anew."
            self.left_out.append(LeftOut(path, pattern, None, reason))
        elif len(self._rules) == limits.RULES:
            raise _invalid(f"The file has more than {limits.RULES} rules")
        else:
            fields = list(dict.fromkeys(_FIELDS[key] for key in keys))
            try:
                taken = check_pattern(_edges(pattern))
            except PatternError as error:
                self.left_out.append(LeftOut(path, _edges(pattern), error.position, error.message))
            else:
                self._rules.append(Rule(category, fields, taken, rule.get("ignore_case") is True))


def _edges(pattern: str) -> str:
    """Return an expression whose spaces at the edges are written as codes: labels are trimmed (spec 12.5)."""
    rest = pattern.lstrip(SPACES)
    before = pattern[: len(pattern) - len(rest)]
    inner = rest.rstrip(SPACES)
    after = rest[len(inner) :]
    escaped = (len(inner) - len(inner.rstrip("\\"))) % 2 == 1
    if after and escaped:
        inner = inner[:-1]
    return "".join([*map(_code, before), inner, *map(_code, after)])


def _code(character: str) -> str:
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\x{{{ord(character):x}}}"


def _rating(data: Any) -> Rating | None:
    """Return the rating of a score: above 0 productive, below unproductive."""
    score = data.get("score") if isinstance(data, dict) else None
    if not isinstance(score, int | float) or isinstance(score, bool):
        return None
    return 2 if score > 0 else 0 if score < 0 else 1


def _constant(name: str) -> None:
    raise ValueError(name)


def _invalid(reason: str) -> ReteamzError:
    return ReteamzError("input_invalid", f"{reason}; export the categories from ActivityWatch again.")
