"""The recovery kit ("Backup Keys") and the statement that resets a password (spec 3.4, 3.5)."""

from __future__ import annotations

import base64
import os
from typing import Annotated, Final, Literal

import msgspec

from reteamz.crypto import jwe
from reteamz.crypto.bundle import MemberBundle, decode_bundle
from reteamz.crypto.kdf import hkdf
from reteamz.crypto.keys import PrivateOkp
from reteamz.crypto.signing import sign_jws
from reteamz.wire import limits
from reteamz.wire.encoding import Hash, Id, strict_decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp

CODE_CHARACTERS: Final = 26
_HEADER: Final = {"alg": "dir", "enc": "A256GCM", "typ": "reteamz-recovery+1"}


class Kit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file that an owner keeps; ``bundle`` opens with the printed code."""

    typ: Literal["reteamz-recovery+1"]
    server: str
    account: Id
    member: Id
    identity: PublicOkp
    bundle: str


class Recovery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a member signs to set a new password (spec 3.5); hashes are SHA-256 in base64."""

    v: Literal[1]
    origin: str
    account: Id
    nonce: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
    auth: Hash
    bundle: Hash


def new_code() -> str:
    """Return a new code of 16 random bytes in groups of four characters."""
    text = base64.b32encode(os.urandom(16)).decode("ascii").rstrip("=")
    return "-".join(text[i : i + 4] for i in range(0, CODE_CHARACTERS, 4))


def make_kit(bundle: MemberBundle, code: str, server: str) -> Kit:
    """Return the kit of a bundle for the code of :func:`new_code`."""
    sealed = jwe.encrypt_with(_key(code), _HEADER, msgspec.json.encode(bundle))
    return Kit("reteamz-recovery+1", server, bundle.account, bundle.member, bundle.identity.public(), sealed)


def read_kit(text: bytes) -> Kit:
    """Return the kit in a file. Raises ``kit_damaged``."""
    try:
        if len(text) > limits.DOCUMENT_BYTES:
            raise ReteamzError("kit_damaged", "")
        return strict_decode(text, Kit)
    except ReteamzError:
        raise ReteamzError(
            "kit_damaged", "This file is not a recovery kit; choose the file of “Backup Keys”."
        ) from None


def open_kit(kit: Kit, code: str) -> MemberBundle:
    """Return the bundle in a kit.

    Raises:
        ReteamzError: ``recovery_code_mistyped``, ``kit_damaged``, ``header_refused``, ``bundle_mismatch``.
    """
    key = _key(code)
    try:
        payload = jwe.decrypt_with(key, _HEADER, kit.bundle)
    except ReteamzError as error:
        if error.code == "bundle_damaged":
            raise ReteamzError(
                "recovery_code_mistyped", "The recovery code does not open this kit; check what you typed."
            ) from None
        raise
    bundle = decode_bundle(payload, kit.account, kit.member)
    if bundle.identity.public() != kit.identity:
        raise ReteamzError("kit_damaged", "The recovery kit was altered; use another copy of it.")
    return bundle


def sign_recovery(identity: PrivateOkp, recovery: Recovery) -> str:
    """Return the signed statement that resets a password (spec 3.5)."""
    return sign_jws(identity, "reteamz-recover+1", recovery)


def _key(code: str) -> bytes:
    text = "".join(code.split()).replace("-", "").upper()
    try:
        raw = base64.b32decode(text + "======")
    except ValueError:
        raw = b""
    if len(raw) != 16 or base64.b32encode(raw).decode("ascii").rstrip("=") != text:
        raise ReteamzError("recovery_code_mistyped", "A recovery code has 26 letters and digits; check what you typed.")
    return hkdf(raw, "reteamz/1/recovery")
