"""Rates events by the account's rules, at capture (spec 12)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from reteamz.agent.samples import Event
from reteamz.crypto.matching import Matcher
from reteamz.crypto.names import normalise
from reteamz.wire.rules import RuleField, RuleTree

CACHE: Final = 20_000
"""Names whose verdict is remembered: windows come back."""

_NAMES: Final[tuple[tuple[RuleField, str], ...]] = (
    ("app", "app"), ("title", "title"), ("site", "site"), ("url", "url"), ("doc", "document"),
)  # fmt: skip


def unrated(_: Event) -> int:
    """Return the rating of an event where no rules are in force (spec 9.2)."""
    return -1


class Rater:
    """Judges events by one rule set; remembers the last names in memory."""

    def __init__(self, tree: RuleTree) -> None:
        """``tree`` is in plain text. Raises ``pattern_invalid``."""
        self._matcher = Matcher(tree)
        self._verdict = lru_cache(CACHE)(self._judge)

    def __call__(self, event: Event) -> int:
        """Return the account's rating of an event as spec 9.2 counts them, −1 for none."""
        names = ((field, getattr(event, attribute)) for field, attribute in _NAMES)
        return self._matcher.rating(max((self._verdict(field, text) for field, text in names if text), default=0))

    def _judge(self, field: RuleField, text: str) -> int:
        name = normalise(field, text)
        return self._matcher.verdict(field, name) if name else 0
