"""The member bundle: every key of a member, wrapped by the password (spec 3.1-3.3)."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal

import msgspec

from reteamz.crypto import jwe
from reteamz.crypto.keyring import EpochKeys, Secret32
from reteamz.crypto.keys import PrivateOkp, PrivateRsa, make_okp, make_rsa, okp_key, rsa_private
from reteamz.wire import limits
from reteamz.wire.accounts import Kdf
from reteamz.wire.batch import RosterHead
from reteamz.wire.encoding import Hash, Id, b64encode, strict_decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.grant import GrantState
from reteamz.wire.jwk import thumbprint

Epoch = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,4}$")]


class MemberBundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a member keeps (spec 3.2); ``owner`` is the thumbprint of the owner's identity key.

    ``grant`` is what a member remembers of the last grant (spec 14.6), None for the owner and before the first.
    """

    v: Literal[1]
    account: Id
    member: Id
    owner: Hash
    identity: PrivateOkp
    settings: PrivateOkp
    exchange: PrivateRsa
    enrol: Secret32
    keyring: dict[Epoch, EpochKeys]
    roster: RosterHead
    grant: GrantState | None = None

    def __repr__(self) -> str:
        return f"MemberBundle(member={self.member!r})"


class BundleHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The protected header of a bundle (spec 3.1)."""

    alg: Literal["dir"]
    enc: Literal["A256GCM"]
    typ: Literal["reteamz-member+1"]
    account: Id
    member: Id
    kdf: Kdf


def new_bundle(account: str, member: str, owner: str | None = None) -> MemberBundle:
    """Make all keys of a member (spec 2.4); no epoch and no roster yet.

    ``owner`` is the pinned thumbprint of the owner's identity key; without it the member is the owner, who signs up.
    """
    identity = make_okp()
    return MemberBundle(
        v=1,
        account=account,
        member=member,
        owner=owner or thumbprint(identity.public()),
        identity=identity,
        settings=make_okp(),
        exchange=make_rsa(),
        enrol=b64encode(os.urandom(32)),
        keyring={},
        roster=RosterHead(0, ""),
    )


def new_id() -> str:
    """Return a new identifier (spec 1.4)."""
    return b64encode(os.urandom(16))


def seal_bundle(bundle: MemberBundle, wrap: bytes, kdf: Kdf) -> str:
    """Return the bundle as JWE under the wrap key of 32 bytes."""
    return jwe.encrypt_with(wrap, _header(bundle.account, bundle.member, kdf), msgspec.json.encode(bundle))


def bundle_header(text: str) -> BundleHeader:
    """Return the header of a bundle, not yet trusted. Raises ``header_refused``."""
    try:
        return msgspec.convert(jwe.header_of(text), BundleHeader, strict=True)
    except msgspec.ValidationError:
        raise ReteamzError(
            "header_refused", "Encrypted keys have a header that is not allowed; do not trust this server."
        ) from None


def open_bundle(text: str, wrap: bytes, account: str, member: str) -> MemberBundle:
    """Return the bundle after every check that needs no roster (spec 3.3).

    Raises:
        ReteamzError: ``header_refused``, ``bundle_damaged``, ``bundle_mismatch``, ``key_refused``.
    """
    header = bundle_header(text)
    if (header.account, header.member) != (account, member):
        raise _mismatch()
    payload = jwe.decrypt_with(wrap, _header(account, member, header.kdf), text)
    return decode_bundle(payload, account, member)


def decode_bundle(payload: bytes, account: str, member: str) -> MemberBundle:
    """Decode the payload of a bundle or kit and require that it is this member's and that its keys fit."""
    try:
        bundle = strict_decode(payload, MemberBundle)
    except ReteamzError:
        raise ReteamzError("bundle_damaged", "The keys are not of the agreed form; use the recovery kit.") from None
    if (bundle.account, bundle.member) != (account, member):
        raise _mismatch()
    if any(int(epoch) > limits.EPOCH_MOST for epoch in bundle.keyring):
        raise ReteamzError("bundle_damaged", "The keys name an epoch that cannot be; use the recovery kit.")
    okp_key(bundle.identity)
    okp_key(bundle.settings)
    rsa_private(bundle.exchange)
    return bundle


def _header(account: str, member: str, kdf: Kdf) -> dict[str, Any]:
    return {
        "alg": "dir",
        "enc": "A256GCM",
        "typ": "reteamz-member+1",
        "account": account,
        "member": member,
        "kdf": msgspec.to_builtins(kdf),
    }


def _mismatch() -> ReteamzError:
    return ReteamzError("bundle_mismatch", "The server sent the keys of somebody else; do not trust this server.")
