"""Installation on Windows: a task at logon for one person, a service and a helper in every session for a computer. Not yet tried on a machine."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Final

from reteamz.agent.endpoint import SERVICE
from reteamz.agent.install.plan import Plan, Scope, Step

TASK: Final = "Reteamz agent"
FOLDER: Final = r"C:\ProgramData\Reteamz\computer"
"""Where the service of a computer keeps its files."""
_RUN: Final = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Run"
_HELPER: Final = "ReteamzSession"


def plan(scope: Scope, program: Sequence[str]) -> Plan:
    """Return the installation: commands alone, as Microsoft's pages on schtasks, sc.exe and reg.exe have them."""
    if scope == "person":
        command = subprocess.list2cmdline([*program, "agent", "run"])
        return Plan(
            {},
            [],
            [
                Step(["schtasks", "/Create", "/TN", TASK, "/SC", "ONLOGON", "/RL", "LIMITED", "/TR", command, "/F"]),
                Step(["schtasks", "/Run", "/TN", TASK]),
            ],
            [
                Step(["schtasks", "/End", "/TN", TASK], needed=False),
                Step(["schtasks", "/Delete", "/TN", TASK, "/F"], needed=False),
            ],
        )
    serve = subprocess.list2cmdline([*program, "agent", "--dir", FOLDER, "service", "--as-windows-service"])
    helper = subprocess.list2cmdline([*program, "agent", "session"])
    return Plan(
        {},
        [Step(["sc.exe", "stop", SERVICE], needed=False), Step(["sc.exe", "delete", SERVICE], needed=False)],
        [
            Step(["sc.exe", "create", SERVICE, "binPath=", serve, "start=", "delayed-auto", "DisplayName=", TASK]),
            Step(["sc.exe", "failure", SERVICE, "reset=", "86400", "actions=", "restart/5000/restart/60000//0"]),
            Step(["reg.exe", "add", _RUN, "/v", _HELPER, "/t", "REG_SZ", "/d", helper, "/f"]),
            Step(["sc.exe", "start", SERVICE]),
        ],
        [
            Step(["sc.exe", "stop", SERVICE], needed=False),
            Step(["sc.exe", "delete", SERVICE], needed=False),
            Step(["reg.exe", "delete", _RUN, "/v", _HELPER, "/f"], needed=False),
        ],
    )
