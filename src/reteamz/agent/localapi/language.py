"""ActivityWatch's query language: assignments of literals, names and calls, separated by semicolons; nothing else can be said in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from reteamz.agent.localapi.times import bad
from reteamz.wire.errors import ReteamzError

QUERY_CHARACTERS: Final = 512 * 1024
"""Longest query: categories of a large account are part of it."""
_DEPTH: Final = 32
"""How deep calls, lists and objects may lie in each other."""
_SPACE: Final = re.compile(r"\s*")
_NAME: Final = re.compile(r"[^\W\d]\w*")
_NUMBER: Final = re.compile(r"-?\d{1,18}(\.\d{1,18})?")
_CONSTANTS: Final[Mapping[str, Any]] = {"true": True, "false": False, "True": True, "False": False, "null": None}

Functions = Mapping[str, Callable[..., Any]]


def run(text: str, functions: Functions, given: Mapping[str, Any]) -> Any:
    """Run a query and return what it assigns to RETURN.

    Args:
        text: statements such as ``events = query_bucket("…"); RETURN = events;``.
        functions: what may be called.
        given: names that have a value from the start.

    Raises:
        ReteamzError: ``input_invalid``.
    """
    if len(text) > QUERY_CHARACTERS:
        raise bad("A query has at most 512 Ki characters.")
    reader = _Reader(text, functions, {**_CONSTANTS, **given})
    reader.statements()
    if "RETURN" not in reader.names:
        raise bad("A query assigns its result to RETURN.")
    return reader.names["RETURN"]


class _Reader:
    def __init__(self, text: str, functions: Functions, names: dict[str, Any]) -> None:
        self._text = text
        self._functions = functions
        self._at = 0
        self._depth = 0
        self.names = names

    def statements(self) -> None:
        while self._next():
            if self._took(";"):
                continue
            name = self._match(_NAME)
            if not name or not self._took("="):
                raise bad("A query is a list of assignments, each with a semicolon behind it.")
            self.names[name] = self._value()
            if self._next() and not self._took(";"):
                raise self._unreadable()

    def _value(self) -> Any:
        self._depth += 1
        if self._depth > _DEPTH:
            raise bad("The query is nested too deeply.")
        try:
            return self._read(self._next())
        finally:
            self._depth -= 1

    def _read(self, first: str) -> Any:
        if first in "\"'" and first:
            return self._string(first)
        if self._took("["):
            return self._items("]", self._value)
        if self._took("{"):
            return dict(self._items("}", self._entry))
        if number := self._match(_NUMBER):
            return float(number) if "." in number else int(number)
        name = self._match(_NAME)
        if not name:
            raise self._unreadable()
        if self._took("("):
            return self._call(name, self._items(")", self._value))
        if name not in self.names:
            raise bad(f"The query uses the name {name[:40]}, which it never assigned.")
        return self.names[name]

    def _entry(self) -> tuple[str, Any]:
        quote = self._next()
        if not quote or quote not in "\"'":
            raise bad("Keys of an object in a query are text.")
        key = self._string(quote)
        if not self._took(":"):
            raise self._unreadable()
        return key, self._value()

    def _items(self, end: str, read: Callable[[], Any]) -> list[Any]:
        items: list[Any] = []
        while not self._took(end):
            items.append(read())
            if not self._took(",") and self._next() != end:
                raise self._unreadable()
        return items

    def _string(self, quote: str) -> str:
        # A backslash means itself, but for one before the quote: expressions are written as they are.
        start = end = self._at + 1
        while (end := self._text.find(quote, end)) > start and self._text[end - 1] == "\\":
            end += 1
        if end < 0:
            raise bad("A text in the query has no end.")
        self._at = end + 1
        return self._text[start:end].replace("\\" + quote, quote)

    def _call(self, name: str, arguments: list[Any]) -> Any:
        function = self._functions.get(name)
        if function is None:
            raise bad(f"There is no function {name[:40]} here; known are {', '.join(sorted(self._functions))}.")
        try:
            return function(*arguments)
        except ReteamzError:
            raise
        except (TypeError, ValueError, KeyError, AttributeError, IndexError, OverflowError):
            raise bad(f"The function {name} was given something else than it takes.") from None

    def _next(self) -> str:
        """Skip space and return the next character, "" at the end."""
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._text[self._at : self._at + 1]

    def _took(self, character: str) -> bool:
        if self._next() != character:
            return False
        self._at += 1
        return True

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found[0]

    def _unreadable(self) -> ReteamzError:
        return bad(f"The query cannot be read at character {self._at + 1}; see ActivityWatch's query language.")
