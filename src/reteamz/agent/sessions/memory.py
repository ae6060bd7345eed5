"""What is remembered of each user across restarts: private time, and what they accepted. Sealed: it is nobody else's business."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

import msgspec

from reteamz.agent.folder import read_private, write_private
from reteamz.agent.keys import load_keys
from reteamz.agent.spool.cipher import LocalCipher
from reteamz.agent.users import own_user
from reteamz.wire.encoding import b64decode
from reteamz.wire.errors import ReteamzError

_NAME: Final = "people.sealed"


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """One user; times in milliseconds.

    ``accepted`` and ``declined`` are the sentences of the notice that they answered at ``answered_at``, when ``version`` of the policy was
    in force: who agreed to one picture in ten minutes did not agree to one a minute.
    """

    private_until: int = 0
    accepted: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()
    version: int = 0
    answered_at: int = 0


class Memory:
    """The file of one agent's folder. Every method may be called from any thread."""

    def __init__(self, folder: Path, cipher: LocalCipher) -> None:
        """Raises ``state_corrupt``, ``folder_unusable``."""
        self._path = folder / _NAME
        self._cipher = cipher
        self._lock = threading.Lock()
        damaged = ReteamzError(
            "state_corrupt",
            f"The file {self._path} is damaged; remove it, and everybody is asked again what they accept.",
        )
        self._kept = read_private(self._path, self._decoded, damaged) or {}

    def _decoded(self, data: bytes) -> dict[int, Kept]:
        return msgspec.json.decode(self._cipher.open(_NAME, data), type=dict[int, Kept])

    def of(self, uid: int) -> Kept:
        """Return what is remembered of a user."""
        with self._lock:
            return self._kept.get(uid, Kept())

    def change(self, uid: int, kept: Kept) -> None:
        """Remember something else of a user, on disk and then in memory. Raises ``disk_full``, ``folder_unusable``."""
        with self._lock:
            fresh = {**self._kept, uid: kept}
            write_private(self._path, self._cipher.seal(_NAME, msgspec.json.encode(fresh)))
            self._kept = fresh


def remember_private(folder: Path, until: int) -> None:
    """Change the private time (ms) of the user who runs this, in the folder of an agent that does not run.

    Raises:
        ReteamzError: ``key_corrupt`` and those of the file.
    """
    keys = load_keys(folder)
    if keys is None:
        raise ReteamzError("key_corrupt", "The key file of this computer is gone; enrol it again with a new code.")
    memory = Memory(folder, LocalCipher(b64decode(keys.local)))
    memory.change(own_user(), msgspec.structs.replace(memory.of(own_user()), private_until=until))
