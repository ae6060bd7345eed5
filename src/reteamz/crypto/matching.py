"""Judges names by the expressions of a rule set (spec 12.7, 12.8), in time that is linear in the name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, get_args

import msgspec
import re2

from reteamz.crypto.patterns import PatternError, size_of
from reteamz.wire.rules import RuleField, RuleTree, category_ratings, ranks

RULE_FIELDS: Final[tuple[RuleField, ...]] = get_args(RuleField)

# Letters that got another case after Unicode 15: one engine knows it, the other does not (spec 12.7).
_LATE: Final = re.compile("[\u019b\u0264\u1c89\u1c8a\ua7cb-\ua7dc\U00010d50-\U00010d85\U00016ea0-\U00016ed3]")
_SET_RULES: Final = 32
_SET_SIZE: Final = 1_000
_SET_MEMORY: Final = 2 * 1024 * 1024
"""Limits of expressions that are looked for together: within them an automaton never runs out of its memory, in bytes."""


class _Expression(msgspec.Struct, frozen=True):
    rank: int
    text: str
    size: int


class Matcher:
    """Tells which rule judges a name. Ranks count from 1; 0 is no rule.

    Raises:
        PatternError: ``pattern_invalid`` for an expression that is not taken.
    """

    def __init__(self, tree: RuleTree) -> None:
        """``tree`` is whole (spec 12.2-12.4), its patterns in plain text."""
        self._ranks = ranks(tree)
        self._ratings = category_ratings(tree)
        expressions = {field: tuple(_expressions(tree, field)) for field in RULE_FIELDS}
        # Most rules look at every field: what looks for the same expressions is made once.
        made = {some: _judges(some) for some in set(expressions.values())}
        self._judges = {field: made[some] for field, some in expressions.items()}

    def verdict(self, field: RuleField, name: str) -> int:
        """Return the highest rank whose rule matches; ``name`` is normalised (spec 4.1)."""
        text = _LATE.sub("\ufffd", name)
        return next((rank for judge in self._judges[field] if (rank := judge.rank(text))), 0)

    def category(self, rank: int) -> int | None:
        """Return the category that a rank stands for, None for rank 0."""
        return self._ranks[rank - 1].category if rank else None

    def rating(self, rank: int) -> int:
        """Return the account's rating of a rank as spec 9.2 counts them, −1 for none."""
        category = self.category(rank)
        rating = self._ratings[category] if category is not None else None
        return -1 if rating is None else rating


class _Together:
    """Neighbours in rank, looked for at once."""

    def __init__(self, expressions: list[_Expression]) -> None:
        self._ranks = [expression.rank for expression in expressions]
        self._set = re2.Set.SearchSet(_options(_SET_MEMORY))
        for expression in expressions:
            self._set.Add(expression.text)
        self._set.Compile()

    def rank(self, text: str) -> int:
        return max((self._ranks[index] for index in self._set.Match(text) or ()), default=0)


class _Alone:
    """A large expression."""

    def __init__(self, expression: _Expression) -> None:
        self._rank = expression.rank
        self._compiled = re2.compile(expression.text, _options())

    def rank(self, text: str) -> int:
        return self._rank if self._compiled.search(text) else 0


def _judges(expressions: tuple[_Expression, ...]) -> list[_Together | _Alone]:
    """Return what looks for the expressions, the highest ranks first."""
    judges: list[_Together | _Alone] = []
    together: list[_Expression] = []
    try:
        for expression in expressions:
            full = len(together) == _SET_RULES or sum(one.size for one in together) + expression.size > _SET_SIZE
            if full and together:
                judges.append(_Together(together))
                together = []
            if expression.size > _SET_SIZE:
                judges.append(_Alone(expression))
            else:
                together.append(expression)
        if together:
            judges.append(_Together(together))
    except re2.error:
        raise PatternError(0, "The engine does not take this expression; write it another way.") from None
    return judges


def _expressions(tree: RuleTree, field: RuleField) -> Iterator[_Expression]:
    for rank, ranked in reversed(list(enumerate(ranks(tree), 1))):
        rule = tree.rules[ranked.rule]
        if not rule.fields or field in rule.fields:
            # Names of applications have lost their capitals (spec 4.1), so their case never counts.
            flags = "i" if rule.ignore_case or field == "app" else ""
            yield _Expression(rank, f"(?{flags}:{rule.pattern})", size_of(rule.pattern))


def _options(memory: int | None = None) -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    if memory is not None:
        options.max_mem = memory
    return options
