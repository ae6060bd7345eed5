"""Imported categories against ActivityWatch's own categorisation (`aw_transform.categorize`): the same category for every event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.crypto.asking import Asked, asking

from reteamz.crypto.categories import import_categories
from reteamz.crypto.matching import Matcher
from reteamz.crypto.names import normalise
from reteamz.wire.rules import RuleField

FIELDS: tuple[RuleField, ...] = ("app", "title", "url")
# What the two products mean differently is left to the vectors: letters beyond ASCII in \w, and capitals in the names of applications.
LETTERS = "abkms019"

words = st.text(LETTERS, min_size=1, max_size=3)
pieces = words | st.sampled_from(
    ["[a-k]", "[^ab]", "[\\d.]", "\\d", "\\w", "\\W", "\\s", ".", "\\.", "a b", "\\b", "^", "$"]
)
counted = st.builds(
    lambda piece, count: f"(?:{piece}){count}", pieces, st.sampled_from(["", "*", "+", "?", "{2}", "{1,2}?"])
)
regexes = st.recursive(
    pieces | counted,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map("".join)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})")
    ),
    max_leaves=5,
)
paths = st.lists(st.sampled_from(["Work", "Private", "Mail"]), min_size=1, max_size=3)
rules = st.fixed_dictionaries(
    {"type": st.just("regex"), "regex": regexes, "ignore_case": st.booleans()},
    optional={"select_keys": st.none() | st.lists(st.sampled_from(FIELDS), unique=True)},
)
classes = st.lists(
    st.fixed_dictionaries({"name": paths, "rule": rules | st.just({"type": "none"}) | st.just({"type": None})}),
    max_size=8,
)
texts = st.text(LETTERS + "ABKMS .-", min_size=1, max_size=10).map(lambda text: text.strip() or "x")
events = st.lists(
    st.fixed_dictionaries({}, optional={"app": texts.map(str.lower), "title": texts, "url": texts}),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def activitywatch() -> Iterator[Asked]:
    """ActivityWatch's categorisation."""
    python = Path(__file__).parents[2] / ".venv-activitywatch" / "bin" / "python"
    with asking([str(python), str(Path(__file__).parent / "categorize.py")]) as asked:
        yield asked


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(classes, events)
@example(
    [{"name": ["A", "B"], "rule": {"type": "regex", "regex": "a"}}, {"name": ["C"], "rule": {"type": "regex", "regex": "a"}}],
    [{"title": "a"}],
)  # fmt: skip
def test_the_same_category(activitywatch: Asked, drawn: list[dict[str, Any]], seen: list[dict[str, str]]) -> None:
    imported = import_categories(json.dumps({"categories": drawn}))
    assert imported.left_out == []
    paths: dict[int | None, list[str]] = {None: ["Uncategorized"]}
    for category in imported.tree.categories:
        paths[category.id] = [*(paths[category.parent] if category.parent else []), category.name]
    matcher = Matcher(imported.tree)

    def category_of(event: dict[str, str]) -> list[str]:
        verdicts = (matcher.verdict(field, normalise("title", event[field])) for field in FIELDS if field in event)
        return paths[matcher.category(max(verdicts, default=0))]

    assert activitywatch.ask({"classes": drawn, "events": seen}) == [category_of(event) for event in seen]
