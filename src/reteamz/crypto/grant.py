"""Grants: how keys travel, and every rule a recipient applies (spec 8)."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Annotated, Literal, TypeVar

import msgspec

from reteamz.crypto import jwe
from reteamz.crypto.bundle import Epoch
from reteamz.crypto.fingerprint import owner_fingerprint
from reteamz.crypto.keyring import EpochKeys, Keyring, Secret32
from reteamz.crypto.keys import PrivateOkp, PrivateRsa
from reteamz.crypto.signing import sign_jws
from reteamz.wire import limits
from reteamz.wire.batch import RosterHead
from reteamz.wire.encoding import Hash, Id, sha256, strict_decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.grant import Grant, GrantState
from reteamz.wire.jwk import PublicOkp, PublicRsa, ed25519_key, thumbprint
from reteamz.wire.signing import verify_jws

K = TypeVar("K", "AgentKeys", "MemberKeys")


class AgentKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a grant gives an agent (spec 8.2)."""

    v: Literal[1]
    account: Id
    recipient: Hash
    epoch: Annotated[int, msgspec.Meta(ge=1, le=limits.EPOCH_MOST)]
    master: Secret32
    sealing: PublicRsa

    def __repr__(self) -> str:
        return f"AgentKeys(epoch={self.epoch})"


class MemberKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a grant gives a member (spec 8.2)."""

    v: Literal[1]
    account: Id
    recipient: Hash
    keyring: dict[Epoch, EpochKeys]


def sign_agent_grant(
    identity: PrivateOkp,
    recipient: PublicRsa,
    account: str,
    roster: RosterHead,
    epoch: int,
    seq: int,
    signers: Sequence[str],
    master: str,
    sealing: PublicRsa,
) -> str:
    """Return the grant of an epoch's keys to an agent as JWS; ``master`` in base64, ``signers`` as thumbprints."""
    keys = AgentKeys(1, account, thumbprint(recipient), epoch, master, sealing)
    return _sign(identity, recipient, account, roster, epoch, seq, signers, keys)


def sign_member_grant(
    identity: PrivateOkp,
    recipient: PublicRsa,
    account: str,
    roster: RosterHead,
    epoch: int,
    seq: int,
    signers: Sequence[str],
    keyring: Keyring,
    sealed: bool,
) -> str:
    """Return the grant of a keyring to a member as JWS; private sealing keys only with the right ``sealed``."""
    granted = {number: EpochKeys(keys.master, keys.sealing if sealed else None) for number, keys in keyring.items()}
    keys = MemberKeys(1, account, thumbprint(recipient), granted)
    return _sign(identity, recipient, account, roster, epoch, seq, signers, keys)


def accept_grant(
    jws: str, owner: PublicOkp, pinned: bytes, account: str, exchange: PrivateRsa, state: GrantState | None
) -> tuple[AgentKeys, GrantState]:
    """Return the keys of a grant to an agent after every rule, in their order (spec 8.3).

    Args:
        jws: the grant as the server sent it.
        owner: the owner's identity key as the server sent it.
        pinned: the owner's fingerprint out of the enrolment code, 32 bytes.
        account: the account out of the enrolment code.
        exchange: the recipient's own key.
        state: what was accepted last, None before the first grant.

    Raises:
        ReteamzError: ``owner_mismatch``, ``header_refused``, ``signature_invalid``, ``grant_replayed``, ``epoch_rollback``,
            ``roster_rollback``, ``roster_fork``, ``grant_mismatch``.
    """
    keys, grant = _accept(jws, owner, pinned, account, exchange, state, AgentKeys)
    if keys.epoch != grant.epoch:
        raise _mismatch()
    return keys, _remember(jws, grant)


def accept_member_grant(
    jws: str, owner: PublicOkp, pinned: bytes, account: str, exchange: PrivateRsa, state: GrantState | None
) -> tuple[MemberKeys, GrantState]:
    """Return the keyring of a grant to a member; arguments and errors as :func:`accept_grant`."""
    keys, grant = _accept(jws, owner, pinned, account, exchange, state, MemberKeys)
    if str(grant.epoch) not in keys.keyring:
        raise _mismatch()
    return keys, _remember(jws, grant)


def _accept(
    jws: str,
    owner: PublicOkp,
    pinned: bytes,
    account: str,
    exchange: PrivateRsa,
    state: GrantState | None,
    kind: type[K],
) -> tuple[K, Grant]:
    if not hmac.compare_digest(owner_fingerprint(owner), pinned):
        raise ReteamzError("owner_mismatch", "The keys do not come from the owner of the code; enrol with a new code.")
    payload = verify_jws(ed25519_key(owner), "reteamz-grant+1", jws)
    try:
        grant = strict_decode(payload, Grant)
    except ReteamzError:
        raise _mismatch() from None
    own = thumbprint(exchange.public())
    if grant.account != account or grant.recipient != own:
        raise _mismatch()
    if state is not None:
        _require_newer(jws, grant, state)
    header = {"alg": exchange.alg, "enc": "A256GCM", "typ": "reteamz-key+1"}
    try:
        keys = strict_decode(jwe.decrypt_as(exchange, header, grant.key), kind)
    except ReteamzError as error:
        if error.code == "header_refused":
            raise
        raise _mismatch() from None
    if (keys.account, keys.recipient) != (account, own):
        raise _mismatch()
    return keys, grant


def _require_newer(jws: str, grant: Grant, state: GrantState) -> None:
    if sha256(jws.encode("ascii")) == state.sha256:
        return
    if grant.seq <= state.seq:
        raise ReteamzError("grant_replayed", "The server sent an old grant again; tell the owner.")
    if grant.epoch < state.epoch:
        raise ReteamzError("epoch_rollback", "The server went back to an older epoch; tell the owner.")
    if grant.roster.version < state.roster.version:
        raise ReteamzError("roster_rollback", "The server went back to an older roster; tell the owner.")
    if grant.roster.version == state.roster.version and grant.roster.sha256 != state.roster.sha256:
        raise ReteamzError("roster_fork", "The server shows two histories of the account; tell the owner.")


def _remember(jws: str, grant: Grant) -> GrantState:
    return GrantState(grant.seq, grant.epoch, grant.roster, sha256(jws.encode("ascii")), grant.signers)


def _sign(
    identity: PrivateOkp,
    recipient: PublicRsa,
    account: str,
    roster: RosterHead,
    epoch: int,
    seq: int,
    signers: Sequence[str],
    keys: AgentKeys | MemberKeys,
) -> str:
    header = {"alg": recipient.alg, "enc": "A256GCM", "typ": "reteamz-key+1"}
    key = jwe.encrypt_to(recipient, header, msgspec.json.encode(keys))
    grant = Grant(1, account, thumbprint(recipient), roster, epoch, seq, list(signers), key)
    return sign_jws(identity, "reteamz-grant+1", grant)


def _mismatch() -> ReteamzError:
    return ReteamzError("grant_mismatch", "The grant is not for this computer; ask the owner to confirm it again.")
