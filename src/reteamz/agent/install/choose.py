"""The installation of this platform."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

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
            "forbidden", "This would install the agent of root: run it as the person, or for everybody with --computer."
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
