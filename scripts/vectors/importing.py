"""The suite about ActivityWatch's category files."""

from __future__ import annotations

import json
from typing import Any

from scripts.vectors import run
from scripts.vectors.cases import Suite


def _class(*name: str, regex: Any = None, score: Any = None, **rule: Any) -> dict[str, Any]:
    data = {} if score is None else {"data": {"color": "#0F0", "score": score}}
    return {"id": 1, "name": list(name), "rule": {"type": "regex" if regex else None, "regex": regex, **rule}, **data}


def imports() -> Suite:
    """Spec 12.13."""
    s = Suite("imports", "12.13", run.categories)
    usual = [
        _class("Work", regex="Google Docs|libreoffice|ReText", score=10), _class("Work", "Programming", regex="GitHub|vim"),
        _class("Work", "Programming", "ActivityWatch", regex="ActivityWatch|aw-", ignore_case=True), _class("Media", "Games", regex="Minecraft", score=-5),
        _class("Comms"), _class("Media", score=0), _class("Uncategorized"), {"name": ["Bare"]}, {"name": ["None"], "rule": {"type": "none"}, "data": {"score": True}},
    ]  # fmt: skip

    def valid(comment: str, document: Any, chosen: str | None = None) -> None:
        s.valid(comment, text=document if isinstance(document, str) else json.dumps(document), chosen=chosen)

    valid("export of the web interface", {"categories": usual})
    valid("settings of the server", {"classes": usual, "startOfDay": "04:00"})
    valid("a bare list", usual)
    sets = {
        "category_sets": [
            {"id": "default", "categories": usual[:1]},
            {"id": "home", "categories": usual[3:4]},
            {"id": "home", "categories": []},
        ]
    }
    valid("the first set", sets)
    valid("a chosen set", sets, "home")
    valid("the current categories before sets", {"classes": usual[4:5], **sets})
    valid("no categories", [])
    valid("byte order mark", "\ufeff[]")
    valid("names are trimmed and composed", [_class(" Bu\u0308ro "), _class("B\u00fcro", "Post", regex="x")])
    valid(
        "a category twice", [_class("A", regex="x", score=1), _class("A", regex="y", score=-1), _class("A", regex="z")]
    )
    valid(
        "a child before its parent",
        [_class("A", "B", "C", regex="x"), _class("A", score=1.5), _class("A", "B", score=-0.5)],
    )
    valid(
        "fields",
        [
            _class("A", regex="x", select_keys=["title", "app", "title"]),
            _class("A", regex="x", select_keys=[]),
            _class("A", regex="x", select_keys=None),
        ],
    )
    valid(
        "fields that are not recorded",
        [
            _class("A", regex="x", select_keys=["project"]),
            _class("A", regex="x", select_keys="app"),
            _class("A", regex="y"),
        ],
    )
    valid(
        "priorities",
        [_class("A", regex="x", priority=7), _class("A", regex="y", weight=0), _class("A", regex="z", priority=None)],
    )
    valid(
        "expressions that are not taken",
        [_class("A", regex="x(?=y)"), _class("A", "B", regex="[a"), _class("C", regex="ok")],
    )
    valid(
        "spaces at the edges",
        [_class("A", regex=regex) for regex in (" x ", "x\\ ", "x\\\\ ", "\u00a0x\u3000", "  ", "\\  ")],
    )
    valid("Uncategorized with a rule", [_class("Uncategorized", regex="x"), _class("Uncategorized", "B")])
    valid(
        "an empty expression, and one that is no text",
        [_class("A", regex=""), _class("B", regex=7), _class("C", regex=["x"])],
    )
    valid(
        "names as of an object's own",
        [
            _class("constructor", "__proto__", regex="x"),
            {"name": ["A"], "rule": {"type": "regex", "regex": "x", "ignore_case": 1}},
        ],
    )
    for comment, document in {
        "not JSON": "{", "nothing": "", "not a number of JSON": "[NaN]", "a text": '"x"', "null": "null", "no categories inside": "{}", "categories that are no list": '{"categories":{}}',
        "a category that is none": "[7]", "a category without a name": '[{"rule":{}}]', "an empty name": '[{"name":[]}]', "a name of spaces": '[{"name":["A"," "]}]', "a name that is text": '[{"name":"A"}]',
        "too deep": json.dumps([_class(*"abcdefghijklmnopqrstu")]), "too many": json.dumps([_class(str(n)) for n in range(1001)]),
    }.items():  # fmt: skip
        s.invalid("input_invalid", comment, text=document, chosen=None)
    s.invalid("input_invalid", "a set that is not there", text=json.dumps(sets), chosen="work")
    return s
