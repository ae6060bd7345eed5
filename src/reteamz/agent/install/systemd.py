"""Installation with systemd: the units of ``units``, with this program in them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Final

from reteamz.agent.install.plan import Plan, Scope, Step

PROGRAM: Final = "/opt/reteamz/bin/reteamz"
"""Stands in the units for the program."""
USER: Final = "reteamz-agent"
"""Whom the service of a computer runs as."""


def plan(scope: Scope, program: Sequence[str], home: Path, root: Path = Path("/"), user_exists: bool = True) -> Plan:
    """Return the installation.

    Args:
        scope: for whom.
        program: the command line that begins ``reteamz``.
        home: the person's.
        root: where ``etc`` is.
        user_exists: whether the service's user was made before.
    """
    if scope == "person":
        unit, reload = "reteamz-agent.service", ["systemctl", "--user", "daemon-reload"]
        return Plan(
            {home / ".config" / "systemd" / "user" / unit: _unit(unit, program)},
            [],
            [Step(reload), Step(["systemctl", "--user", "enable", "--now", unit])],
            [Step(["systemctl", "--user", "disable", "--now", unit], needed=False)],
            [Step(reload, needed=False)],
        )
    service, session = "reteamz-agent-computer.service", "reteamz-agent-session.service"
    made = ["useradd", "--system", "--home-dir", f"/var/lib/{USER}", "--shell", "/usr/sbin/nologin", USER]
    # Nothing below it: that folder is the service's, who could lead root to other places by a link.
    folder = ["install", "-d", "-o", USER, "-m", "700", f"/var/lib/{USER}"]
    etc = root / "etc" / "systemd"
    return Plan(
        {etc / "system" / service: _unit(service, program), etc / "user" / session: _unit(session, program)},
        [*([] if user_exists else [Step(made)]), Step(folder)],
        [
            Step(["systemctl", "daemon-reload"]),
            Step(["systemctl", "enable", "--now", service]),
            Step(["systemctl", "--global", "enable", session]),
        ],
        [
            Step(["systemctl", "disable", "--now", service], needed=False),
            Step(["systemctl", "--global", "disable", session], needed=False),
        ],
        [Step(["systemctl", "daemon-reload"], needed=False)],
    )


def _unit(name: str, program: Sequence[str]) -> bytes:
    text = resources.files("reteamz.agent.install").joinpath("units", name).read_text(encoding="utf-8")
    return text.replace(f"ExecStart={PROGRAM} ", f"ExecStart={_command(program)} ").encode()


def _command(words: Sequence[str]) -> str:
    """Return a command line as ExecStart takes it (systemd.service(5), "Command lines"): variables are put in but for the program's name."""
    program, *arguments = words
    return " ".join([_quoted(program), *(_quoted(each.replace("$", "$$")) for each in arguments)])


def _quoted(word: str) -> str:
    word = word.replace("%", "%%")
    plain = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"' if plain != word or any(sign.isspace() or sign in "';" for sign in word) else word
