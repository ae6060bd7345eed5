"""Makes the ends unimportable: ``pytest -p tests.server.without_crypto tests/server``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

ENDS = ("reteamz.crypto", "reteamz.agent", "reteamz.owner", "reteamz.demo")


class Refuse(MetaPathFinder):
    """Refuses to find any module of an end."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.startswith(ENDS):
            raise ImportError(f"{name} does not exist here")
        return None


sys.meta_path.insert(0, Refuse())
