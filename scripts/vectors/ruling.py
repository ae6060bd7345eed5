"""Suites about rules: what is trusted, which expressions are taken, which names they judge."""

from __future__ import annotations

from typing import Any

import msgspec
from scripts.vectors import run
from scripts.vectors.cases import Suite
from scripts.vectors.trust import ACCOUNT, MASTER, NOW, OTHER, okp

from reteamz.crypto.keys import PrivateOkp
from reteamz.crypto.rules import NONE, sign_rules
from reteamz.crypto.signing import sign_jws
from reteamz.crypto.tokens import TokenCipher, plain_entry
from reteamz.wire.encoding import b64decode, sha256
from reteamz.wire.jwk import thumbprint
from reteamz.wire.rules import Category, Override, Rule, RuleSet, RulesHead, RuleTree

DEPARTMENT = OTHER


def _tree(*rules: Rule, **changes: Any) -> RuleTree:
    tree = RuleTree(
        categories=[
            Category(1, None, "Work", 2), Category(2, 1, "Programming", None), Category(7, None, "Private", None),
            Category(4, 2, "Reteamz", 1), Category(3, 7, "Games", 0),
        ],
        rules=list(rules) or [Rule(1, [], "Excel|Word", False), Rule(3, ["site"], r"^chess\.", True)],
        overrides=[Override(DEPARTMENT, 3, 1)],
    )  # fmt: skip
    return msgspec.structs.replace(tree, **changes)


def _entry(text: str) -> str:
    return TokenCipher(b64decode(MASTER), 1).encrypt("label", text)


def _head(jws: str, version: int) -> RulesHead:
    return RulesHead(version, sha256(jws.encode()))


def _payload(**changes: Any) -> RuleSet:
    tree = _tree()
    labelled = {
        "categories": [msgspec.structs.replace(one, name=_entry(one.name)) for one in tree.categories],
        "rules": [msgspec.structs.replace(one, pattern=_entry(one.pattern)) for one in tree.rules],
        "overrides": tree.overrides,
    }
    payload = RuleSet(v=1, account=ACCOUNT, version=1, prev="", issued=NOW, **labelled)  # type: ignore[arg-type]  # the three lists
    return msgspec.structs.replace(payload, **changes)


def _signed(**changes: Any) -> str:
    return sign_jws(okp("settings"), "reteamz-rules+1", _payload(**changes))


def rules() -> Suite:
    """Spec 12.1-12.6."""
    s = Suite("rules", "12.1-12.6", run.rules)
    settings, stranger = okp("settings"), okp("stranger")

    def inputs(
        *texts: str, mark: RulesHead = NONE, signer: PrivateOkp = settings, trusted: PrivateOkp = settings
    ) -> Any:
        key = msgspec.to_builtins(signer.public())
        told = {"account": ACCOUNT, "signers": [sha256(b"x"), thumbprint(trusted.public())]}
        return {**told, "mark": msgspec.to_builtins(mark), "rules": [[text, key] for text in texts]}

    first = sign_rules(settings, ACCOUNT, NONE, NOW, _tree(), _entry)
    second = sign_rules(settings, ACCOUNT, _head(first, 1), NOW + 1, _tree(overrides=[]), _entry)
    third = sign_rules(
        settings, ACCOUNT, _head(second, 2), NOW + 2, _tree(rules=[], categories=[], overrides=[]), _entry
    )
    plain = sign_rules(settings, ACCOUNT, NONE, NOW, _tree(), lambda text: plain_entry("label", text))
    s.valid("first", **inputs(first))
    s.valid("all", **inputs(first, second, third))
    s.valid("one left out", **inputs(first, third))
    s.valid("a later one first", **inputs(second))
    s.valid("the same again", **inputs(first, second, second))
    s.valid("the remembered one", **inputs(second, mark=_head(second, 2)))
    s.valid("after the remembered one", **inputs(third, mark=_head(second, 2)))
    s.valid("plain labels", **inputs(plain))
    s.invalid("rules_rollback", "older", **inputs(first, second, first))
    s.invalid("rules_rollback", "older than remembered", **inputs(first, mark=_head(second, 2)))
    other = sign_rules(settings, ACCOUNT, _head(first, 1), NOW + 9, _tree(), _entry)
    s.invalid("rules_fork", "another of the same version", **inputs(first, second, other))
    s.invalid("rules_fork", "another than remembered", **inputs(other, mark=_head(second, 2)))
    s.invalid(
        "rules_fork", "does not follow", **inputs(sign_rules(settings, ACCOUNT, NONE, NOW + 5, _tree(), _entry), second)
    )
    s.invalid("rules_refused", "a stranger", **inputs(first, signer=stranger))
    s.invalid("rules_refused", "nobody's key any more", **inputs(first, trusted=stranger))
    forged = sign_rules(stranger, ACCOUNT, NONE, NOW, _tree(), _entry)
    s.invalid("signature_invalid", "signed by a stranger", **inputs(forged))
    head, body, signature = first.split(".")
    altered = body[:-8] + ("A" if body[-8] != "A" else "B") + body[-7:]
    s.invalid("signature_invalid", "payload altered", **inputs(f"{head}.{altered}.{signature}"))
    s.invalid("header_refused", "a policy instead", **inputs(sign_jws(settings, "reteamz-policy+1", _payload())))
    foreign = sign_rules(settings, OTHER, NONE, NOW, _tree(), _entry)
    s.invalid("rules_refused", "another account's", **inputs(foreign))
    deep = [Category(n, n - 1 or None, _entry("x"), None) for n in range(1, 22)]
    good = _payload()
    for comment, changes in {
        "version 1 with one before": {"prev": sha256(b"x")}, "version 2 with none before": {"version": 2}, "version 0": {"version": 0},
        "a category twice": {"categories": [*good.categories, good.categories[0]]},
        "a child before its parent": {"categories": good.categories[::-1]}, "its own parent": {"categories": [Category(1, 1, _entry("x"), None)], "rules": [], "overrides": []},
        "too deep": {"categories": deep, "rules": [], "overrides": []}, "category 0": {"categories": [Category(0, None, _entry("x"), None)], "rules": [], "overrides": []},
        "a rule without its category": {"rules": [Rule(9, [], _entry("x"), False)]}, "a field twice": {"rules": [Rule(1, ["app", "app"], _entry("x"), False)]},
        "an unknown field": {"rules": [Rule(1, ["person"], _entry("x"), False)]},  # type: ignore[list-item]  # what is refused
        "a rating of 3": {"categories": [Category(1, None, _entry("x"), 3)], "rules": [], "overrides": []},  # type: ignore[arg-type]  # what is refused
        "rated twice": {"overrides": [Override(DEPARTMENT, 3, 1), Override(DEPARTMENT, 3, 2)]}, "rated without a category": {"overrides": [Override(DEPARTMENT, 9, 1)]},
        "a title as a pattern": {"rules": [Rule(1, [], TokenCipher(b64decode(MASTER), 1).encrypt("title", "x"), False)]},
        "a pattern without its field": {"rules": [Rule(1, [], "Excel", False)]}, "an empty pattern": {"rules": [Rule(1, [], "", False)]}, "an empty plain pattern": {"rules": [Rule(1, [], "label:", False)]},
        "one pattern plain": {"rules": [Rule(1, [], "label:Excel", False)]},
        "two epochs": {"rules": [Rule(1, [], TokenCipher(b64decode(MASTER), 2).encrypt("label", "x"), False)]},
        "1001 categories": {"categories": [Category(n, None, _entry("x"), None) for n in range(1, 1002)]},
    }.items():  # fmt: skip
        s.invalid("rules_refused", comment, **inputs(_signed(**changes)))
    unknown = msgspec.json.encode({**msgspec.to_builtins(good), "x": 1})
    s.invalid("rules_refused", "unknown member", **inputs(sign_jws(settings, "reteamz-rules+1", unknown)))
    twice = msgspec.json.encode(good).replace(b'"v":1', b'"v":1,"v":1')
    s.invalid("rules_refused", "a member twice", **inputs(sign_jws(settings, "reteamz-rules+1", twice)))
    return s


def patterns() -> Suite:
    """Spec 12.5."""
    s = Suite("patterns", "12.5", run.pattern)
    for comment, pattern in {
        "words": "GitHub|Stack Overflow", "NFC": "Bu\u0308ro", "group": "(a|b)c", "flags": "(?i)a(?-i:b)(?s-m:.)", "empty group": "()", "empty branch": "a|",
        "classes": r"[a-z][^a][\]\-x][-a][a-][\w-.][[a]", "signs": r"^\.\*\+\?\(\)\[\]\{\}\|\^\$\\\-\/\ \_$", "lone brackets": "]}",
        "codes": r"\x41\x{1F600}\a\f\t\n\r\v", "shorthands": r"\d\D\s\S\w\W\b\A\z", "counts": "a{2}b{2,}c{2,5}d{0}e{0,1000}", "lazy": "a*?b+?c??d{2}?",
        "nested counts": "(?:(?:a{10}){10}){10}", "emoji": "\U0001f600+", "hundred groups": "(" * 100 + ")" * 100, "as long as allowed": "a" * 4095,
        "as large as allowed": "(?:abcde){1000}", "space inside": "a b",
    }.items():  # fmt: skip
        s.valid(comment, pattern=pattern)
    for comment, pattern, position in (
        ("empty", "", 0), ("space before", " a", 0), ("space behind", "a\u00a0", 1), ("half a character", "ab\ud800", 2), ("too long", "é" * 2048, 0),
        ("never closed", "a(b(c)", 1), ("never opened", "ab)", 2), ("inner never closed", "((a)", 0), ("looking ahead", "a(?=b)", 1), ("looking back", "(?<=a)b", 0),
        ("named", "(?P<n>a)", 0), ("named as in JavaScript", "(?<n>a)", 0), ("comment", "(?#a)", 0), ("atomic", "(?>a)", 0), ("unknown flag", "(?U)a", 0), ("flags without any", "(?)", 0),
        ("nothing to repeat", "*a", 0), ("nothing before the branch", "a|+b", 2), ("an assertion repeated", "^*", 1), ("a boundary repeated", r"a\b+", 3), ("flags repeated", "(?i)*", 4),
        ("repeated twice", "a**", 2), ("possessive", "a*+", 2), ("repeated thrice", "a{2}?{3}", 5), ("brace", "a{", 1), ("brace without a count", "a{,5}", 1), ("leading zero", "a{01}", 1),
        ("1001 times", "a{1001}", 1), ("1001 at most", "a{1,1001}", 1), ("1001 at least", "a{1001,}", 1), ("turned around", "a{3,2}", 1), ("multiplied", "(?:(?:a{11}){10}){10}", 17),
        ("grown too large", "(?:abcdef){1000}", 10), ("too large at last", "(?:.{1000})(?:.{251})", 20), ("101 groups", "(" * 101 + ")" * 101, 100),
        ("backslash at the end", "ab\\", 2), ("back reference", r"(a)\1", 3), ("octal", r"\012", 0), ("any byte", r"\C", 0), ("no boundary", r"a\B", 1), ("property", r"a\pL", 1), ("quoted", r"\Qa\E", 0), ("end as in Python", r"a\Z", 1),
        ("short code", r"\x4", 0), ("code of a half", r"\x{D800}", 0), ("code too large", r"\x{110000}", 0), ("escaped line end", "\\\n", 1), ("escaped letter", r"\ä", 0),
        ("class never closed", "a[bc", 1), ("class that only opens", "[", 0), ("class closed by an escape", r"[a\]", 0), ("empty class", "[]", 1), ("empty negated class", "[^]a]", 2),
        ("range turned around", "x[z-a]", 2), ("range to a shorthand", r"[a-\d]", 3), ("named class", "[[:alpha:]]", 1), ("boundary in a class", r"[a\b]", 2), ("emoji before the error", "\U0001f600(", 1),
    ):  # fmt: skip
        s.invalid("pattern_invalid", comment, pattern=pattern, position=position)
    return s


def _judged(*rules: Rule) -> dict[str, Any]:
    tree: dict[str, Any] = msgspec.to_builtins(_tree(*rules))
    return {"tree": tree}


def verdicts() -> Suite:
    """Spec 12.7-12.9."""
    s = Suite("verdicts", "12.7-12.9", run.verdicts)
    work, code, games = Rule(1, [], "Excel", False), Rule(2, [], "Excel", False), Rule(3, ["site"], "excel", True)
    names = [
        ["title", "Excel"],
        ["site", "excel.example"],
        ["app", "excel.exe"],
        ["doc", "plan"],
        ["url", "https://excel.example/"],
    ]
    s.valid("no rules", tree=msgspec.to_builtins(_tree(rules=[])), names=names)
    s.valid("the deeper wins", **_judged(code, work), names=names)
    s.valid("among equals the later", **_judged(code, games), names=names)
    s.valid("and the other way", **_judged(games, code), names=names)
    s.valid("only in its fields", **_judged(games), names=names)
    s.valid(
        "a rating from above, and none",
        **_judged(code, Rule(7, [], "Solitaire", False), Rule(4, [], "reteamz", False)),
        names=[["title", "Excel"], ["title", "Solitaire"], ["title", "reteamz"]],
    )

    def one(comment: str, pattern: str, *texts: str, ignore_case: bool = False, field: str = "title") -> None:
        s.valid(comment, **_judged(Rule(1, [], pattern, ignore_case)), names=[[field, text] for text in texts])

    one("case counts", "Excel", "Excel", "excel", "EXCEL")
    one("case does not count", "Excel", "Excel", "excel", "EXCEL", ignore_case=True)
    one("case of applications never counts", "WinWord", "winword.exe", field="app")
    one("unless the expression says so", "(?-i:WinWord)", "winword.exe", field="app")
    one("case of words that fold far", "mask", "ma\u017f\u212a", "MASK", ignore_case=True)
    one("case beyond ASCII", "straße|größe|σίσυφος", "STRAßE", "STRASSE", "GRÖẞE", "ΣΊΣΥΦΟΣ", ignore_case=True)
    one("letters with a late case", "[\u019b\u0264\ua7cb]", "\u019b", "\ua7dc", "\u0264", "\ua7cb", ignore_case=True)
    one("shorthands are ASCII", r"^\w+$", "word_1", "Büro", "ſ")
    one("shorthands fold", r"^\w+$", "ſ", "\u212a", ignore_case=True)
    one("boundaries are ASCII", r"\bro\b", "Büro", "ro", "bro", "é ro é")
    one("digits are ASCII", r"\d", "1", "١")
    one("spaces are ASCII", r"a\sb", "a b", "a\u00a0b", "a\vb", "a\tb")
    one("ends", "^a$", "a", "a\nb", "b\na")
    one("ends of lines", "(?m)^a$", "a", "a\nb", "b\na", "ba")
    one("the dot and line ends", "a.b", "a\nb", "a\rb", "a\u2028b", "a\U0001f600b")
    one("the dot with s", "(?s)a.b", "a\nb")
    one("a negated class takes line ends", "a[^x]b", "a\nb", "axb", "a\U0001f600b")
    one("negated shorthands fold", r"^[^\W]$", "ſ", "s", "é", ignore_case=True)
    one("counts", "^(?:ab){2,3}$", "ab", "abab", "ababab", "abababab")
    one("empty matches all", "x*", "", "y")
    one("signs among words", r"C\+\+|a/b|\[x\]|\$5", "C++", "a/b", "[x]", "$5", "C+", "x")
    one("longest names", "(?:(?:a?){30}){30}b$", "a" * 4095, "a" * 4094 + "b")
    one("catastrophic elsewhere", r"(?:(?:a+)+)+$", "a" * 4000 + "!", "a" * 4000)
    s.invalid("rules_refused", "no tree", tree=msgspec.to_builtins(_tree(Rule(9, [], "x", False))), names=[])
    return s


def ratings() -> Suite:
    """Spec 12.9, 12.10."""
    s = Suite("ratings", "12.9, 12.10", run.ratings)
    tree = _tree(overrides=[Override(DEPARTMENT, 1, 0), Override(ACCOUNT, 7, 2), Override(ACCOUNT, 4, 0)])
    for comment, department in (
        ("account", None),
        ("inherited by children", DEPARTMENT),
        ("own ratings stay", ACCOUNT),
        ("no overrides", MASTER[:22]),
    ):
        s.valid(comment, tree=msgspec.to_builtins(tree), department=department)
    return s
