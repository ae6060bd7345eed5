"""The server works where nothing of the ends can be imported, and its tests with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=2300,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.timeout(2400)
def test_the_servers_tests_pass_without_the_ends() -> None:
    ran = run("-m", "pytest", "-p", "tests.server.without_crypto", "-p", "no:cacheprovider", "tests/server")
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-2000:]
    assert " passed" in ran.stdout
    assert "skipped" not in ran.stdout


def test_what_makes_them_unimportable_does() -> None:
    ran = run("-c", "import tests.server.without_crypto, reteamz.server.run; import reteamz.crypto")
    assert ran.returncode == 1
    assert "reteamz.crypto does not exist here" in ran.stderr
