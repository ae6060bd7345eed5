"""What this computer believes, and from whom: every rule in one class without I/O (spec 7, 8)."""

from __future__ import annotations

from typing import Literal

import msgspec

from reteamz.agent.batches import ANONYMOUS, Terms
from reteamz.agent.keys import DeviceKeys
from reteamz.agent.names import PlainNames, TokenNames
from reteamz.agent.state import State
from reteamz.crypto.grant import AgentKeys, GrantState, accept_grant
from reteamz.wire.encoding import b64decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp

Mode = Literal["anonymous", "plain", "encrypted"]


class Trust:
    """Holds the state, and the keys of the grants in it, each verified again when the agent starts.

    Raises:
        ReteamzError: ``state_corrupt`` when a grant in the state does not verify.
    """

    def __init__(self, state: State, keys: DeviceKeys) -> None:
        self.state = state
        self._keys = keys
        self._granted: GrantState | None = None
        self._current: AgentKeys | None = None
        try:
            for grant in state.grants:
                if state.owner is None:
                    raise ReteamzError("state_corrupt", "")
                self._take(state.owner, grant)
        except ReteamzError:
            raise ReteamzError(
                "state_corrupt", "What this computer remembers of its owner is damaged; enrol it again with a new code."
            ) from None

    @property
    def mode(self) -> Mode:
        """How names may be told: by tokens after a grant, plainly only where the code said so, else not at all (spec 8.4)."""
        if self._current is not None:
            return "encrypted"
        if self.state.mode == "plain" and self.state.confirmed:
            return "plain"
        return "anonymous"

    def terms(self, policy: int) -> Terms:
        """Return what batches say about themselves now; ``policy`` is the version of the policy."""
        if self._current is not None and self._granted is not None:
            return Terms("encrypted", self._current.epoch, self._granted.roster, policy)
        return Terms("plain", 0, None, policy) if self.mode == "plain" else ANONYMOUS

    def names(self) -> TokenNames | PlainNames:
        """Return what turns names into entries now."""
        if self._current is None:
            return PlainNames()
        return TokenNames(b64decode(self._current.master), self._current.epoch)

    def poll_answered(self, confirmed: bool, owner: PublicOkp, grant: str | None) -> bool:
        """Take the answer of a poll in; tell whether anything changed. Only a grant of the pinned owner gives keys.

        Raises:
            ReteamzError: a code of spec 8.3; everything stays as it was.
        """
        state = self.state
        if grant is not None and (not state.grants or state.grants[-1] != grant):
            self._take(owner, grant)
            state = msgspec.structs.replace(state, owner=owner, grants=(*state.grants, grant))
        if confirmed != state.confirmed:
            state = msgspec.structs.replace(state, confirmed=confirmed)
        changed = state != self.state
        self.state = state
        return changed

    def _take(self, owner: PublicOkp, grant: str) -> None:
        self._current, self._granted = accept_grant(
            grant, owner, b64decode(self.state.fingerprint), self.state.account, self._keys.exchange, self._granted
        )
