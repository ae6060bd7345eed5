"""The agent's own folder: 0700, its files 0600, replaced whole or not at all.

On a computer that many people use, everybody may be let into it (0755): what lies there is ciphertext, or tokens, but for the keys.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeVar

import platformdirs

from reteamz.wire.errors import ReteamzError

T = TypeVar("T")

FULL = (errno.ENOSPC, errno.EDQUOT)


def default_folder() -> Path:
    """Return the folder of the person who runs this."""
    return Path(platformdirs.user_data_dir("reteamz", appauthor=False)) / "agent"


def disk_full(path: Path) -> ReteamzError:
    """Return the error for a disk without room; whoever meets it keeps what it has in memory."""
    return ReteamzError(
        "disk_full", f"The disk that holds {path} is full; free some space, nothing recorded so far is lost."
    )


def _unusable(path: Path, error: OSError) -> ReteamzError:
    if error.errno in FULL:
        return disk_full(path)
    return ReteamzError(
        "folder_unusable", f"{path} cannot be used ({error.strerror}); make it yours, or name another with --dir."
    )


def prepare(folder: Path, readable: bool = False) -> None:
    """Make the folder, open to its owner only, or ``readable`` by everybody.

    Raises:
        ReteamzError: ``folder_unusable``, ``disk_full``.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.geteuid():
            raise ReteamzError("folder_unusable", f"{folder} belongs to somebody else; name another with --dir.")
        folder.chmod(0o755 if readable else 0o700)
    except OSError as error:
        raise _unusable(folder, error) from None


def file_mode(folder: Path) -> int:
    """Return the mode of files without secrets: everybody reads them where everybody may enter the folder."""
    return 0o644 if folder.stat().st_mode & 0o004 else 0o600


def write_private(path: Path, data: bytes, secret: bool = False) -> None:
    """Write a file that is either the old or the new one after a power cut; a ``secret`` is never read by others.

    Raises:
        ReteamzError: ``folder_unusable``, ``disk_full``.
    """
    fresh = path.with_name(path.name + ".new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600 if secret else file_mode(path.parent))
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise _unusable(path, error) from None


def read_private(path: Path, decode: Callable[[bytes], T], damaged: ReteamzError) -> T | None:
    """Return what the file holds, None when there is none.

    Raises:
        ReteamzError: ``damaged`` when ``decode`` fails on it, ``folder_unusable``.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from None
    try:
        return decode(data)
    except (ValueError, ReteamzError):
        raise damaged from None


def lock(folder: Path) -> IO[bytes]:
    """Take the folder for this process until the returned file is closed.

    Raises:
        ReteamzError: ``already_running``, ``folder_unusable``.
    """
    path = folder / "agent.lock"
    try:
        file = open(path, "ab")  # noqa: SIM115  # held as long as the process runs
    except OSError as error:
        raise _unusable(path, error) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ReteamzError(
            "already_running", "The agent runs already for this folder; see `reteamz agent status`."
        ) from None
    return file
