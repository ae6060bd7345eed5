"""The two engines: what one refuses the other refuses at the same place, and every name gets the same verdict (spec 12.5-12.8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import re2
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.crypto.asking import Asked, asking

from reteamz.crypto.matching import RULE_FIELDS, Matcher
from reteamz.crypto.names import normalise
from reteamz.crypto.patterns import PatternError, check_pattern
from reteamz.wire.rules import Category, Rule, RuleTree

ROOT = Path(__file__).parents[2]
SIGNS = r"\.^$|?*+()[]{}-"
LETTERS = "abkKsSſéÉßẞσςΣİıIiǅǆ19_ \n\t\u00a0\u0301\U0001f600\U00010428"
LATE = re.compile("[\u019b\u0264\u1c89\u1c8a\ua7cb-\ua7dc\U00010d50-\U00010d85\U00016ea0-\U00016ed3]")

anything = st.text(st.sampled_from(SIGNS * 3 + LETTERS + "dDsSwWbBAzxmi0:=,P<>!#uUQEpC") | st.characters(), max_size=24)
character = st.sampled_from([*LETTERS.strip(), "\\.", "\\\\", "\\n", "\\x4B", "\\x{1F600}", "\\-", "\\]", "/", "#"])
shorthand = st.sampled_from([*(f"\\{letter}" for letter in "dDsSwW")])


@st.composite
def ranges(draw: st.DrawFn) -> str:
    low, high = sorted(draw(st.lists(st.sampled_from(LETTERS.replace("-", "").strip()), min_size=2, max_size=2)))
    return f"{low}-{high}"


classes = st.builds(
    lambda sign, items: f"[{sign}{''.join(items)}]",
    st.sampled_from(["", "^"]),
    st.lists(character.filter(lambda text: text != "[") | shorthand | ranges(), min_size=1, max_size=4),
)
atoms = character | shorthand | classes | st.just(".")
assertions = st.sampled_from(["^", "$", "\\b", "\\A", "\\z", "(?i)", "(?m)", "(?s)", "(?-i)"])
counts = st.sampled_from(["", "", "", "*", "+", "?", "*?", "{2}", "{0}", "{1,3}", "{2,}", "{0,2}?"])


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return sequences, branches and groups of smaller expressions."""
    group = st.builds(
        lambda kind, inside, count: f"({kind}{inside}){count}",
        st.sampled_from(["", "?:", "?i:", "?s-i:", "?m:"]), inner, counts,
    )  # fmt: skip
    return (
        group
        | st.lists(inner, min_size=1, max_size=4).map("".join)
        | st.lists(inner, min_size=2, max_size=3).map("|".join)
    )


expressions = st.recursive(
    st.builds(lambda atom, count: atom + count, atoms, counts) | assertions, grown, max_leaves=10
)
names = st.lists(
    st.text(st.sampled_from(LETTERS * 4 + ".\\-]/#Kk") | st.characters(), max_size=12), min_size=1, max_size=8
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Asked]:
    """The browser's core in Node."""
    node, core = ROOT / ".venv" / "bin" / "node", ROOT / "web" / "core" / "dist" / "check.js"
    with asking([str(node), str(Path(__file__).parent / "judge.mjs"), str(core)]) as asked:
        yield asked


def told(pattern: str) -> dict[str, Any]:
    """Return what this side says of an expression, as the other tells it."""
    try:
        return {"stored": check_pattern(pattern)}
    except PatternError as error:
        return {"code": error.code, "position": error.position, "message": error.message}


def tree(*rules: Rule) -> RuleTree:
    return RuleTree(categories=[Category(1, None, "Work", 2)], rules=list(rules), overrides=[])


def alone(rule: Rule, field: str, name: str) -> bool:
    """Judge with nothing but the engine: one expression, one name."""
    if rule.fields and field not in rule.fields:
        return False
    flags = "i" if rule.ignore_case or field == "app" else ""
    return re2.compile(f"(?{flags}:{rule.pattern})").search(LATE.sub("\ufffd", name)) is not None


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(anything | expressions)
@example("\ud800")
@example("a\u0301*")
@example("(" * 101)
def test_both_take_and_refuse_the_same(browser: Asked, pattern: str) -> None:
    assert browser.ask({"ask": "check", "pattern": pattern}) == told(pattern)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(anything | expressions, st.booleans(), st.lists(st.sampled_from(RULE_FIELDS), unique=True, max_size=2)), min_size=1, max_size=5),
    names,
)  # fmt: skip
@example([("(?i)[^\\W]", False, []), ("k|s", True, [])], ["ſ", "\u212a"])
@example([("\\b", False, [])], ["0\x800", "\x80"])
@example([("x*", True, []), ("(?m)^$", True, [])], ["a\n\nb"])
def test_both_judge_alike(browser: Asked, drawn: list[tuple[str, bool, list[Any]]], texts: list[str]) -> None:
    taken = [(told(pattern).get("stored"), ignore, fields) for pattern, ignore, fields in drawn]
    rules = [Rule(1, fields, pattern, ignore) for pattern, ignore, fields in taken if pattern]
    judged = [(field, normalise(field, text)) for text in texts for field in ("app", "title", "url")]
    matcher = Matcher(tree(*rules))
    verdicts = [matcher.verdict(field, name) for field, name in judged]
    assert verdicts == [
        max((rank for rank, rule in enumerate(rules, 1) if alone(rule, field, name)), default=0)
        for field, name in judged
    ]
    question = {"ask": "verdicts", "tree": msgspec.to_builtins(tree(*rules)), "names": judged}
    assert browser.ask(question) == verdicts


def test_many_rules_are_judged_as_one_by_one() -> None:
    """More than are looked for at once, among them some that are looked for alone."""
    rules = [
        Rule(1, [], f"(?:ab{number}){{1,{300 if number % 10 else 900}}}$", number % 2 == 0) for number in range(100)
    ]
    matcher = Matcher(tree(*rules))
    for name in ("ab7", "AB8ab8", "AB9", "ab99ab99", "ab10ab10ab10", "ab", "xab50"):
        expected = max((rank for rank, rule in enumerate(rules, 1) if alone(rule, "title", name)), default=0)
        assert matcher.verdict("title", name) == expected


def test_every_letter_that_has_a_case(browser: Asked) -> None:
    """Folding is an equivalence: two letters are equal to an engine when the last rule that matches them is the same."""
    codes = {
        code
        for code in range(0x110000)
        if not 0xD800 <= code < 0xE000
        and len({chr(code), *map(str, (chr(code).lower(), chr(code).upper(), chr(code).title()))}) > 1
    }
    letters = [chr(code) for code in sorted(codes | set(browser.ask({"ask": "cased"})))]
    assert len(letters) > 2_800
    rules = [Rule(1, [], letter, True) for letter in letters]
    matcher = Matcher(tree(*rules))
    verdicts = [matcher.verdict("title", letter) for letter in letters]
    question = {
        "ask": "verdicts",
        "tree": msgspec.to_builtins(tree(*rules)),
        "names": [("title", letter) for letter in letters],
    }
    assert browser.ask(question) == verdicts
    unjudged = "".join(letter for letter, verdict in zip(letters, verdicts, strict=True) if not verdict)
    assert LATE.sub("", unjudged) == ""
    assert len(unjudged) < 150
