"""Users of this computer as numbers: the kernel's where it has them, on Windows made of the account's security identifier."""

from __future__ import annotations

import hashlib
import os
import sys
from typing import Final

ROOT: Final = 0
"""The user who may do anything: root, and on Windows the system itself."""
SYSTEM: Final = "S-1-5-18"
"""LocalSystem, as Microsoft's page "Well-known SIDs" has it."""


def own_user() -> int:
    """Return the user who runs this."""
    if sys.platform == "win32":
        from reteamz.agent.windows_system import own_sid

        return number_of(own_sid())
    return os.geteuid()


def number_of(sid: str) -> int:
    """Return the number of a security identifier: the same at every start, 0 for the system, of 63 bits so that databases hold it."""
    if sid.upper() == SYSTEM:
        return ROOT
    return int.from_bytes(hashlib.sha256(sid.upper().encode()).digest()[:8], "big") >> 1 or 1
