"""What a curious server learns by counting: a frequency attack, measured (threat model, "What the server learns").

The attacker knows another company of the same kind in the clear (here: the simulated company of another seed) and matches names by rank
of their time. The shares are written into the threat model; the test fails when they change, so that the document stays true.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from reteamz.agent.policy import Policy
from reteamz.agent.samples import Sample
from reteamz.demo.company import found
from reteamz.demo.days import day_of, days_before

ZONE = ZoneInfo("Europe/Berlin")
UNTIL = datetime(2026, 11, 24, 18, tzinfo=ZONE)
DOCUMENT = Path(__file__).parents[2] / "docs" / "threat-model.md"


def times(seed: int, field: str) -> Counter[str]:
    """Return the time of every name of a field in four weeks of a simulated company."""
    counted: Counter[str] = Counter()
    policy = Policy(urls=True)
    for person in found(5, seed).people:
        for day in days_before(UNTIL, 28):
            for sample in day_of(person, day, ZONE, seed):
                allowed: Sample = policy.apply(sample)
                name = getattr(allowed, field)
                if name:
                    counted[name] += allowed.duration
    return counted


def recovered(field: str) -> tuple[float, float]:
    """Return the share of names, and the share of time, that matching by rank gets right."""
    known, seen = times(2, field), times(1, field)
    guess = dict(zip((name for name, _ in seen.most_common()), (name for name, _ in known.most_common()), strict=False))
    right = [name for name in seen if guess.get(name) == name]
    return len(right) / len(seen), sum(seen[name] for name in right) / seen.total()


@pytest.mark.parametrize("field", ["app", "site", "title"])
def test_the_threat_model_says_what_counting_gives_away(field: str) -> None:
    names, time = recovered(field)
    text = DOCUMENT.read_text()
    row = re.search(rf"^\| {field} \| (\d+) % \| (\d+) % \|$", text, re.MULTILINE)
    assert row is not None, f"| {field} | {names:.0%} | {time:.0%} |"
    assert (int(row[1]), int(row[2])) == (round(names * 100), round(time * 100))
