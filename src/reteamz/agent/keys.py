"""The keys of this computer, in a 0600 file (agent page, "Keys and the spool")."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import msgspec

from reteamz.agent.folder import read_private, write_private
from reteamz.crypto.keyring import Secret32
from reteamz.crypto.keys import PrivateOkp, PrivateRsa, make_okp, make_rsa, okp_key, rsa_private
from reteamz.wire.encoding import b64encode
from reteamz.wire.errors import ReteamzError


class DeviceKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Signing and exchange key of the device, and the key of its own files (base64)."""

    v: Literal[1]
    signing: PrivateOkp
    exchange: PrivateRsa
    local: Secret32

    def __repr__(self) -> str:
        return "DeviceKeys(…)"


def make_keys() -> DeviceKeys:
    """Make new keys; takes about half a second."""
    return DeviceKeys(1, make_okp(), make_rsa(), b64encode(os.urandom(32)))


def keys_path(folder: Path) -> Path:
    """Return where the keys of a folder lie."""
    return folder / "keys.json"


def save_keys(folder: Path, keys: DeviceKeys) -> None:
    """Write the keys. Raises ``folder_unusable``, ``disk_full``."""
    write_private(keys_path(folder), msgspec.json.encode(keys), secret=True)


def load_keys(folder: Path) -> DeviceKeys | None:
    """Return the keys, None before enrolment.

    Raises:
        ReteamzError: ``key_corrupt``, ``folder_unusable``.
    """

    def decode(data: bytes) -> DeviceKeys:
        keys = msgspec.json.decode(data, type=DeviceKeys)
        okp_key(keys.signing)
        rsa_private(keys.exchange)
        return keys

    path = keys_path(folder)
    return read_private(
        path,
        decode,
        ReteamzError(
            "key_corrupt", f"The key file {path} is damaged; keep a copy of it and enrol this computer again."
        ),
    )
