"""Typed text where pynput hears the keys: what a key wrote, into which window, and never while a password field may have the focus."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from reteamz.agent.desktop.base import BACKSPACE, MOVED, Typed, Window
from reteamz.agent.desktop.letters import composed

LOOK_S: Final = 0.2
"""How often it is looked whether a password field has the focus, in seconds."""
GAP_S: Final = 1.0
"""Longest time between two looks that still proves that there was no password field in between."""
_WRITES: Final = {
    "backspace": BACKSPACE, "enter": "\n", "space": " ", "tab": "\t",
    **dict.fromkeys(("delete", "down", "end", "home", "insert", "left", "page_down", "page_up", "right", "up"), MOVED),
}  # fmt: skip
"""Keys by pynput's names and what they write."""
_HIGH: Final = range(0xD800, 0xDC00)
_LOW: Final = range(0xDC00, 0xE000)


class FocusedWindows(Protocol):
    """What a platform tells of the window with the focus. Both raise OSError."""

    def handle(self) -> int:
        """Return its handle, 0 when there is none; asked at once with every key, so it costs next to nothing."""
        ...

    def described(self, handle: int) -> Window | None:
        """Return what it is."""
        ...


class Listener(Protocol):
    """pynput's keyboard.Listener, as far as it is used."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """End soon."""
        ...


Secret = Callable[[], bool]
"""Tells whether a password field has the focus; raises OSError where it cannot be told just now."""
Listen = Callable[[Callable[[Any, bool], None], Callable[[Any, bool], None]], Listener]
"""Makes a listener, given what is told of pressed and of released keys; the flag says that a program made the event."""


class KeyText:
    """From pynput's keys to text; used by one thread.

    Args:
        commands: tells whether the modifiers that are held, by pynput's names, make a key a command.
    """

    def __init__(self, commands: Callable[[frozenset[str]], bool]) -> None:
        self._commands = commands
        self._held: set[str] = set()
        self._marks = ""
        self._half = ""

    def pressed(self, key: Any) -> str:
        """Return what a key wrote: characters, a code of ``base``, or "" for nothing."""
        name = getattr(key, "name", None)
        if isinstance(name, str) and name.startswith(("alt", "cmd", "ctrl")):
            self._held.add(name)
            return ""
        told = _WRITES.get(name, "") if isinstance(name, str) else (getattr(key, "char", None) or "")
        if self._commands(frozenset(self._held)):
            self._marks = self._half = ""
            return ""
        if getattr(key, "is_dead", False):
            self._marks += getattr(key, "combining", None) or ""
            return ""
        return self._whole(told)

    def released(self, key: Any) -> None:
        """Take note of a key that was let go."""
        self._held.discard(str(getattr(key, "name", "")))

    def _whole(self, told: str) -> str:
        """Put halves of a character together, and marks onto the next one."""
        if len(told) == 1 and ord(told) in _HIGH:
            self._half = told
            return ""
        if len(told) == 1 and ord(told) in _LOW:
            told = (self._half + told).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
        self._half = ""
        if told and self._marks and told.isprintable():
            told, self._marks = composed(told, self._marks), ""
        return told if told in _WRITES.values() or told.isprintable() else ""


def windows_commands(held: frozenset[str]) -> bool:
    """Control and Alt alone make commands on Windows; both together are AltGr, which writes."""
    kinds = {name.partition("_")[0] for name in held}
    return "cmd" in kinds or ("ctrl" in kinds) != ("alt" in kinds)


def mac_commands(held: frozenset[str]) -> bool:
    """Command and Control make commands on macOS; Option writes."""
    return any(name.startswith(("cmd", "ctrl")) for name in held)


class HookedKeys:
    """Listens until it is closed. What hears the keys must not be kept waiting, so they are judged on a thread of their own.

    A key counts when looks before and after it, less than a second apart, found no password field: a field that cannot be asked counts as one.
    What programs type does not count: password managers do.

    Args:
        listen: makes what hears the keys.
        windows: tells of the window with the focus.
        open_secret: called by the judging thread, makes what tells of password fields. Raises OSError.
        text: makes text of keys.
        typed: is told what was written where.
        steady: counts seconds and never goes back.
    """

    def __init__(
        self,
        listen: Listen,
        windows: FocusedWindows,
        open_secret: Callable[[], Secret],
        text: KeyText,
        typed: Typed,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._windows = windows
        self._open_secret = open_secret
        self._text = text
        self._typed = typed
        self._steady = steady
        self._keys: queue.SimpleQueue[tuple[Any, bool, int, float] | None] = queue.SimpleQueue()
        self._looked = 0.0
        self._clear_since: float | None = None
        self._thread = threading.Thread(target=self._judge, name="keys", daemon=True)
        self._thread.start()
        self._listener = listen(self._pressed, self._released)
        self._listener.start()

    def close(self) -> None:
        """Stop listening."""
        self._listener.stop()
        self._keys.put(None)
        self._thread.join(5)

    def _pressed(self, key: Any, made: bool) -> None:
        """A key went down; called by the listening thread."""
        handle = 0
        if not made:
            with suppress(OSError):
                handle = self._windows.handle()
        self._keys.put((key, True, handle, self._steady()))

    def _released(self, key: Any, _made: bool) -> None:
        self._keys.put((key, False, 0, self._steady()))

    def _judge(self) -> None:
        try:
            secret = self._open_secret()
        except OSError:
            return
        while True:
            try:
                heard = self._keys.get(timeout=LOOK_S)
            except queue.Empty:
                self._look(secret)
                continue
            if heard is None:
                return
            self._take(secret, *heard)

    def _take(self, secret: Secret, key: Any, down: bool, handle: int, at: float) -> None:
        if not down:
            self._text.released(key)
            return
        # Keys are put together whether they count or not: a modifier may be held from one field into the next.
        told = self._text.pressed(key)
        if not told or not handle or not self._clear(secret, at):
            return
        with suppress(OSError):
            window = self._windows.described(handle)
            if window is not None:
                self._typed(window, told)

    def _clear(self, secret: Secret, at: float) -> bool:
        if at >= self._looked:
            self._look(secret)
        return self._clear_since is not None and self._clear_since < at

    def _look(self, secret: Secret) -> None:
        began = self._steady()
        try:
            hidden = secret()
        except OSError:
            hidden = True
        if hidden:
            self._clear_since = None
        elif self._clear_since is None or began - self._looked > GAP_S:
            self._clear_since = began
        self._looked = began
