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

    def __init__(
        self, tree: PolicyTree, version: int, hashes: Callable[[str], Collection[str]], *, lessened: bool = False
    ) -> None:
        """Hold a policy.

        Args:
            tree: what it says, its expressions in plain text.
            version: of the policy.
            hashes: tells what stands for a person, one for each epoch.
            lessened: its signer may not sign any more; only what it takes away still holds.
        """
        self.version: Final = version
        self.lessened: Final = lessened
        self._tree = tree
        self._hashes = hashes
        self._made: dict[str, Policy] = {}

    def of(self, person: str, default: Policy) -> Policy:
        """Return what is in force for a person; ``default`` says what nobody signed. Raises ``pattern_invalid``."""
        found = self._made.get(person)
        if found is None:
            said = resolved([_BASE, *layers_for(self._tree, self._hashes(person) if person else ())])
            found = default.under(said, self.version)
            found = self._made[person] = found.lessened() if self.lessened else found
        return found
