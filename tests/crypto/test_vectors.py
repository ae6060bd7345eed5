"""The shared vectors, the public suites, and that the files are what the program writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scripts.vectors.run import RUN, run_file
from scripts.vectors.suites import texts

FOLDER = Path(__file__).parents[2] / "vectors"
KEPT = {"keys.json", "fixed.json"}


@pytest.mark.parametrize("name", sorted(RUN))
def test_every_case_has_its_outcome(name: str) -> None:
    count, failures = run_file((FOLDER / f"{name}.json").read_text())
    assert count > 0
    assert failures == []


def test_no_file_is_left_out() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} - KEPT == {f"{name}.json" for name in RUN}


def test_written_again_they_are_the_same() -> None:
    kept = (FOLDER / "fixed.json").read_bytes()
    for name, text in texts().items():
        assert json.loads((FOLDER / f"{name}.json").read_text()) == json.loads(text), name
    assert (FOLDER / "fixed.json").read_bytes() == kept
