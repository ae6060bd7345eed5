"""What an owner does with policies: read the newest, sign and publish the next (spec 16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reteamz.crypto.policy import KIND, TrustedPolicy, open_policy, person_hash, sign_policy
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import thumbprint
from reteamz.wire.policy import PolicyHead, PolicyPost, PolicyTree, PolicyVersions

if TYPE_CHECKING:
    from reteamz.owner.client import Owner


def fetch_policy(owner: Owner, known: TrustedPolicy | None = None) -> TrustedPolicy:
    """Return the newest policy, verified; ``known`` is the one that was seen before.

    Raises:
        ReteamzError: ``policy_refused``, ``policy_rollback``, ``policy_fork`` and those of a bad signature.
    """
    trusted = known or TrustedPolicy.after(owner.account)
    return _newest(owner, trusted, owner.roster.signers())


def read_policy(owner: Owner, policy: PolicyTree) -> PolicyTree:
    """Return what a verified policy says, in plain text. Raises ``pattern_invalid`` and those of a bad token."""
    return open_policy(policy, owner.reader().decrypt)


def hash_of(owner: Owner, person: str) -> str:
    """Return what stands for a person, named in plain text, in the owner's policy."""
    return person_hash(owner.entry("person", person))


def publish_policy(owner: Owner, tree: PolicyTree, now: int, known: TrustedPolicy | None = None) -> TrustedPolicy:
    """Sign the next policy and store it; agents follow it with their next poll.

    Args:
        owner: who signs; their account is encrypted.
        tree: what the policy says, in plain text.
        now: the time, in milliseconds.
        known: the policy that was seen before.

    Raises:
        ReteamzError: ``pattern_invalid``, ``policy_refused``, ``policy_conflict`` when somebody else was faster, and those of
            :func:`fetch_policy`.
    """
    # Whoever signed the one before may be gone; nothing of it is taken over but its place in the chain.
    signers = [*owner.roster.signers(), *owner.roster.former_signers()]
    before = _newest(owner, known or TrustedPolicy.after(owner.account), signers)
    settings = owner.bundle.settings
    jws = sign_policy(settings, owner.account, before.head, now, tree, lambda label: owner.entry("label", label))
    after = before.update(jws, settings.public(), owner.roster.signers())
    stored = owner.connection.post("/api/policies", PolicyPost(jws), PolicyHead)
    if stored != after.head:
        raise ReteamzError("policy_fork", "The server stored another policy than was signed; do not trust this server.")
    return after


def renew_policy(owner: Owner, signer: str, now: int) -> None:
    """Sign the newest policy again when somebody who is about to be removed signed it; ``signer`` is the thumbprint of their settings key."""
    told = owner.connection.get("/api/policies", PolicyVersions).policies
    if told and thumbprint(told[-1].signer) == signer:
        known = fetch_policy(owner)
        assert known.policy is not None
        publish_policy(owner, read_policy(owner, known.policy), now, known)


def _newest(owner: Owner, trusted: TrustedPolicy, signers: list[str]) -> TrustedPolicy:
    seen = trusted.head.version
    for told in owner.connection.get("/api/policies", PolicyVersions).policies:
        trusted = trusted.update(told.jws, told.signer, signers)
        KIND.is_orphan(thumbprint(told.signer), owner.roster.signers(), trusted.head.version - seen)
    return trusted
