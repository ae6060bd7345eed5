"""Which policy is in force for whom on this computer: what was signed and believed, person by person (spec 16.4, 16.8)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

import msgspec

from reteamz.agent.policy import Policy
from reteamz.wire.policy import DEFAULT, PolicyTree, layers_for, resolved

# How long somebody must be idle may be said where the agent is started; a signed policy that says so beats that.
_BASE: Final = msgspec.structs.replace(DEFAULT, idle_limit=None)


class Policies:
    """A believed policy, resolved for each person once."""

    def __init__(self, tree: PolicyTree, version: int, hashes: Callable[[str], Collection[str]]) -> None:
        """``tree`` has its expressions in plain text; ``hashes`` tells what stands for a person, one for each epoch."""
        self.version: Final = version
        self._tree = tree
        self._hashes = hashes
        self._made: dict[str, Policy] = {}

    def of(self, person: str, default: Policy) -> Policy:
        """Return what is in force for a person; ``default`` says what nobody signed. Raises ``pattern_invalid``."""
        found = self._made.get(person)
        if found is None:
            said = resolved([_BASE, *layers_for(self._tree, self._hashes(person) if person else ())])
            found = self._made[person] = default.under(said, self.version)
        return found
