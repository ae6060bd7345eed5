"""The agent's own folder: 0700, its files 0600, on Windows the same as lists of rights; replaced whole or not at all.

On a computer that many people use, everybody may be let into it (0755): what lies there is ciphertext, or tokens, but for the keys.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, TypeVar

import platformdirs

from reteamz.agent.users import own_user
from reteamz.wire.errors import ReteamzError

T = TypeVar("T")

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_NO_LINKS: Final = getattr(os, "O_NOFOLLOW", 0)
"""Windows lets nobody but administrators make links."""


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
        # On Windows the lists of rights say whose it is: those of others cannot be changed.
        if sys.platform != "win32" and folder.stat().st_uid != own_user():
            raise ReteamzError("folder_unusable", f"{folder} belongs to somebody else; name another with --dir.")
        close_to_others(folder, readable)
    except OSError as error:
        raise _unusable(folder, error) from None


def close_to_others(path: Path, everybody_reads: bool) -> None:
    """Let nobody but this user and root use a file or folder, or let everybody read it. Raises OSError."""
    if sys.platform == "win32":
        from reteamz.agent.windows_system import close_to_others as close

        close(path, everybody_reads)
        return
    path.chmod((0o755 if everybody_reads else 0o700) if path.is_dir() else (0o644 if everybody_reads else 0o600))


def is_readable(folder: Path) -> bool:
    """Tell whether everybody may read what is no secret in a folder; on Windows its files inherit that."""
    return bool(folder.stat().st_mode & 0o004)


def write_private(path: Path, data: bytes, secret: bool = False) -> None:
    """Write a file that is either the old or the new one after a power cut; a ``secret`` is never read by others.

    Raises:
        ReteamzError: ``folder_unusable``, ``disk_full``.
    """
    fresh = path.with_name(path.name + ".new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NO_LINKS, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            settle(fresh, secret)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
        _keep(path.parent)
    except OSError as error:
        raise _unusable(path, error) from None


def settle(path: Path, secret: bool = False) -> None:
    """Give a new file the rights of its folder, or those of a secret. Raises OSError."""
    if sys.platform == "win32":
        # Files inherit what ``prepare`` gave their folder; the bits that Windows shows say nothing.
        if secret:
            close_to_others(path, False)
        return
    close_to_others(path, not secret and is_readable(path.parent))


def _keep(folder: Path) -> None:
    """Make a change of names survive a power cut; Windows does so by itself, its folders cannot be synchronised. Raises OSError."""
    if sys.platform != "win32":
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


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
        _lock(file)
    except OSError:
        file.close()
        raise ReteamzError(
            "already_running", "The agent runs already for this folder; see `reteamz agent status`."
        ) from None
    return file


def _lock(file: IO[bytes]) -> None:
    """Lock a file until it is closed. Raises OSError when somebody else did."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        return
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
