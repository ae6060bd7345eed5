"""The installation of this platform."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import reteamz
from reteamz.agent.install import launchd, systemd, windows
from reteamz.agent.install.plan import Plan, Scope
from reteamz.agent.users import own_user
from reteamz.wire.errors import ReteamzError


def chosen(scope: Scope, program: Sequence[str]) -> Plan:
    """Return the installation of this platform; ``program`` is the command line that begins ``reteamz``.

    Raises:
        ReteamzError: ``forbidden`` when a computer's installation is not begun by its administrator, or a person's is; ``unsupported``.
    """
    platform = str(sys.platform)
    if platform not in ("linux", "darwin", "win32"):
        raise ReteamzError("unsupported", f"Nothing is installed on {platform}; start `reteamz agent run` yourself.")
    require_right(scope, is_administrator(), platform)
    if platform == "win32":
        return windows.plan(scope, program)
    if scope == "computer":
        for needed in (Path(program[0]).absolute(), Path(reteamz.__file__).resolve().parent):
            require_roots_alone(needed)
    if platform == "darwin":
        return launchd.plan(scope, program, Path.home(), own_user())
    if not Path("/run/systemd/system").is_dir():
        raise ReteamzError("unsupported", "systemd does not run here; start `reteamz agent run` with the session.")
    return systemd.plan(scope, program, Path.home(), user_exists=_user_exists(systemd.USER))


def require_right(scope: Scope, administrator: bool, platform: str) -> None:
    """Require the rights that a scope needs. Raises ``forbidden``."""
    how = "in a terminal of an administrator" if platform == "win32" else "with sudo"
    if scope == "computer" and not administrator:
        raise ReteamzError(
            "forbidden", f"Installing for everybody on this computer takes its administrator: run it {how}."
        )
    if scope == "person" and administrator and platform != "win32":
        raise ReteamzError(
            "forbidden",
            "This would be about the agent of root: run it as the person, or for everybody with --computer.",
        )


_HIDDEN: Final = ("/home", "/root", "/run/user")
"""What the units close to services (systemd.exec(5), ProtectHome)."""


def require_roots_alone(program: Path, owner: int = 0) -> None:
    """Require a program that everybody's sessions will start to be one that nobody but root can replace.

    Args:
        program: the program, or the folder that it is loaded from.
        owner: whose it and the folders above it have to be, root's.

    Raises:
        ReteamzError: ``forbidden``.
    """
    for path in (program, *program.parents):
        told = path.stat()
        # In a folder like /tmp nobody renames what is another's.
        writable = told.st_mode & 0o022 and not (told.st_mode & stat.S_ISVTX and path != program)
        if told.st_uid not in (0, owner) or writable:
            raise ReteamzError(
                "forbidden",
                f"Somebody else than root can change {path}: install the program for the computer, as in /opt/reteamz.",
            )
        if str(path) in _HIDDEN:
            raise ReteamzError(
                "forbidden", f"Services cannot reach {path}: install the program for the computer, as in /opt/reteamz."
            )


def is_administrator() -> bool:
    """Tell whether this process may change the computer."""
    if sys.platform == "win32":
        import ctypes

        return bool(ctypes.windll.shell32.IsUserAnAdmin())
    return os.geteuid() == 0


def _user_exists(name: str) -> bool:
    if sys.platform != "win32":
        import pwd

        try:
            pwd.getpwnam(name)
        except KeyError:
            return False
    return True
