"""What the simulated company thinks of what is on its screens: categories in a tree, and expressions that put names into them."""

from __future__ import annotations

from typing import Final

from reteamz.wire.rules import Category, Rating, Rule, RuleField, RuleTree

Path = tuple[str, ...]

CATEGORIES: Final[dict[Path, Rating | None]] = {
    ("Work",): 2,
    ("Work", "Customers and offers"): None,
    ("Work", "Books and taxes"): None,
    ("Work", "Lamp design"): None,
    ("Work", "Lamp firmware"): None,
    ("Work", "Lamp firmware", "Reviews and issues"): None,
    ("Work", "Meetings in rooms"): None,
    ("Messages",): 1,
    ("Messages", "Letters about offers"): 2,
    ("Private",): 0,
    ("Private", "Music and films"): None,
    ("Private", "News and weather"): None,
    ("Reading up",): None,
}
"""Path of a category and its rating; None takes the parent's."""

RULES: Final[tuple[tuple[Path, tuple[RuleField, ...], str], ...]] = (
    (("Work",), ("app",), r"^(?:winword|excel|powerpnt|acrobat)\.exe$"),
    (("Work", "Customers and offers"), ("title",), r"\bOffer \d+|pitch for|Pipeline Q[1-4]"),
    (("Work", "Customers and offers"), ("site",), r"^crm\."),
    (("Work", "Books and taxes"), ("title",), r"Tallyhouse Ledger|Open invoices|VAT return|Payments to"),
    (("Work", "Lamp design"), (), r"\.(?:dwg|psd|blend)\b|figma\.com"),
    (("Work", "Lamp firmware"), ("app",), r"^(?:code|windowsterminal)\.exe$"),
    (
        ("Work", "Lamp firmware", "Reviews and issues"),
        ("url",),
        r"^https://github\.com/[^/]+/[^/]+/(?:issues|pull)/\d+",
    ),
    (("Work", "Meetings in rooms"), ("title",), r"\| Microsoft Teams$"),
    (("Messages",), ("app",), r"^(?:outlook|slack)\.exe$"),
    (("Messages", "Letters about offers"), ("title",), r"^RE: Offer"),
    (("Private", "Music and films"), (), r"Spotify|YouTube"),
    (("Private", "News and weather"), ("site",), r"dailylantern|trailweather"),
    (("Reading up",), ("title",), r"Wikipedia|Foundry Supplies"),
)
"""Category, fields (none are all) and expression of each rule; case does not count."""


def tree() -> RuleTree:
    """Return the company's rules in plain text."""
    ids = {path: number for number, path in enumerate(CATEGORIES, 1)}
    return RuleTree(
        categories=[Category(ids[path], ids.get(path[:-1]), path[-1], rating) for path, rating in CATEGORIES.items()],
        rules=[Rule(ids[path], list(fields), pattern, True) for path, fields, pattern in RULES],
        overrides=[],
    )
