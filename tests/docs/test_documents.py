"""The documents are true: their commands run, their links lead somewhere, what is generated is current."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from tests.conftest import free_port

from reteamz.crypto.recovery import new_code
from reteamz.owner.client import Owner
from reteamz.wire.errors import CODES

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")])
PASSWORD = "correct horse battery staple"
EMAIL = "documents@company.example"
STAYING = {"serve": "Reteamz answers at", "run": "Recording", "demo": "Stop with Ctrl-C"}
"""Commands that stay, and what they say when they are ready."""


def blocks(document: Path, kind: str) -> list[str]:
    """Return the commands of a document's blocks of a kind."""
    found = re.findall(rf"^```{kind}\n(.*?)^```$", document.read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in found for line in block.splitlines() if line.strip()]


@dataclass
class Shell:
    """Runs commands one after the other; those that stay go on in the background."""

    folder: Path
    environment: dict[str, str]
    staying: list[subprocess.Popen[str]] = field(default_factory=list)
    readers: list[threading.Thread] = field(default_factory=list)

    def run(self, command: str) -> None:
        words = command.split()
        name = "demo" if words[:2] == ["make", "demo"] else words[2] if words[:2] == ["reteamz", "agent"] else words[1]
        where = ROOT if words[0] in ("make", "python") else self.folder
        if words[0] == "make" and name != "demo":
            # Each is run on its own: here it is only shown to exist.
            command = command.replace("make", "make -n", 1)
        if name in STAYING:
            self._stay(command, STAYING[name], where)
            return
        ran = subprocess.run(
            command, shell=True, cwd=where, env=self.environment, capture_output=True, text=True, timeout=300,
            check=False,
        )  # fmt: skip
        assert ran.returncode == 0, f"{command}\n{ran.stdout[-1000:]}{ran.stderr[-2000:]}"

    def _stay(self, command: str, ready: str, where: Path) -> None:
        process = subprocess.Popen(
            f"exec {command}", shell=True, cwd=where, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self.staying.append(process)
        said: list[str] = []
        seen = threading.Event()

        def read() -> None:
            assert process.stdout is not None
            with process.stdout:
                for line in process.stdout:
                    said.append(line)
                    if ready in line:
                        seen.set()
            seen.set()

        self.readers.append(threading.Thread(target=read, daemon=True))
        self.readers[-1].start()
        assert seen.wait(240), f"{command} was not ready: {''.join(said)[-2000:]}"
        assert process.poll() is None, f"{command} ended: {''.join(said)[-2000:]}"

    def close(self) -> None:
        for process in reversed(self.staying):
            # As Ctrl-C does: make and what it runs hear it both.
            os.killpg(process.pid, signal.SIGINT)
            process.wait(60)
        for reader in self.readers:
            reader.join(60)


@pytest.fixture
def shell(tmp_path: Path, display: str) -> Iterator[Shell]:
    """Return a shell at a computer with a display, an account to enrol in, and a port of its own for every server."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "XDG_DATA_HOME": str(tmp_path / "home" / "data"),
        "DISPLAY": display,
        "RETEAMZ_PASSWORD": PASSWORD,
        "EMAIL": EMAIL,
        "PYTHONUNBUFFERED": "1",
    }
    environment.pop("WAYLAND_DISPLAY", None)
    environment.pop("MAKEFLAGS", None)
    (tmp_path / "home").mkdir()
    made = Shell(tmp_path, environment)
    yield made
    made.close()


def now() -> int:
    return time.time_ns() // 1_000_000


def sign_up(shell: Shell, url: str) -> Owner:
    """Do what a person does in the browser: sign up, keep the kit, make a code."""
    owner = Owner.sign_up(url, EMAIL, PASSWORD, "Works", now=now)
    (shell.folder / "kit.json").write_bytes(msgspec.json.encode(owner.kit(new_code())))
    shell.environment["CODE"] = owner.enrolment_code(uses=5)
    return owner


def on_port(command: str, port: int) -> str:
    """Give a server of the documents a port of its own, for the usual one may be in use here."""
    if " serve " not in command:
        return command.replace("agent run", "agent run --port 0")
    return re.sub(r" --port \d+", "", command) + f" --port {port}"


def test_the_commands_of_the_readme(shell: Shell) -> None:
    port = free_port()
    commands = blocks(ROOT / "README.md", "sh")
    assert len(commands) == 5
    for command in commands:
        shell.run(on_port(command, port))
        if " serve " in command:
            sign_up(shell, f"http://127.0.0.1:{port}").close()


def test_the_commands_of_the_user_guide(shell: Shell) -> None:
    port = free_port()
    shell.run(f"reteamz serve --data data --port {port}")
    owner = sign_up(shell, f"http://127.0.0.1:{port}")
    commands = blocks(ROOT / "docs" / "user-guide.md", "sh")
    assert len(commands) == 7
    for command in commands:
        shell.run(command)
    assert len(owner.waiting()) == 1
    owner.close()


def test_the_commands_of_the_operator_guide(shell: Shell) -> None:
    port = free_port()
    for command in blocks(ROOT / "docs" / "operator-guide.md", "sh"):
        shell.run(on_port(command, port))
        if " serve " in command:
            sign_up(shell, f"http://127.0.0.1:{port}").close()


def test_what_is_done_as_root_names_files_that_are_here() -> None:
    commands = blocks(ROOT / "docs" / "operator-guide.md", "sh as root")
    assert len(commands) == 10
    for command in commands:
        for word in command.split():
            if word.startswith("deploy/"):
                assert (ROOT / word).is_file(), command


def test_every_block_of_commands_is_run() -> None:
    run = {"README.md", "user-guide.md", "operator-guide.md"}
    with_commands = {document.name for document in DOCUMENTS if blocks(document, "sh")}
    assert with_commands == run


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if target.startswith(("http:", "https:")):
            continue
        path, _, anchor = target.partition("#")
        found = (document.parent / path).resolve() if path else document
        assert found.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", found.read_text(), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings], (
                target
            )


def test_the_api_reference_is_current() -> None:
    ran = subprocess.run(
        [sys.executable, "scripts/api_reference.py"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert (ROOT / "docs" / "api.md").read_text() == ran.stdout, "run scripts/api_reference.py > docs/api.md"


def test_the_specification_names_every_code_that_a_clause_needs() -> None:
    text = (ROOT / "docs" / "spec.md").read_text()
    told = {word for word in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text) if word in CODES}
    assert len(told) > 15
    cited = re.findall(r"\(spec ([\d., –]+)", "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py")))
    clauses = set(re.findall(r"^\*\*(\d+\.\d+)\*\*|^(\d+\.\d+) ", text, re.MULTILINE))
    numbers = {first or second for first, second in clauses}
    assert len(cited) > 50
    for citation in cited:
        for number in re.findall(r"\d+\.\d+", citation):
            assert number in numbers, f"spec {number} does not exist"


def test_every_setting_is_in_the_operator_guide() -> None:
    told = (ROOT / "docs" / "operator-guide.md").read_text()
    code = "\n".join(path.read_text() for path in (ROOT / "src" / "reteamz" / "server").rglob("*.py"))
    for name in set(re.findall(r'"(RETEAMZ_[A-Z]+)"', code)):
        assert f"`{name}`" in told, name
