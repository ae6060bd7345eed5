"""What local watchers told, read while the agent does not run."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from reteamz.agent.folder import lock
from reteamz.agent.keys import load_keys
from reteamz.agent.localapi.buckets import Buckets
from reteamz.agent.localapi.exchange import exported
from reteamz.agent.localapi.store import LocalStore
from reteamz.agent.spool.cipher import LocalCipher
from reteamz.agent.state import not_enrolled
from reteamz.agent.users import own_user
from reteamz.wire.encoding import b64decode


def resting_export(folder: Path) -> bytes:
    """Return the export of the user who runs this. Raises ``not_enrolled``, ``already_running`` and those of the folder's files."""
    keys = load_keys(folder)
    if keys is None:
        raise not_enrolled()
    path = folder / "local.db"
    with lock(folder):
        store = LocalStore(LocalCipher(b64decode(keys.local)), path if path.exists() else None, _now)
        try:
            buckets = Buckets(store, lambda _: None, _now)
            told = {each.id: exported(store, buckets, each) for each in store.buckets(own_user())}
            return msgspec.json.encode({"buckets": told})
        finally:
            store.close()


def _now() -> int:
    return time.time_ns() // 1_000_000
