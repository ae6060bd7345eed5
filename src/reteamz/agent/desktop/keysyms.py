"""What X11's keys write: from key codes over keysyms to characters, dead keys composed."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from Xlib import X, display

from reteamz.agent.desktop.base import BACKSPACE, MOVED
from reteamz.agent.desktop.letters import composed

SHORTCUT: Final = X.ControlMask | X.Mod1Mask | X.Mod4Mask
"""Modifiers with which a key is a command."""
_LEVEL3: Final = 0xFE03
_MODE_SWITCH: Final = 0xFF7E
_LATIN1: Final = (range(0x20, 0x7F), range(0xA0, 0x100))
_UNICODE: Final = range(0x1000100, 0x1110000)
_DEAD: Final = {
    0xFE50: "\u0300", 0xFE51: "\u0301", 0xFE52: "\u0302", 0xFE53: "\u0303", 0xFE54: "\u0304", 0xFE55: "\u0306", 0xFE56: "\u0307",
    0xFE57: "\u0308", 0xFE58: "\u030a", 0xFE59: "\u030b", 0xFE5A: "\u030c", 0xFE5B: "\u0327", 0xFE5C: "\u0328", 0xFE60: "\u0323",
    0xFE61: "\u0309", 0xFE62: "\u031b",
}  # fmt: skip
"""Dead keys and the marks that they put on the next letter."""
_SPECIAL: Final = {
    0xFF08: BACKSPACE, 0xFF09: "\t", 0xFF0D: "\n", 0xFF8D: "\n", 0xFF80: " ",
    **dict.fromkeys((0xFF50, 0xFF51, 0xFF52, 0xFF53, 0xFF54, 0xFF55, 0xFF56, 0xFF57, 0xFFFF), MOVED),
    **dict.fromkeys(range(0xFF95, 0xFFA0), MOVED),
}  # fmt: skip
_KEYPAD: Final = range(0xFF80, 0xFFBE)


@cache
def _library() -> Callable[[int], int] | None:
    """Return libxkbcommon's table of the keysyms from before Unicode; without it Greek, Cyrillic and the like are not told apart."""
    try:
        convert = ctypes.CDLL("libxkbcommon.so.0").xkb_keysym_to_utf32
    except (OSError, AttributeError):
        return None
    convert.argtypes, convert.restype = [ctypes.c_uint32], ctypes.c_uint32
    return lambda keysym: int(convert(keysym))


@cache
def character(keysym: int) -> str:
    """Return the character of a keysym, "" for those that have none."""
    if any(keysym in part for part in _LATIN1):
        return chr(keysym)
    if keysym in _UNICODE:
        return chr(keysym - 0x1000000)
    library = _library()
    code = library(keysym) if library is not None else 0
    return chr(code) if code >= 0x20 and code != 0x7F else ""


class Keyboard:
    """The keyboard map of a display, and what was begun with a dead key; used by one thread."""

    def __init__(self, shown: display.Display) -> None:
        self._display = shown
        self._dead = ""
        self._map: Sequence[Sequence[int]] = ()
        self._least = 0
        self._level3 = self._numlock = 0
        self.refresh()

    def refresh(self) -> None:
        """Read the map again: layouts change."""
        info = self._display.display.info
        self._least = info.min_keycode
        self._map = self._display.get_keyboard_mapping(info.min_keycode, info.max_keycode - info.min_keycode + 1)
        self._level3 = self._numlock = 0
        for number, codes in enumerate(self._display.get_modifier_mapping()):
            keysyms = {keysym for code in codes if code for keysym in self._row(code)}
            if keysyms & {_LEVEL3, _MODE_SWITCH}:
                self._level3 |= 1 << number
            if 0xFF7F in keysyms:
                self._numlock |= 1 << number

    def typed(self, code: int, state: int) -> str:
        """Return what a key writes with these modifiers: characters, a code of ``base``, or "" for nothing."""
        keysym = self._keysym(code, state)
        if state & SHORTCUT & ~self._level3:
            self._dead = ""
            return ""
        mark = _DEAD.get(keysym)
        if mark is not None:
            self._dead += mark
            return ""
        told = _SPECIAL.get(keysym) or character(keysym)
        if told and self._dead and told.isprintable():
            told, self._dead = composed(told, self._dead), ""
        return told

    def _keysym(self, code: int, state: int) -> int:
        row = self._row(code)
        if not any(row):
            return 0
        # Groups lie at 0 and 2, their third and fourth level at 4 and 6 (XKB protocol, 12.4).
        group = 2 if (state >> 13 & 3) and any(row[2:4]) else 0
        base = group + 4 if self._level3 & state and any(row[group + 4 : group + 6]) else group
        low, high = (*row[base : base + 2], 0, 0)[:2]
        shift = bool(state & X.ShiftMask)
        if high in _KEYPAD and state & self._numlock:
            return high if not shift else low
        if not high:
            high = _upper(low)
        if state & X.LockMask and low != high and character(low).upper() == character(high):
            shift = not shift
        return high if shift else low

    def _row(self, code: int) -> Sequence[int]:
        place = code - self._least
        return self._map[place] if 0 <= place < len(self._map) else ()


def _upper(keysym: int) -> int:
    upper = character(keysym).upper()
    if len(upper) != 1:
        return keysym
    return ord(upper) if ord(upper) < 0x100 else 0x1000000 + ord(upper)
