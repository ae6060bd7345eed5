"""Installation: systemd's own checker takes the units; launchd's and Windows' parts are compared with their documentation."""

from __future__ import annotations

import os
import plistlib
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from reteamz.agent.install import launchd, systemd, windows
from reteamz.agent.install.choose import require_right, require_roots_alone
from reteamz.agent.install.plan import Plan, Scope, Step, install, uninstall
from reteamz.wire.errors import ReteamzError

SCOPES: list[Scope] = ["person", "computer"]
DOCUMENTED = {
    "Label", "ProgramArguments", "RunAtLoad", "KeepAlive", "ThrottleInterval", "ProcessType", "Umask", "LimitLoadToSessionType",
}  # fmt: skip
"""Keys of launchd.plist(5) that are used."""


class Commands:
    """Takes commands down instead of running them; those whose first words are in ``failing`` fail."""

    def __init__(self, *failing: str) -> None:
        self.ran: list[list[str]] = []
        self._failing = failing

    def __call__(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.ran.append(list(command))
        failed = " ".join(command).startswith(self._failing) if self._failing else False
        return subprocess.CompletedProcess(command, int(failed), "", "first line\nAccess denied.\n" if failed else "")


@pytest.mark.parametrize("scope", SCOPES)
def test_systemd_takes_what_is_installed(scope: Scope, tmp_path: Path) -> None:
    program = tmp_path / "with space $HOME %h" / "reteamz"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    plan = systemd.plan(scope, [str(program), "-m", "reteamz.cli.main"], tmp_path / "home", tmp_path)
    run = Commands()
    install(plan, run)
    for unit in plan.files:
        text = unit.read_text()
        assert systemd.PROGRAM not in re.findall(r"^ExecStart=.*", text, re.MULTILINE)[0]
        unit.write_text(re.sub(r"^User=.*$", "User=root", text, flags=re.MULTILINE))
        user = ["--user"] if "user" in unit.parts[-2] else []
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *user, str(unit)],
            capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        )  # fmt: skip
        about = [line for line in done.stderr.splitlines() if unit.stem in line]
        assert about == []
        assert done.returncode == 0, done.stderr
    assert [command for command in run.ran if "enable" in command]


@pytest.mark.parametrize("scope", SCOPES)
def test_an_installation_is_done_again_and_taken_away_twice(scope: Scope, tmp_path: Path) -> None:
    plan = systemd.plan(scope, ["/bin/reteamz"], tmp_path / "home", tmp_path)
    for _ in range(2):
        install(plan, Commands())
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(plan.files)
    for _ in range(2):
        uninstall(plan, Commands("systemctl --user disable", "systemctl disable", "systemctl --global disable"))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_services_user_is_made_once(tmp_path: Path) -> None:
    fresh = systemd.plan("computer", ["/bin/reteamz"], tmp_path, tmp_path, user_exists=False)
    again = systemd.plan("computer", ["/bin/reteamz"], tmp_path, tmp_path, user_exists=True)
    assert [step.command[0] for step in fresh.before] == ["useradd", "install"]
    assert [step.command[0] for step in again.before] == ["install"]


@pytest.mark.parametrize("scope", SCOPES)
def test_launchd_gets_documented_keys(scope: Scope, tmp_path: Path) -> None:
    plan = launchd.plan(scope, ["/opt/reteamz/bin/reteamz"], tmp_path / "home", 501, tmp_path)
    run = Commands("launchctl bootout")
    install(plan, run)
    for path in plan.files:
        told = plistlib.loads(path.read_bytes())
        assert told.keys() <= DOCUMENTED
        assert path.name == told["Label"] + ".plist"
        assert told["ProgramArguments"][:2] == ["/opt/reteamz/bin/reteamz", "agent"]
        assert ("LimitLoadToSessionType" in told) == ("LaunchAgents" in path.parts)
    where = "gui/501" if scope == "person" else "system"
    assert [command[1:3] for command in run.ran if command[1] == "bootstrap"] == [["bootstrap", where]]
    uninstall(plan, run)
    assert not any(path.exists() for path in plan.files)


@pytest.mark.parametrize("scope", SCOPES)
def test_windows_gets_documented_commands(scope: Scope) -> None:
    program = [r"C:\Program Files\Reteamz\reteamz-agent.exe"]
    plan = windows.plan(scope, program)
    # What is not there cannot be stopped: that is no failure.
    run = Commands("sc.exe stop", "sc.exe delete")
    install(plan, run)
    quoted = '"C:\\Program Files\\Reteamz\\reteamz-agent.exe" agent '
    made = [command for command in run.ran if command[1] in ("create", "add", "/Create")]
    assert made
    for command in made:
        assert any(word.startswith(quoted) for word in command), command
        if command[0] == "sc.exe":
            # sc.exe's page: a space between an option and its value is required.
            assert [word for word in command if word.endswith("=")] == ["binPath=", "start=", "DisplayName="]
    uninstall(plan, Commands("sc.exe", "reg.exe", "schtasks"))


def test_a_command_that_fails_is_one_sentence(tmp_path: Path) -> None:
    plan = Plan({}, [Step(["systemctl", "enable"])], [], [])
    with pytest.raises(ReteamzError, match=r"`systemctl enable` failed: Access denied\."):
        install(plan, Commands("systemctl"))
    with pytest.raises(ReteamzError, match="cannot be run"):
        install(Plan({}, [Step([str(tmp_path / "missing")])], [], []))
    install(Plan({}, [Step([str(tmp_path / "missing")], needed=False)], [], []))
    (tmp_path / "file").write_text("")
    with pytest.raises(ReteamzError, match="folder_unusable"):
        install(Plan({tmp_path / "file" / "unit": b""}, [], [], []))


@pytest.mark.parametrize(
    ("scope", "administrator", "platform", "hint"),
    [
        ("computer", False, "linux", "with sudo"),
        ("computer", False, "win32", "terminal of an administrator"),
        ("person", True, "darwin", "--computer"),
    ],
)
def test_the_wrong_rights_are_one_sentence(scope: Scope, administrator: bool, platform: str, hint: str) -> None:
    with pytest.raises(ReteamzError, match=hint):
        require_right(scope, administrator, platform)
    require_right(scope, not administrator, platform)


def test_a_program_that_others_can_change_is_not_installed_for_everybody(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "reteamz"
    program.parent.mkdir()
    program.write_text("")
    for path in (program.parent, program):
        path.chmod(0o755)
    require_roots_alone(program, os.geteuid())
    program.parent.chmod(0o777)
    with pytest.raises(ReteamzError, match="forbidden"):
        require_roots_alone(program, os.geteuid())
    program.parent.chmod(0o755)
    os.chown(program, 12_345, 12_345)
    with pytest.raises(ReteamzError, match="can change"):
        require_roots_alone(program)
    with pytest.raises(ReteamzError, match="cannot reach"):
        require_roots_alone(Path("/home"))


def test_the_commands_explain_themselves() -> None:
    for command in ("install", "uninstall"):
        done = subprocess.run(
            [sys.executable, "-m", "reteamz.cli.main", "agent", command, "--help"],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0
        assert "--computer" in done.stdout
