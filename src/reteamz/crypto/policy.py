"""Policies: how they are signed, opened and followed; every rule of trust in one class without I/O (spec 16)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import msgspec

from reteamz.crypto.keys import PrivateOkp
from reteamz.crypto.matching import Matcher
from reteamz.crypto.patterns import check_pattern
from reteamz.crypto.signing import sign_jws
from reteamz.crypto.versions import Kind
from reteamz.wire.encoding import sha256, strict_decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp, ed25519_key, thumbprint
from reteamz.wire.policy import (
    Effect,
    Exclusion,
    PolicyHead,
    PolicySet,
    PolicyTree,
    Settings,
    require_tree,
    require_whole,
)
from reteamz.wire.rules import Category, Rule, RuleField, RuleTree
from reteamz.wire.signing import verify_jws

KIND: Final = Kind("policies", "policy_refused", "policy_rollback", "policy_fork")
NONE: Final = PolicyHead(0, "")
"""Where an end stands that never saw a policy."""


class TrustedPolicy:
    """The last policy that was believed; the next one must follow from it.

    A verifier starts with :meth:`after` what it remembers, and goes on with :meth:`update`.
    """

    def __init__(self, account: str, head: PolicyHead, policy: PolicySet | None) -> None:
        self._account = account
        self.head = head
        self.policy = policy

    @classmethod
    def after(cls, account: str, mark: PolicyHead = NONE) -> TrustedPolicy:
        """Return a verifier that remembers version and hash only, or nothing."""
        return cls(account, mark, None)

    def update(self, jws: str, signer: PublicOkp, signers: Collection[str]) -> TrustedPolicy:
        """Return the state with a policy that the server sent (spec 16.6).

        Args:
            jws: the policy.
            signer: the settings key that is said to have signed it.
            signers: thumbprints of the settings keys that may sign: out of the grant, or of :meth:`TrustedRoster.signers`.

        Raises:
            ReteamzError: ``policy_refused``, ``policy_rollback``, ``policy_fork``, ``header_refused``, ``signature_invalid``,
                ``base64_invalid``; everything stays as it was.
        """
        if thumbprint(signer) not in signers:
            raise _refused("The policy is signed by nobody who may change settings")
        payload = verify_jws(ed25519_key(signer), "reteamz-policy+1", jws)
        try:
            policy = strict_decode(payload, PolicySet)
        except ReteamzError:
            raise _refused("The policy is not of the agreed form") from None
        if policy.account != self._account:
            raise _refused("The policy is another account's")
        require_whole(policy)
        head = PolicyHead(policy.version, sha256(jws.encode("ascii")))
        KIND.require_following(self.head, head, policy.prev)
        return TrustedPolicy(self._account, head, policy)


def sign_policy(
    settings: PrivateOkp,
    account: str,
    previous: PolicyHead,
    issued: int,
    tree: PolicyTree,
    entry: Callable[[str], str],
) -> str:
    """Return the next policy as JWS (spec 16.1).

    Args:
        settings: the signer's settings key.
        account: the account.
        previous: the policy before, :data:`NONE` for the first.
        issued: the time, in milliseconds.
        tree: what it says, its patterns in plain text.
        entry: turns a label into its token.

    Raises:
        PatternError: ``pattern_invalid`` for an expression that is not taken.
        ReteamzError: ``policy_refused`` for a tree that is none.
    """
    require_tree(tree)
    labelled = _with_patterns(tree, lambda pattern: entry(check_pattern(pattern)))
    policy = PolicySet(
        v=1,
        account=account,
        version=previous.version + 1,
        prev=previous.sha256,
        issued=issued,
        settings=labelled.settings,
        departments=labelled.departments,
        persons=labelled.persons,
    )
    require_whole(policy)
    return sign_jws(settings, "reteamz-policy+1", policy)


def open_policy(policy: PolicyTree, read: Callable[[str], str]) -> PolicyTree:
    """Return what a policy says, its patterns in plain text (spec 16.5).

    Args:
        policy: one that :class:`TrustedPolicy` believed.
        read: turns a token of field ``label`` into its text.

    Raises:
        ReteamzError: ``pattern_invalid`` for an expression that this end does not take, and those of ``read``.
    """
    return _with_patterns(policy, lambda entry: check_pattern(read(entry)))


def person_hash(token: str) -> str:
    """Return what stands for a person in a policy: no coworker's name is told to a device (spec 16.4)."""
    return sha256(token.encode("ascii"))


class Excluder:
    """Tells what the exclusions do to a window, in time that is linear in its names (spec 16.3)."""

    def __init__(self, exclusions: Sequence[Exclusion]) -> None:
        """``exclusions`` are in plain text. Raises ``pattern_invalid``."""
        # As rules of two categories, one inside the other: the deeper wins, so skipping beats hiding (spec 12.8).
        categories = [Category(1, None, "hide", None), Category(2, 1, "skip", None)]
        rules = [Rule(2 if one.effect == "skip" else 1, one.fields, one.pattern, one.ignore_case) for one in exclusions]
        self._matcher = Matcher(RuleTree(categories=categories, rules=rules, overrides=[]))

    def effect(self, names: Mapping[RuleField, str]) -> Effect | None:
        """Return what is done to a window with these names, which are normalised (spec 4.1); None for nothing."""
        ranks = (self._matcher.verdict(field, name) for field, name in names.items() if name)
        category = self._matcher.category(max(ranks, default=0))
        return None if category is None else "skip" if category == 2 else "hide"


def _with_patterns(tree: PolicyTree, change: Callable[[str], str]) -> PolicyTree:
    def changed(settings: Settings) -> Settings:
        exclusions = [msgspec.structs.replace(one, pattern=change(one.pattern)) for one in settings.exclusions]
        return msgspec.structs.replace(settings, exclusions=exclusions)

    return PolicyTree(
        settings=changed(tree.settings),
        departments=[msgspec.structs.replace(one, settings=changed(one.settings)) for one in tree.departments],
        persons=[
            msgspec.structs.replace(one, settings=changed(one.settings)) if one.settings is not None else one
            for one in tree.persons
        ],
    )


def _refused(reason: str) -> ReteamzError:
    return ReteamzError("policy_refused", f"{reason}; do not trust this server.")
