"""The server's own secret: keys of its hashes and guards, never of anyone's content."""

from __future__ import annotations

import hmac
import os
from pathlib import Path
from typing import Final

from reteamz.wire.errors import ReteamzError

NAME: Final = "server.secret"


def load_secret(data: Path) -> bytes:
    """Return the 32 bytes of the file in the data folder; make folder and file when they are missing.

    Raises:
        ReteamzError: ``folder_unusable``, ``key_corrupt``.
    """
    path = data / NAME
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            secret = path.read_bytes()
        except FileNotFoundError:
            secret = os.urandom(32)
            fresh = path.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_bytes(secret)
            fresh.replace(path)
    except OSError:
        raise ReteamzError(
            "folder_unusable", "The data folder cannot be written; choose another with --data."
        ) from None
    if len(secret) != 32:
        raise ReteamzError(
            "key_corrupt", "The file server.secret is damaged; restore it from a backup of the data folder."
        )
    return secret


def derived(secret: bytes, purpose: str) -> bytes:
    """Return 32 bytes for one purpose."""
    return hmac.digest(secret, f"reteamz/server/{purpose}".encode(), "sha256")
