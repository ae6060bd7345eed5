"""Installation with launchd: property lists as launchd.plist(5) has them. Not yet tried on a machine."""

from __future__ import annotations

import plistlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from reteamz.agent.install.plan import Plan, Scope, Step

PERSON: Final = "org.reteamz.agent"
COMPUTER: Final = "org.reteamz.agent.computer"
SESSION: Final = "org.reteamz.agent.session"
FOLDER: Final = Path("/Library/Application Support/Reteamz/computer")
"""Where the service of a computer keeps its files."""


def plan(scope: Scope, program: Sequence[str], home: Path, user: int, root: Path = Path("/")) -> Plan:
    """Return the installation; ``user`` is the number of the person, ``root`` where ``Library`` is."""
    if scope == "person":
        path, session = home / "Library" / "LaunchAgents" / f"{PERSON}.plist", f"gui/{user}"
        return Plan(
            {path: _list(PERSON, [*program, "agent", "run"], LimitLoadToSessionType="Aqua")},
            [Step(["launchctl", "bootout", f"{session}/{PERSON}"], needed=False)],
            [Step(["launchctl", "bootstrap", session, str(path)])],
            [Step(["launchctl", "bootout", f"{session}/{PERSON}"], needed=False)],
        )
    library = root / "Library"
    service = library / "LaunchDaemons" / f"{COMPUTER}.plist"
    away = Step(["launchctl", "bootout", f"system/{COMPUTER}"], needed=False)
    serve = [*program, "agent", "--dir", str(FOLDER), "service"]
    return Plan(
        {
            service: _list(COMPUTER, serve),
            library / "LaunchAgents" / f"{SESSION}.plist": _list(
                SESSION, [*program, "agent", "session"], LimitLoadToSessionType="Aqua"
            ),
        },
        [away],
        [Step(["launchctl", "bootstrap", "system", str(service)])],
        [away],
    )


def _list(label: str, command: Sequence[str], **more: Any) -> bytes:
    told = {
        "Label": label,
        "ProgramArguments": list(command),
        "RunAtLoad": True,
        # A computer that was removed ends with an error as well: not over and over at once.
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 60,
        "ProcessType": "Adaptive",
        "Umask": 0o077,
    }
    return plistlib.dumps({**told, **more})
