"""How a member besides the owner comes to the account and to its keys (spec 14)."""

from __future__ import annotations

import msgspec

from reteamz.crypto.bundle import MemberBundle
from reteamz.crypto.enrolment import EnrolmentCode, Ticket, check_mac, enrolment_mac
from reteamz.crypto.fingerprint import owner_fingerprint
from reteamz.crypto.grant import accept_member_grant
from reteamz.crypto.keyring import EpochKeys
from reteamz.crypto.keys import PrivateOkp
from reteamz.crypto.roster import TrustedRoster
from reteamz.crypto.signing import sign_jws
from reteamz.wire.encoding import b64decode, strict_decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp, ed25519_key, rsa_key, thumbprint
from reteamz.wire.members import Invitation, Join
from reteamz.wire.roster import MemberEntry
from reteamz.wire.signing import verify_jws


def sign_invitation(identity: PrivateOkp, invitation: Invitation) -> str:
    """Return an invitation as JWS by the owner's identity key (spec 14.1)."""
    return sign_jws(identity, "reteamz-invitation+1", invitation)


def read_invitation(owner: PublicOkp, account: str, ticket: str, jws: str) -> Invitation:
    """Return what the owner invited the redeemer of a ticket to (spec 14.1, 14.4).

    Raises:
        ReteamzError: ``header_refused``, ``signature_invalid``, ``enrolment_forged``.
    """
    try:
        invitation = strict_decode(verify_jws(ed25519_key(owner), "reteamz-invitation+1", jws), Invitation)
    except ReteamzError as error:
        if error.code == "json_invalid":
            raise _forged() from None
        raise
    if (invitation.account, invitation.ticket) != (account, ticket):
        raise _forged()
    if (invitation.role == "employee") != (invitation.person is not None):
        raise _forged()
    if invitation.role == "employee" and (invitation.rights or invitation.departments):
        raise _forged()
    return invitation


def require_owner(code: EnrolmentCode, owner: PublicOkp) -> None:
    """Require the owner's key to have the fingerprint of the code (spec 14.2). Raises ``owner_mismatch``, ``code_mistyped``."""
    if code.type != "member":
        raise ReteamzError("code_mistyped", "This code enrols a computer; ask the owner for an invitation.")
    if owner_fingerprint(owner) != code.owner:
        raise ReteamzError("owner_mismatch", "The server names another owner than the code; do not trust this server.")


def sign_join(bundle: MemberBundle, code: EnrolmentCode) -> str:
    """Return the joining as JWS by the new member's identity key, with the proof of the code (spec 14.3)."""
    identity, exchange = bundle.identity.public(), bundle.exchange.public()
    mac = enrolment_mac(code.secret, code.account, code.ticket, "member", thumbprint(identity), thumbprint(exchange))
    join = Join(1, code.account, code.ticket, bundle.member, identity, bundle.settings.public(), exchange, mac)
    return sign_jws(bundle.identity, "reteamz-join+1", join)


def check_join(enrol: bytes, ticket: Ticket, account: str, member: str, jws: str, redeemed: int) -> Join:
    """Return the keys of a new member that the code proves (spec 14.4); ``redeemed`` in milliseconds.

    The MAC proves the identity key, and the identity key signs the rest.

    Raises:
        ReteamzError: ``enrolment_forged``, ``code_expired``, ``ticket_spent``, ``header_refused``, ``key_refused``.
    """
    join = read_join(jws)
    if (join.account, join.ticket, join.member) != (account, ticket.id, member) or ticket.type != "member":
        raise _forged()
    prints = thumbprint(join.identity), thumbprint(join.exchange)
    check_mac(enrol, ticket, account, *prints, join.mac, redeemed)
    return join


def read_join(jws: str) -> Join:
    """Return a joining that its own identity key signed. Raises ``header_refused``, ``enrolment_forged``, ``key_refused``."""
    try:
        claimed = strict_decode(_payload(jws), Join)
        verify_jws(ed25519_key(claimed.identity), "reteamz-join+1", jws)
    except ReteamzError as error:
        if error.code in ("json_invalid", "base64_invalid", "signature_invalid"):
            raise _forged() from None
        raise
    rsa_key(claimed.exchange)
    ed25519_key(claimed.settings)
    return claimed


def member_entry(join: Join, invitation: Invitation, added: int) -> MemberEntry:
    """Return the roster's entry of a member that is taken in (spec 6.2, 14.4); ``added`` in milliseconds."""
    return MemberEntry(
        id=join.member,
        state="active",
        role=invitation.role,
        rights=list(invitation.rights),
        departments=list(invitation.departments),
        added=added,
        identity=thumbprint(join.identity),
        settings=thumbprint(join.settings),
        exchange=thumbprint(join.exchange),
        alg=join.exchange.alg,
    )


def take_grant(bundle: MemberBundle, owner: PublicOkp, roster: TrustedRoster, jws: str) -> MemberBundle:
    """Return the bundle with the keys of a grant, after every rule (spec 8.3, 14.6); itself for the same grant again.

    Raises:
        ReteamzError: those of :func:`reteamz.crypto.grant.accept_member_grant`; ``roster_rollback`` or ``roster_fork`` when the server
            withholds the roster that the grant names; ``grant_mismatch`` when a known epoch has other keys.
    """
    if thumbprint(owner) != bundle.owner:
        raise ReteamzError("owner_mismatch", "The server names another owner; do not trust this server.")
    keys, state = accept_member_grant(
        jws, owner, owner_fingerprint(owner), bundle.account, bundle.exchange, bundle.grant
    )
    if bundle.grant is not None and state.sha256 == bundle.grant.sha256:
        return bundle
    roster.require_seen(state.roster)
    keyring = dict(bundle.keyring)
    for epoch, granted in keys.keyring.items():
        known = keyring.get(epoch)
        if known is None:
            keyring[epoch] = granted
            continue
        both = None not in (known.sealing, granted.sealing)
        if known.master != granted.master or (both and known.sealing != granted.sealing):
            raise ReteamzError("grant_mismatch", "The grant changes keys that are in use; ask the owner what happened.")
        keyring[epoch] = EpochKeys(known.master, known.sealing or granted.sealing)
    return msgspec.structs.replace(bundle, keyring=keyring, grant=state)


def _payload(jws: str) -> bytes:
    """Return what a JWS claims, not yet verified: the key to verify it by is in there."""
    parts = jws.split(".")
    if len(parts) != 3:
        raise _forged()
    return b64decode(parts[1])


def _forged() -> ReteamzError:
    return ReteamzError("enrolment_forged", "These keys were not made where the invitation was used; refuse them.")
