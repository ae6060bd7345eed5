"""What random numbers entered: made once, kept in `vectors/fixed.json`, so that the suites can be written again and compared."""

from __future__ import annotations

import json
from collections.abc import Callable

from scripts.vectors.cases import FOLDER

PATH = FOLDER / "fixed.json"


def fixed(name: str, make: Callable[[], str]) -> str:
    """Return the kept value of this name; make and keep it when there is none."""
    values: dict[str, str] = json.loads(PATH.read_text()) if PATH.exists() else {}
    if name not in values:
        values[name] = make()
        PATH.write_text(json.dumps(values, indent=1) + "\n")
    return values[name]
