"""Which keys may have gone into a password field, from what the desktop tells of the focus. No I/O; where in doubt, they may have.

Keys and focus are told by two ways, each with delays of its own: a key is asked for a little after it arrived, and counts as a password's when a
field for one had the focus at about that time.
"""

from __future__ import annotations

import math
from typing import Final

from reteamz.agent.desktop.base import Window

PASSWORD_TEXT: Final = 40
"""AT-SPI's role of a field that hides what is typed."""
SETTLES_S: Final = 0.5
"""How long after a key it is asked for, and how late a field's focus may be told."""
LINGERS_S: Final = 1.0
"""How long keys count as a password's after its field lost the focus: they may have been pressed before."""

Place = tuple[str, str]
"""A field: its program's name on the bus, and its path there."""


class FieldFocus:
    """Follows the focus. Times are seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self._place: Place | None = None
        self._secret = False
        self._since = 0.0
        self._app: str | None = None
        self._elsewhere: float | None = None
        self._past = (-math.inf, -math.inf)
        self._blind = False

    @property
    def place(self) -> Place | None:
        """The field that has the focus, None where nobody told of one."""
        return self._place

    @property
    def secret(self) -> bool:
        """Whether that is a password field, or not known to be another."""
        return self._secret

    def gained(self, place: Place, now: float) -> None:
        """A field got the focus. It counts as a password field until its program says what it is."""
        self._leave(now)
        self._blind = False
        self._place, self._secret, self._since = place, True, now
        self._app = self._elsewhere = None

    def lost(self, place: Place, now: float) -> None:
        """A field lost the focus."""
        if place == self._place:
            self._leave(now)
            self._place = None

    def told(self, place: Place, role: int | None) -> None:
        """Its program said what a field is; None when it gave no answer to believe."""
        if place == self._place and role is not None:
            self._secret = role == PASSWORD_TEXT

    def blind(self, now: float) -> None:
        """Nobody tells of the focus any more: every key may be a password's, until somebody does again."""
        self._leave(now)
        self._place, self._blind = None, True

    def hidden(self, window: Window, at: float) -> bool:
        """Tell whether a key may have gone into a password field.

        Args:
            window: the one that had the focus when the key arrived. The field is in the window that got the first key after it had the focus.
            at: when the key arrived; this is asked ``SETTLES_S`` later.
        """
        began, ended = self._past
        if self._blind or began - SETTLES_S <= at < ended + LINGERS_S:
            return True
        if not self._secret or at < self._since - SETTLES_S:
            return False
        if at < self._since:
            # Of the field or of what was before it: too close to tell.
            return True
        if self._app is None:
            self._app = window.app
        if self._app == window.app:
            self._elsewhere = None
            return True
        # Another window: the first keys may still be the field's, told late.
        self._elsewhere = at if self._elsewhere is None else self._elsewhere
        return at < self._elsewhere + LINGERS_S

    def _leave(self, now: float) -> None:
        if self._secret:
            began, ended = self._past
            # One right after another is one.
            self._past = (began if self._since - ended < 2 * LINGERS_S else self._since, now)
        self._secret = False
