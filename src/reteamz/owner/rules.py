"""What an owner does with rules: read the newest set, sign and publish the next (spec 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reteamz.crypto.rules import KIND, TrustedRules, open_rules, sign_rules
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import thumbprint
from reteamz.wire.rules import RuleSet, RulesHead, RulesPost, RulesVersions, RuleTree, epoch_of
from reteamz.wire.tokens import split_plain

if TYPE_CHECKING:
    from reteamz.owner.client import Owner


def fetch_rules(owner: Owner, known: TrustedRules | None = None) -> TrustedRules:
    """Return the newest rules, verified; ``known`` are those that were seen before.

    Raises:
        ReteamzError: ``rules_refused``, ``rules_rollback``, ``rules_fork`` and those of a bad signature.
    """
    return _newest(owner, known or TrustedRules.after(owner.account), owner.roster.signers())


def read_rules(owner: Owner, rules: RuleSet) -> RuleTree:
    """Return what verified rules say, in plain text. Raises ``pattern_invalid`` and those of a bad token."""
    reader = owner.reader()

    def read(entry: str) -> str:
        plain = split_plain(entry)
        return plain[1] if plain is not None else reader.decrypt(entry)

    return open_rules(rules, read)


def renew_rules(owner: Owner, now: int) -> TrustedRules | None:
    """Sign the newest rules again with labels as the account takes them now, after encryption was enabled; None where there are none.

    Raises:
        ReteamzError: as :func:`publish_rules`.
    """
    known = fetch_rules(owner)
    if known.rules is None or epoch_of(known.rules) in (owner.epoch, None):
        return known if known.rules is not None else None
    return publish_rules(owner, read_rules(owner, known.rules), now, known)


def publish_rules(owner: Owner, tree: RuleTree, now: int, known: TrustedRules | None = None) -> TrustedRules:
    """Sign the next rules and store them; ``now`` in milliseconds.

    Args:
        owner: who signs.
        tree: what the rules say, in plain text.
        now: the time, in milliseconds.
        known: the rules that were seen before.

    Raises:
        ReteamzError: ``pattern_invalid``, ``rules_refused``, ``rules_conflict`` when somebody else was faster, and those of :func:`fetch_rules`.
    """
    # Whoever signed those before may be gone; nothing of them is taken over but their place in the chain.
    signers = [*owner.roster.signers(), *owner.roster.former_signers()]
    before = _newest(owner, known or TrustedRules.after(owner.account), signers)
    settings = owner.bundle.settings
    jws = sign_rules(settings, owner.account, before.head, now, tree, lambda label: owner.entry("label", label))
    after = before.update(jws, settings.public(), owner.roster.signers())
    stored = owner.connection.post("/api/rules", RulesPost(jws), RulesHead)
    if stored != after.head:
        raise ReteamzError("rules_fork", "The server stored other rules than were signed; do not trust this server.")
    return after


def renew_rules_of(owner: Owner, signer: str, now: int) -> None:
    """Sign the newest rules again when somebody who is about to be removed signed them; ``signer`` is the thumbprint of their settings key."""
    told = owner.connection.get("/api/rules", RulesVersions).rules
    if told and thumbprint(told[-1].signer) == signer:
        known = fetch_rules(owner)
        assert known.rules is not None
        publish_rules(owner, read_rules(owner, known.rules), now, known)


def _newest(owner: Owner, trusted: TrustedRules, signers: list[str]) -> TrustedRules:
    seen = trusted.head.version
    for told in owner.connection.get("/api/rules", RulesVersions).rules:
        trusted = trusted.update(told.jws, told.signer, signers)
        KIND.is_orphan(thumbprint(told.signer), owner.roster.signers(), trusted.head.version - seen)
    return trusted
