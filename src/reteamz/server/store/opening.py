"""Opens the stores at the start, and says in one sentence what is wrong when one cannot be opened."""

from __future__ import annotations

from pathlib import Path

import duckdb
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control.migrate import migrate
from reteamz.wire.errors import ReteamzError

_IN_USE = "Another server uses this data folder; stop it, or choose another folder with --data."


def prepare_control(url: str) -> None:
    """Bring the control database to this version's schema; blocks.

    Raises:
        ReteamzError: ``state_corrupt``, ``folder_unusable``.
    """
    try:
        migrate(url)
    except CommandError:
        raise ReteamzError(
            "folder_unusable", "The data folder was written by a newer version; install that version or a later one."
        ) from None
    except SQLAlchemyError:
        raise ReteamzError(
            "state_corrupt", "The control database cannot be used; check its address, or restore it from a backup."
        ) from None


def open_activity(path: Path, secret: bytes) -> ActivityStore:
    """Open the activity store; blocks.

    Raises:
        ReteamzError: ``state_corrupt``, ``folder_unusable`` when another process holds the file.
    """
    try:
        return ActivityStore.open(path, secret)
    except duckdb.Error as error:
        if "lock" in str(error):
            raise ReteamzError("folder_unusable", _IN_USE) from None
        raise ReteamzError(
            "state_corrupt", "The activity store is damaged; keep the file, and restore it from a backup."
        ) from None
    except (KeyError, ValueError):
        # What is in the file does not fit together: a dictionary with holes, rows of an account that is not there.
        raise ReteamzError(
            "state_corrupt", "The activity store is incomplete; keep the file, and restore it from a backup."
        ) from None
