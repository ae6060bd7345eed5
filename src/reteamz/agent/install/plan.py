"""What is written and run to install the agent, and to take it away again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from reteamz.wire.errors import ReteamzError

Scope = Literal["person", "computer"]
"""The agent of whoever installs it, begun with their session; or one service for everybody, with a helper in each session."""


class Step(msgspec.Struct, frozen=True):
    """A command; ``needed`` when nothing works without it, else it may fail: what it undoes may not be there."""

    command: list[str]
    needed: bool = True


class Plan(msgspec.Struct, frozen=True):
    """An installation: files and what they hold, commands before they are written, after, and when they are taken away."""

    files: dict[Path, bytes]
    before: list[Step]
    after: list[Step]
    away: list[Step]
    settled: list[Step] = []
    """Run after the files are gone."""


Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


def run_command(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command and keep what it says. Raises OSError where there is no such program."""
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def install(plan: Plan, run: Run = run_command) -> None:
    """Install; doing so again brings everything up to date.

    Raises:
        ReteamzError: ``folder_unusable`` when a file cannot be written, ``internal`` when a command fails.
    """
    _carry_out(plan.before, run)
    for path, data in plan.files.items():
        _write(path, data)
    _carry_out(plan.after, run)


def uninstall(plan: Plan, run: Run = run_command) -> None:
    """Take an installation away; what was recorded and the keys stay. Taking away what is not there changes nothing.

    Raises:
        ReteamzError: ``folder_unusable``, ``internal``.
    """
    _carry_out(plan.away, run)
    for path in plan.files:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(path, error) from None
    _carry_out(plan.settled, run)


def _carry_out(steps: Sequence[Step], run: Run) -> None:
    for step in steps:
        try:
            done = run(step.command)
        except (OSError, subprocess.SubprocessError) as error:
            if step.needed:
                raise ReteamzError("internal", f"`{' '.join(step.command)}` cannot be run ({error}).") from None
            continue
        if done.returncode and step.needed:
            said = (done.stderr or done.stdout or "").strip().splitlines()
            reason = said[-1] if said else f"exit code {done.returncode}"
            raise ReteamzError("internal", f"`{' '.join(step.command)}` failed: {reason}")


def _write(path: Path, data: bytes) -> None:
    """Write a file that is the old or the new one, never half of it; one that holds this already is left alone."""
    fresh = path.with_name(path.name + ".new")
    try:
        with suppress(FileNotFoundError):
            if path.read_bytes() == data:
                return
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> ReteamzError:
    return ReteamzError("folder_unusable", f"{path} cannot be changed ({error.strerror}).")
