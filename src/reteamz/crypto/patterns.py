"""Which expressions rules may use, told without an engine, so that every end refuses the same ones at the same place (spec 12.5)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from reteamz.crypto.names import SPACES
from reteamz.wire import limits
from reteamz.wire.errors import ReteamzError

_GROUP: Final = re.compile(
    r"\((?:\?(?:(?:[ims]+(?:-[ims]+)?|-[ims]+)(?P<alone>\))|(?:[ims]+(?:-[ims]+)?|-[ims]+)?:)|(?!\?))"
)
_COUNT: Final = re.compile(r"\{(0|[1-9][0-9]{0,5})(?:(,)(0|[1-9][0-9]{0,5})?)?\}")
_CODE: Final = re.compile(r"\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})")
_SURROGATES: Final = range(0xD800, 0xE000)
_CLASSES: Final = frozenset("dDsSwW")
_CONTROLS: Final = frozenset("aftnrv")


class PatternError(ReteamzError):
    """An expression that is not taken; ``position`` is the offset of the character (code point) that is wrong in its NFC form."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__("pattern_invalid", f"At character {position + 1}: {reason}")
        self.position: Final = position


class _Atom(NamedTuple):
    """What a repetition would repeat: its size, and how often something in it is repeated at most."""

    size: int
    repeat: int


class _Group:
    """A group that is open; ``start`` is the offset of its parenthesis."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.size = 0
        self.repeat = 1


def check_pattern(pattern: str) -> str:
    """Return the expression in the form in which it is stored.

    Raises:
        PatternError: ``pattern_invalid`` for what is outside the subset or too large.
    """
    text = unicodedata.normalize("NFC", pattern)
    if not text:
        raise PatternError(0, "An empty expression matches everything; write one.")
    for position in (0, len(text) - 1):
        if text[position] in SPACES:
            raise PatternError(position, r"A space at the edge is lost; write \x20.")
    for position, character in enumerate(text):
        if ord(character) in _SURROGATES:
            raise PatternError(position, "This is half of a character; write the whole one.")
    if len(text.encode()) > limits.TEXT_BYTES:
        raise PatternError(0, f"The expression is longer than {limits.TEXT_BYTES} bytes; split it into several rules.")
    size_of(text)
    return text


def size_of(pattern: str) -> int:
    """Return the steps of an expression that is stored (spec 12.5). Raises as :func:`check_pattern`."""
    return _Checker(pattern).check()


class _Checker:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._groups = [_Group(0)]
        self._atom: _Atom | None = None
        self._repeated = False
        """Whether the last thing was a repetition."""

    def check(self) -> int:
        while self._at < len(self._text):
            self._step(self._text[self._at])
        if len(self._groups) > 1:
            raise PatternError(self._groups[-1].start, "The group that opens here is never closed; add ).")
        return self._groups[0].size

    def _step(self, character: str) -> None:
        if character in "*+?{":
            self._repeat(character)
            return
        self._repeated = False
        if character == "(":
            self._open()
        elif character == ")":
            self._close()
        elif character == "|":
            self._atom = None
            self._at += 1
        elif character in "^$":
            self._assertion(1)
        elif character == "[":
            self._class()
        elif character == "\\":
            self._escape()
        else:
            self._take(1, 4 if character == "." else 1)

    def _take(self, length: int, size: int) -> None:
        self._add(_Atom(size, 1))
        self._at += length

    def _assertion(self, length: int) -> None:
        self._add(_Atom(1, 1))
        self._atom = None
        self._at += length

    def _add(self, atom: _Atom) -> None:
        group = self._groups[-1]
        group.size += atom.size
        group.repeat = max(group.repeat, atom.repeat)
        if group.size > limits.PATTERN_SIZE:
            raise PatternError(
                self._at, "The expression grows too large here; repeat less, or split it into several rules."
            )
        self._atom = atom

    def _open(self) -> None:
        found = _GROUP.match(self._text, self._at)
        if found is None:
            raise PatternError(
                self._at, "Groups of this kind are not taken; write ( or (?:, and no looking ahead, back or names."
            )
        if not found["alone"]:
            if len(self._groups) > limits.PATTERN_NESTING:
                raise PatternError(self._at, "Groups are nested too deep here; take some away.")
            self._groups.append(_Group(self._at))
        self._atom = None
        self._at = found.end()

    def _close(self) -> None:
        if len(self._groups) == 1:
            raise PatternError(self._at, r"This closes a group that never opened; write \).")
        group = self._groups.pop()
        self._add(_Atom(group.size, group.repeat))
        self._at += 1

    def _repeat(self, sign: str) -> None:
        start = self._at
        least, most, length = 1, 1, 1
        if sign == "{":
            found = _COUNT.match(self._text, start)
            if found is None:
                raise PatternError(start, r"This begins no repetition such as {2,5}; write \{.")
            least = int(found[1])
            most = int(found[3]) if found[3] else least
            length = found.end() - start
            if max(least, most) > limits.PATTERN_REPEAT:
                raise PatternError(start, f"A repetition counts to {limits.PATTERN_REPEAT} at most.")
            if most < least:
                raise PatternError(start, "The counts of this repetition are in the wrong order.")
        if self._repeated:
            raise PatternError(start, "What is repeated already cannot be repeated again; put it into (?: ).")
        if self._atom is None:
            raise PatternError(start, "There is nothing before this that could be repeated; write a \\ before it.")
        times = max(most, 1)
        repeat = self._atom.repeat * times
        if repeat > limits.PATTERN_REPEAT:
            raise PatternError(start, f"Repetitions inside each other multiply to more than {limits.PATTERN_REPEAT}.")
        group = self._groups[-1]
        group.repeat = max(group.repeat, repeat)
        self._add(_Atom(self._atom.size * (times - 1), repeat))
        self._at = start + length
        if self._text.startswith("?", self._at):
            self._at += 1
        self._repeated, self._atom = True, None

    def _escape(self) -> None:
        following = self._text[self._at + 1 : self._at + 2]
        if following and following in _CLASSES:
            self._take(2, 4)
        elif following and following in "bAz":
            self._assertion(2)
        else:
            _, length = self._character(self._at)
            self._take(length, 1)

    def _character(self, at: int) -> tuple[int, int]:
        """Return code point and length of the character at an offset, which may be escaped."""
        character = self._text[at]
        if character != "\\":
            return ord(character), 1
        following = self._text[at + 1 : at + 2]
        if following and following in _CONTROLS:
            return ord("\a\f\t\n\r\v"["aftnrv".index(following)]), 2
        if following and " " <= following <= "~" and not following.isalnum():
            return ord(following), 2
        found = _CODE.match(self._text, at)
        if found is not None:
            code = int(found[1] or found[2], 16)
            if code <= 0x10FFFF and code not in _SURROGATES:
                return code, found.end() - at
        raise PatternError(at, r"This escape is not taken; write \\ for the character itself.")

    def _class(self) -> None:
        start = self._at
        text = self._text
        at = start + 1
        if text.startswith("^", at):
            at += 1
        if text.startswith("]", at):
            raise PatternError(at, r"A class cannot be empty; write \] for the character.")
        items = 0
        while not text.startswith("]", at):
            if at >= len(text):
                raise PatternError(start, "The class that opens here is never closed; add ].")
            if text[at] == "[" and text[at + 1 : at + 2] in (":", "=", "."):
                raise PatternError(at, r"Named classes are not taken; write \[ for the character.")
            items += 1
            if text[at] == "\\" and text[at + 1 : at + 2] in _CLASSES:
                at += 2
                continue
            first, length = self._character(at)
            end = at + length
            if text.startswith("-", end) and end + 1 < len(text) and text[end + 1] != "]":
                last, length = self._character(end + 1)
                if last < first:
                    raise PatternError(at, "The ends of this range are in the wrong order.")
                end += 1 + length
            at = end
        self._take(at + 1 - start, 4 + items)
