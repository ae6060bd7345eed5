"""What this computer believes, and from whom: every rule in one class without I/O (spec 7, 8, 12, 16)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from reteamz.agent.batches import ANONYMOUS, Terms
from reteamz.agent.keys import DeviceKeys
from reteamz.agent.names import PlainNames, TokenNames
from reteamz.agent.policies import Policies
from reteamz.agent.rules import Rater, unrated
from reteamz.agent.samples import Event
from reteamz.agent.state import KeptPolicy, KeptRules, State
from reteamz.crypto.grant import AgentKeys, accept_grant
from reteamz.crypto.policy import TrustedPolicy, open_policy, person_hash
from reteamz.crypto.rules import TrustedRules, open_rules
from reteamz.crypto.tokens import TokenCipher, TokenReader
from reteamz.wire.encoding import b64decode, sha256
from reteamz.wire.enrolment import Polled
from reteamz.wire.errors import ReteamzError
from reteamz.wire.grant import GrantState
from reteamz.wire.jwk import PublicOkp, PublicRsa, thumbprint
from reteamz.wire.policy import PolicyHead, PolicyView
from reteamz.wire.rules import RulesHead, RulesView, epoch_of

Mode = Literal["anonymous", "plain", "encrypted"]


def refusal_of(told: PolicyView | RulesView) -> str:
    """Return what is remembered of a policy, or rules, that are not followed: a hash of it and of whom the server names as its signer."""
    return sha256(f"{thumbprint(told.signer)} {told.jws}".encode("utf-8", "replace"))


class Trust:
    """Holds the state, and the keys of the grants in it, each verified again when the agent starts.

    Raises:
        ReteamzError: ``state_corrupt`` when a grant or the policy in the state does not verify.
    """

    def __init__(self, state: State, keys: DeviceKeys) -> None:
        self.state = state
        self._keys = keys
        self._granted: GrantState | None = None
        self._current: AgentKeys | None = None
        self._masters: dict[int, bytes] = {}
        self._plain = PlainNames()
        self._tokens: TokenNames | None = None
        self._rules = TrustedRules.after(state.account)
        self.rate: Callable[[Event], int] = unrated
        """Rates an event by the rules that are in force."""
        self._policy = TrustedPolicy.after(state.account)
        self.policies: Policies | None = None
        """The signed policy that is in force, None for the default."""
        try:
            for grant in state.grants:
                if state.owner is None:
                    raise ReteamzError("state_corrupt", "")
                self._take(state.owner, grant)
            self._recall(state)
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
        """Return what turns names into entries now, as :meth:`terms` says."""
        if self._current is None:
            return self._plain
        if self._tokens is None or self._tokens.epoch != self._current.epoch:
            self._tokens = TokenNames(b64decode(self._current.master), self._current.epoch)
        return self._tokens

    def reader(self) -> TokenReader:
        """Return what turns tokens of the epochs that were granted back into names."""
        return TokenReader(self._masters)

    def sealing(self) -> tuple[PublicRsa, int] | None:
        """Return the key that seals now, and its epoch (spec 5); None before a grant."""
        return None if self._current is None else (self._current.sealing, self._current.epoch)

    @property
    def grant(self) -> str:
        """Hash of the last grant that was accepted, "" for none."""
        return sha256(self.state.grants[-1].encode()) if self.state.grants else ""

    def news(self, polled: Polled) -> bool:
        """Tell whether an answer may change what is recorded or how it is told."""
        return (
            (polled.grant is not None and polled.grant not in self.state.grants[-1:])
            or (polled.state == "confirmed") != self.state.confirmed
            or (polled.rules is not None and refusal_of(polled.rules) not in self.state.refused)
            or (polled.policy is not None and refusal_of(polled.policy) not in self.state.refused)
        )

    def poll_answered(self, confirmed: bool, owner: PublicOkp, grant: str | None) -> bool:
        """Take the answer of a poll in; tell whether anything changed. Only a grant of the pinned owner gives keys.

        Raises:
            ReteamzError: a code of spec 8.3; everything stays as it was.
        """
        state = self.state
        if grant is not None and (not state.grants or state.grants[-1] != grant):
            self._take(owner, grant)
            state = msgspec.structs.replace(state, owner=owner, grants=(*state.grants, grant))
            self._recall(state)
        if confirmed != state.confirmed:
            state = msgspec.structs.replace(state, confirmed=confirmed)
        changed = state != self.state
        self.state = state
        return changed

    @property
    def rules(self) -> int:
        """Version of the rules that are in force, 0 for none."""
        return self._rules.head.version if self.rate is not unrated else 0

    def rules_answered(self, told: RulesView) -> bool:
        """Take in the rules that a poll brought; tell whether anything changed (spec 12.4-12.6).

        Raises:
            ReteamzError: ``rules_refused``, ``rules_rollback``, ``rules_fork``, ``plain_refused``, ``pattern_invalid`` and those of a bad
                signature or token; everything stays as it was.
        """
        if self._granted is None:
            return False
        kept = self._obey(self._rules.head, told.jws, told.signer)
        changed = kept != self.state.rules
        self.state = msgspec.structs.replace(self.state, rules=kept)
        return changed

    def _obey(self, mark: RulesHead, jws: str, signer: PublicOkp) -> KeptRules:
        signers = self._granted.signers if self._granted is not None else []
        trusted = TrustedRules.after(self.state.account, mark).update(jws, signer, signers)
        assert trusted.rules is not None
        if epoch_of(trusted.rules) == 0:
            raise ReteamzError("plain_refused", "The server sent rules in plain text; do not trust this server.")
        rate = Rater(open_rules(trusted.rules, self.reader().decrypt))
        self._rules, self.rate = trusted, rate
        return KeptRules(trusted.head, jws, signer)

    @property
    def policy(self) -> int:
        """Version of the signed policy that is in force, 0 for the default."""
        return self.policies.version if self.policies is not None else 0

    def policy_answered(self, told: PolicyView) -> bool:
        """Take in the policy that a poll brought; tell whether anything changed (spec 16.6, 16.7).

        Raises:
            ReteamzError: ``policy_refused``, ``policy_rollback``, ``policy_fork``, ``pattern_invalid`` and those of a bad signature or token;
                everything stays as it was.
        """
        if self._granted is None:
            return False
        signers = self._granted.signers
        kept = self._follow(self._policy.head, told.jws, told.signer, signers)
        changed = kept != self.state.policy
        self.state = msgspec.structs.replace(self.state, policy=kept)
        return changed

    def _follow(
        self, mark: PolicyHead, jws: str, signer: PublicOkp, signers: list[str], *, lessened: bool = False
    ) -> KeptPolicy:
        trusted = TrustedPolicy.after(self.state.account, mark).update(jws, signer, signers)
        assert trusted.policy is not None
        tree = open_policy(trusted.policy, self.reader().decrypt)
        self._policy, self.policies = trusted, Policies(tree, trusted.head.version, self._hashes, lessened=lessened)
        return KeptPolicy(trusted.head, jws, signer)

    def _hashes(self, person: str) -> list[str]:
        tokens = [TokenCipher(master, epoch).encrypt("person", person) for epoch, master in self._masters.items()]
        return [person_hash(token) for token in tokens if token]

    def _recall(self, state: State) -> None:
        """Obey the remembered rules and policy. Rules that cannot be obeyed any more are asked for again, never older ones; a policy whose
        signer may not sign any more still takes away what it took away (spec 16.7).
        """
        if state.rules is not None:
            try:
                self._obey(state.rules.head, state.rules.jws, state.rules.signer)
            except ReteamzError:
                self._rules, self.rate = TrustedRules.after(state.account, state.rules.head), unrated
        if state.policy is not None:
            kept, signer = state.policy, thumbprint(state.policy.signer)
            lessened = self._granted is None or signer not in self._granted.signers
            self._follow(kept.head, kept.jws, kept.signer, [signer], lessened=lessened)

    def _take(self, owner: PublicOkp, grant: str) -> None:
        self._current, self._granted = accept_grant(
            grant, owner, b64decode(self.state.fingerprint), self.state.account, self._keys.exchange, self._granted
        )
        self._masters[self._current.epoch] = b64decode(self._current.master)
