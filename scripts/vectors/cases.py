"""Cases of a suite in Wycheproof's shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reteamz.wire.errors import ReteamzError

FOLDER = Path(__file__).parents[2] / "vectors"


class Suite:
    """Collects cases; the implementation gives the outcome, the caller says which outcome is right."""

    def __init__(self, name: str, clauses: str, run: Callable[[dict[str, Any]], Any]) -> None:
        self.name, self.clauses, self._run = name, clauses, run
        self.cases: list[dict[str, Any]] = []

    def valid(self, comment: str, **inputs: Any) -> Any:
        """Add a case that succeeds, and return its output."""
        output = self._run(inputs)
        self._add(comment, inputs, {"result": "valid", "output": output})
        return output

    def invalid(self, error: str, comment: str, **inputs: Any) -> None:
        """Add a case that must be refused with the code ``error``."""
        try:
            output = self._run(inputs)
        except ReteamzError as refusal:
            if refusal.code != error:
                raise AssertionError(f"{self.name}: {comment}: {refusal.code} instead of {error}") from refusal
        else:
            raise AssertionError(f"{self.name}: {comment}: {output!r} instead of {error}")
        self._add(comment, inputs, {"result": "invalid", "error": error})

    def _add(self, comment: str, inputs: dict[str, Any], outcome: dict[str, Any]) -> None:
        self.cases.append({"id": len(self.cases) + 1, "comment": comment, "inputs": inputs, **outcome})

    def text(self) -> str:
        """Return the file."""
        head = {"suite": self.name, "clauses": self.clauses}
        lines = ",\n".join("    " + json.dumps(case, ensure_ascii=True) for case in self.cases)
        return json.dumps(head)[:-1] + ', "cases": [\n' + lines + "\n]}\n"


def keys() -> dict[str, Any]:
    """Return the fixed keys of the suites."""
    found: dict[str, Any] = json.loads((FOLDER / "keys.json").read_text())
    return found
