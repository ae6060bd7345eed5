"""What a person at a computer types, and the one sentence they get when something is wrong."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from tests.agent.conftest import account, agent_running, enrol, now
from tests.conftest import free_port

from reteamz.crypto.enrolment import decode_code, encode_code
from reteamz.owner.client import Owner

__all__ = ["account"]

NO_DISPLAY = {name: value for name, value in os.environ.items() if not name.startswith(("DISPLAY", "WAYLAND", "XDG_"))}


def agent(folder: Path, *arguments: str, display: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = NO_DISPLAY | ({"DISPLAY": display} if display else {})
    command = [sys.executable, "-m", "reteamz.cli.main", "agent", "--dir", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)


def refused(folder: Path, *arguments: str, display: str | None = None) -> str:
    """Return the one sentence of a command that fails."""
    ran = agent(folder, *arguments, display=display)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert ran.stdout == ""
    assert ran.stderr.startswith("reteamz: ")
    assert ran.stderr.count("\n") == 1
    assert "Traceback" not in ran.stderr
    return ran.stderr.removeprefix("reteamz: ").strip()


@pytest.fixture(scope="module")
def owner(account: Callable[..., Owner]) -> Iterator[Owner]:
    return account("commands")  # type: ignore[no-any-return]  # it is an owner


@pytest.fixture
def folder(owner: Owner, tmp_path: Path) -> Path:
    """Return the folder of an enrolled computer."""
    made = tmp_path / "agent"
    enrol(owner, made)
    return made


def test_help_names_every_command() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "reteamz.cli.main", "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    for command in ("agent", "demo", "report", "serve"):
        assert f"\n  {command} " in ran.stdout
        told = subprocess.run(
            [sys.executable, "-m", "reteamz.cli.main", command, "--help"],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert told.stdout.startswith("Usage: reteamz ")


def test_a_computer_that_is_not_enrolled(tmp_path: Path) -> None:
    for command in (("run",), ("status",), ("pause",), ("resume",)):
        assert "enrol" in refused(tmp_path / "agent", *command)


def test_a_code_that_was_mistyped(owner: Owner, tmp_path: Path) -> None:
    code = owner.enrolment_code()
    for wrong in ("hello", code[:-1], code.replace(code[20], "0" if code[20] != "0" else "1", 1)):
        assert "code" in refused(tmp_path / "agent", "enroll", wrong)
    assert not (tmp_path / "agent" / "state.json").exists()
    assert "Enrolled at" in agent(tmp_path / "agent", "enroll", code).stdout


def test_a_computer_is_enrolled_unattended(owner: Owner, tmp_path: Path) -> None:
    """By an option, a file, a pipe or the environment; once more changes nothing."""
    code = owner.enrolment_code(uses=4)
    file = tmp_path / "code"
    file.write_text(f"{code}\n")
    assert agent(tmp_path / "option", "enroll", "--code", code).returncode == 0
    assert agent(tmp_path / "file", "enroll", "--unattended", "--code-file", str(file)).returncode == 0
    again = agent(tmp_path / "file", "enroll", "--unattended", "--code-file", str(file))
    assert (again.returncode, "belongs to an account already" in again.stdout) == (0, True)
    assert "already" in refused(tmp_path / "file", "enroll", "--code-file", str(file))
    (tmp_path / "picture").write_bytes(b"\x89PNG\r\n\xff\xfe")
    assert "code" in refused(tmp_path / "none", "enroll", "--code-file", str(tmp_path / "picture"))
    assert "once" in refused(tmp_path / "twice", "enroll", code, "--code", code)
    assert "once" in refused(tmp_path / "none", "enroll")
    for name, options, piped, more in (
        ("environment", [], "", {"RETEAMZ_CODE": code}),
        ("pipe", ["--code-file", "-"], code, {}),
    ):
        ran = subprocess.run(
            [sys.executable, "-m", "reteamz.cli.main", "agent", "--dir", str(tmp_path / name), "enroll", *options],
            input=piped, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **more},
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
    assert not (tmp_path / "twice").exists()


def test_a_code_that_was_used_up(owner: Owner, tmp_path: Path) -> None:
    code = owner.enrolment_code(uses=1)
    assert agent(tmp_path / "one", "enroll", code).returncode == 0
    assert "used up" in refused(tmp_path / "two", "enroll", code)


def test_a_computer_that_is_enrolled_already(owner: Owner, folder: Path) -> None:
    assert "already" in refused(folder, "enroll", owner.enrolment_code())


def test_a_missing_display_is_told(folder: Path) -> None:
    assert "display" in refused(folder, "run").lower()
    assert "display" in refused(folder, "run", display=":987").lower()


def test_a_port_in_use_is_told(folder: Path, display: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert str(port) in refused(folder, "run", "--port", str(port), display=display)


def test_a_second_agent_is_told_of_the_first(folder: Path, display: str) -> None:
    with agent_running(folder, display):
        assert "runs already" in refused(folder, "run", "--port", "0", display=display)


def test_what_is_asked_of_the_person(folder: Path, display: str) -> None:
    for command in ("notice", "accept", "decline"):
        assert "does not run" in refused(folder, command)
    with agent_running(folder, display):
        assert agent(folder, "notice").stdout == "Nothing beyond the default is recorded.\n"
        assert agent(folder, "decline").returncode == 0


def test_a_session_without_its_service_has_no_display_to_wait_for(tmp_path: Path) -> None:
    assert "display" in refused(tmp_path / "agent", "--socket", str(tmp_path / "none.sock"), "session")


def test_status_of_an_agent_that_runs_and_of_one_that_rests(folder: Path, display: str) -> None:
    with agent_running(folder, display):
        told = json.loads(agent(folder, "status", "--json").stdout)
        assert (told["running"], told["mode"], told["recorded"]) == (True, "anonymous", ["kinds of time"])
        words = agent(folder, "status").stdout
        assert words.startswith("Recording\n")
        assert "waiting for the owner" in words
    told = json.loads(agent(folder, "status", "--json").stdout)
    assert (told["running"], told["problem"]) == (False, "")
    assert agent(folder, "status").stdout.startswith("Not recording\n")


def test_private_time_is_taken_and_ended(folder: Path, display: str) -> None:
    with agent_running(folder, display):
        assert "Private until" in agent(folder, "pause", "--minutes", "30").stdout
        assert agent(folder, "status").stdout.startswith("Not recording (private until ")
        assert agent(folder, "resume").returncode == 0
        assert agent(folder, "status").stdout.startswith("Recording\n")
    assert "Private until" in agent(folder, "pause", "--today").stdout
    with agent_running(folder, display) as running:
        assert running.status().private_until > 0, "kept over a restart"


def test_damaged_files_are_told_and_kept(folder: Path) -> None:
    for name in ("keys.json", "state.json", "spool.db"):
        path = folder / name
        if not path.exists():
            agent(folder, "status")
        whole = path.read_bytes()
        noise = b"\0" + os.urandom(8_000)
        path.write_bytes(noise)
        told = refused(folder, "status")
        assert "enrol" in told
        assert refused(folder, "run", "--port", "0") == told
        assert path.read_bytes() == noise
        path.write_bytes(whole)
    assert agent(folder, "status").returncode == 0


def test_a_folder_of_somebody_else_or_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "--dir" in refused(tmp_path / "file", "status") or "enrol" in refused(tmp_path / "file", "status")
    assert "--dir" in refused(tmp_path / "file", "enroll", "x") or "code" in refused(tmp_path / "file", "enroll", "x")


def test_an_unreachable_server_is_told(owner: Owner, tmp_path: Path) -> None:
    said = decode_code(owner.enrolment_code(), now())
    gone = encode_code(msgspec.structs.replace(said, server=f"http://127.0.0.1:{free_port()}"))
    assert "does not answer" in refused(tmp_path / "agent", "enroll", gone)
