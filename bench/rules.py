"""Names judged by rules: how many pairs of a name and a rule the ends look at in a second.

``python -m bench.rules`` prints one JSON object.
"""

from __future__ import annotations

import json
import random
import shutil
import time
from typing import Any

import msgspec
from playwright.sync_api import Route, sync_playwright

from bench.ends import CHECK
from reteamz.crypto.matching import Matcher
from reteamz.wire.rules import Category, Rule, RuleTree

RULES = 300
NAMES = 5_000


def corpus(seed: int = 1) -> tuple[RuleTree, list[str]]:
    """Return rules as people write them, most of them words, and titles of which some match."""
    chance = random.Random(seed)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(4, 9))) for _ in range(22_000)]
    known, others = words[:2_000], words[2_000:]

    def pattern() -> str:
        kind = chance.random()
        if kind < 0.6:
            return "|".join(chance.sample(known, chance.randint(1, 5)))
        if kind < 0.8:
            return rf"{chance.choice(known)}\.(?:com|de|example)"
        if kind < 0.9:
            return rf"\b{chance.choice(known)}\b.*{chance.choice(known)}"
        return rf"^{chance.choice(known)} - \w+ \d+$"

    rules = [Rule(1, [], pattern(), True) for _ in range(RULES)]
    names = [
        " ".join(chance.choice(known if chance.random() < 0.03 else others) for _ in range(5)) + f" - {number}"
        for number in range(NAMES)
    ]
    return RuleTree(categories=[Category(1, None, "Work", 2)], rules=rules, overrides=[]), names


def python(tree: RuleTree, names: list[str]) -> tuple[dict[str, Any], int]:
    """Return figures of the agent's engine, and how many names were judged."""
    began = time.perf_counter()
    matcher = Matcher(tree)
    built = time.perf_counter() - began
    began = time.perf_counter()
    judged = sum(matcher.verdict("title", name) > 0 for name in names)
    took = time.perf_counter() - began
    return {"build_ms": round(built * 1000), "pairs_per_s": round(len(names) * RULES / took)}, judged


def browser(tree: RuleTree, names: list[str]) -> tuple[dict[str, Any], int]:
    """Return figures of Chromium, and how many names were judged."""
    script = CHECK.read_text()

    def answer(route: Route) -> None:
        is_script = route.request.url.endswith(".js")
        route.fulfill(body=script if is_script else "<p>", content_type="text/javascript" if is_script else "text/html")

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = chromium.new_page()
        page.route("https://bench.example/**", answer)
        page.goto("https://bench.example/")
        built, took, judged = page.evaluate(
            """async ([tree, names]) => {
                const core = await import("/check.js");
                const start = performance.now();
                const matcher = new core.Matcher(tree);
                const began = performance.now();
                const judged = names.filter(name => matcher.verdict("title", name)).length;
                return [began - start, performance.now() - began, judged];
            }""",
            [msgspec.to_builtins(tree), names],
        )
        chromium.close()
    return {"build_ms": round(built), "pairs_per_s": round(len(names) * RULES / took * 1000)}, judged


def main() -> None:
    """Run and print."""
    tree, names = corpus()
    own, judged = python(tree, names)
    theirs, same = browser(tree, names)
    assert judged == same
    print(json.dumps({"rules": RULES, "names": NAMES, "judged": judged, "python": own, "browser": theirs}))


if __name__ == "__main__":
    main()
