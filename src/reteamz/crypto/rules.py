"""Rule sets: how they are signed, opened and followed; every rule of trust in one class without I/O (spec 12)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

import msgspec

from reteamz.crypto.keys import PrivateOkp
from reteamz.crypto.patterns import check_pattern
from reteamz.crypto.signing import sign_jws
from reteamz.crypto.versions import Kind
from reteamz.wire.encoding import sha256, strict_decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp, ed25519_key, thumbprint
from reteamz.wire.rules import RuleSet, RulesHead, RuleTree, require_tree, require_whole
from reteamz.wire.signing import verify_jws

KIND: Final = Kind("rules", "rules_refused", "rules_rollback", "rules_fork")
NONE: Final = RulesHead(0, "")
"""Where an end stands that never saw a rule set."""


class TrustedRules:
    """The last rule set that was believed; the next one must follow from it.

    A verifier starts with :meth:`after` what it remembers, and goes on with :meth:`update`.
    """

    def __init__(self, account: str, head: RulesHead, rules: RuleSet | None) -> None:
        self._account = account
        self.head = head
        self.rules = rules

    @classmethod
    def after(cls, account: str, mark: RulesHead = NONE) -> TrustedRules:
        """Return a verifier that remembers version and hash only, or nothing."""
        return cls(account, mark, None)

    def update(self, jws: str, signer: PublicOkp, signers: Collection[str]) -> TrustedRules:
        """Return the state with a rule set that the server sent (spec 12.6).

        Args:
            jws: the rule set.
            signer: the settings key that is said to have signed it.
            signers: thumbprints of the settings keys that may sign: out of the grant, or of :meth:`TrustedRoster.signers`.

        Raises:
            ReteamzError: ``rules_refused``, ``rules_rollback``, ``rules_fork``, ``header_refused``, ``signature_invalid``,
                ``base64_invalid``; everything stays as it was.
        """
        if thumbprint(signer) not in signers:
            raise _refused("The rules are signed by nobody who may change settings")
        payload = verify_jws(ed25519_key(signer), "reteamz-rules+1", jws)
        try:
            rules = strict_decode(payload, RuleSet)
        except ReteamzError:
            raise _refused("The rules are not of the agreed form") from None
        if rules.account != self._account:
            raise _refused("The rules are another account's")
        require_whole(rules)
        head = RulesHead(rules.version, sha256(jws.encode("ascii")))
        KIND.require_following(self.head, head, rules.prev)
        return TrustedRules(self._account, head, rules)


def sign_rules(
    settings: PrivateOkp,
    account: str,
    previous: RulesHead,
    issued: int,
    tree: RuleTree,
    entry: Callable[[str], str],
) -> str:
    """Return the next rule set as JWS (spec 12.1).

    Args:
        settings: the signer's settings key.
        account: the account.
        previous: the set before, :data:`NONE` for the first.
        issued: the time, in milliseconds.
        tree: what it says, in plain text.
        entry: turns a label into its token or plain entry.

    Raises:
        PatternError: ``pattern_invalid`` for an expression that is not taken.
        ReteamzError: ``rules_refused`` for a tree that is none, and for a category without a name.
    """
    require_tree(tree)
    rules = RuleSet(
        v=1,
        account=account,
        version=previous.version + 1,
        prev=previous.sha256,
        issued=issued,
        categories=[msgspec.structs.replace(one, name=entry(one.name)) for one in tree.categories],
        rules=[msgspec.structs.replace(one, pattern=entry(check_pattern(one.pattern))) for one in tree.rules],
        overrides=tree.overrides,
    )
    require_whole(rules)
    return sign_jws(settings, "reteamz-rules+1", rules)


def open_rules(rules: RuleSet, read: Callable[[str], str]) -> RuleTree:
    """Return what a rule set says, in plain text (spec 12.4, 12.5).

    Args:
        rules: a set that :class:`TrustedRules` believed.
        read: turns a label entry into its text.

    Raises:
        ReteamzError: ``pattern_invalid`` for an expression that this end does not take, and those of ``read``.
    """
    return RuleTree(
        categories=[msgspec.structs.replace(one, name=read(one.name)) for one in rules.categories],
        rules=[msgspec.structs.replace(one, pattern=check_pattern(read(one.pattern))) for one in rules.rules],
        overrides=rules.overrides,
    )


def _refused(reason: str) -> ReteamzError:
    return ReteamzError("rules_refused", f"{reason}; do not trust this server.")
