"""Rule sets as they are signed, and what can be told of one without a key (spec 12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from reteamz.wire import limits
from reteamz.wire.encoding import Count, HashOrEmpty, Id
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp
from reteamz.wire.tokens import split_plain, split_token

RuleField = Literal["app", "title", "site", "url", "doc"]
Rating = Literal[0, 1, 2]
CategoryId = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
LabelEntry = Annotated[str, msgspec.Meta(min_length=1, max_length=6000)]
"""A token or plain entry of field ``label`` (spec 4.4, 4.7)."""


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A node of the tree; ``rating`` None takes its parent's (spec 12.2)."""

    id: CategoryId
    parent: CategoryId | None
    name: LabelEntry
    rating: Rating | None


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An expression that puts names into a category; no ``fields`` are all of them (spec 12.3)."""

    category: CategoryId
    fields: Annotated[list[RuleField], msgspec.Meta(max_length=5)]
    pattern: LabelEntry
    ignore_case: bool


class Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a department rates a category (spec 12.10)."""

    department: Id
    category: CategoryId
    rating: Rating


class RuleTree(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a rule set is about. Ends hold one whose names and patterns are plain text; only as label entries does it leave them."""

    categories: Annotated[list[Category], msgspec.Meta(max_length=limits.RULE_CATEGORIES)]
    rules: Annotated[list[Rule], msgspec.Meta(max_length=limits.RULES)]
    overrides: Annotated[list[Override], msgspec.Meta(max_length=limits.RULE_OVERRIDES)]


class RuleSet(RuleTree, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The payload of a rule set (spec 12.1); ``issued`` in milliseconds."""

    v: Literal[1]
    account: Id
    version: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
    prev: HashOrEmpty
    issued: Count


class RulesHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Version and hash of a rule set; version 0 with hash "" is none."""

    version: Count
    sha256: HashOrEmpty


class RulesView(msgspec.Struct, frozen=True):
    """A signed rule set and the key that is said to have signed it; nothing of it is believed without spec 12.6."""

    version: int
    jws: Annotated[str, msgspec.Meta(max_length=limits.DOCUMENT_BYTES)]
    signer: PublicOkp


class RulesVersions(msgspec.Struct, frozen=True):
    """Versions, oldest first."""

    rules: list[RulesView]


class RulesPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next rule set, signed by the settings key of whoever posts it."""

    rules: Annotated[str, msgspec.Meta(max_length=limits.DOCUMENT_BYTES)]


class Ranked(msgspec.Struct, frozen=True):
    """What a rank stands for (spec 12.8): the rule's position in the list, and its category."""

    rule: int
    category: int


def labels_of(rules: RuleTree) -> Iterator[str]:
    """Yield every label entry of a set: names of categories, then patterns."""
    for category in rules.categories:
        yield category.name
    for rule in rules.rules:
        yield rule.pattern


def depths(rules: RuleTree) -> dict[int, int]:
    """Return category → depth; 1 is the top. Raises ``rules_refused`` for a tree that is none (spec 12.2)."""
    found: dict[int, int] = {}
    for category in rules.categories:
        if category.id in found:
            raise _refused("The rules name a category twice")
        if category.parent is None:
            found[category.id] = 1
            continue
        above = found.get(category.parent)
        if above is None:
            raise _refused("The rules name a category before its parent")
        if above == limits.RULE_DEPTH:
            raise _refused(f"The categories are nested deeper than {limits.RULE_DEPTH}")
        found[category.id] = above + 1
    return found


def require_tree(rules: RuleTree) -> None:
    """Check what categories, rules and overrides must be among themselves (spec 12.2-12.4). Raises ``rules_refused``."""
    known = depths(rules)
    for rule in rules.rules:
        if rule.category not in known:
            raise _refused("A rule names a category that is not there")
        if len(set(rule.fields)) != len(rule.fields):
            raise _refused("A rule names a field twice")
    places = {(override.department, override.category) for override in rules.overrides}
    if len(places) != len(rules.overrides) or any(category not in known for _, category in places):
        raise _refused("A department rates a category twice, or one that is not there")


def require_whole(rules: RuleSet) -> None:
    """Check what one rule set must be by itself (spec 12.1-12.4). Raises ``rules_refused``."""
    if (rules.version == 1) != (rules.prev == ""):
        raise _refused("The first rules name some before them, or later ones name none")
    require_tree(rules)
    forms = set()
    for entry in labels_of(rules):
        token = split_token(entry)
        plain = None if token is not None else split_plain(entry)
        if (token or plain or ("",))[0] != "label":
            raise _refused("The rules hold what is no label")
        forms.add(token[1] if token is not None else 0)
    if len(forms) > 1:
        raise _refused("The labels of the rules are not of one epoch")


def epoch_of(rules: RuleSet) -> int | None:
    """Return the epoch of a whole set's labels: 0 when they are plain, None when there are none."""
    entry = next(labels_of(rules), None)
    if entry is None:
        return None
    token = split_token(entry)
    return token[1] if token is not None else 0


def ranks(rules: RuleTree) -> list[Ranked]:
    """Return what the ranks stand for; rank r is element r − 1 (spec 12.8)."""
    known = depths(rules)
    order = sorted(range(len(rules.rules)), key=lambda position: (known[rules.rules[position].category], position))
    return [Ranked(position, rules.rules[position].category) for position in order]


def category_ratings(rules: RuleTree, department: str | None = None) -> dict[int, Rating | None]:
    """Return category → rating, inherited where a category has none of its own (spec 12.9, 12.10).

    Args:
        rules: a whole set.
        department: whose overrides hold; None for the account's own ratings.
    """
    own = {override.category: override.rating for override in rules.overrides if override.department == department}
    found: dict[int, Rating | None] = {}
    for category in rules.categories:
        rating: Rating | None = own.get(category.id, category.rating)
        if rating is None and category.parent is not None:
            rating = found[category.parent]
        found[category.id] = rating
    return found


def _refused(reason: str) -> ReteamzError:
    return ReteamzError("rules_refused", f"{reason}; load the page again, and do not trust this server if it stays.")
