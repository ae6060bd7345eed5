"""The wheel holds everything that a server needs, runs outside this folder, and nothing of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import httpx
import pytest
from tests.conftest import free_port
from tests.waiting import wait_for

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel of this tree, with the browser's modules as they were built for the tests."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True, timeout=300, env={**os.environ, "RETEAMZ_WEB": "skip"},
    )  # fmt: skip
    (made,) = folder.glob("*.whl")
    return made


def test_what_is_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        texts = [archive.read(name) for name in names if not name.endswith(".map")]
    for needed in (
        "reteamz/server/templates/overview.html",
        "reteamz/server/static/dashboard.js",
        "reteamz/server/static/dashboard.css",
        "reteamz/server/store/control/migrations/env.py",
        "reteamz/server/store/control/migrations/versions/0001_the_first_tables.py",
        "reteamz/py.typed",
    ):
        assert needed in names
    assert {name.split("/")[0] for name in names} == {
        "reteamz",
        next(n for n in names if "dist-info" in n).split("/")[0],
    }
    assert not any(str(ROOT).encode() in text for text in texts)


def test_a_server_runs_from_it(wheel: Path, tmp_path: Path) -> None:
    """In an environment of its own, whose libraries are those of this one."""
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    # Libraries only: the editable copy of this tree is found by a .pth file, which a plain path does not read.
    environment = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{libraries}"}
    where = subprocess.run(
        [str(python), "-c", "import reteamz; print(reteamz.__file__)"],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert where.stdout.startswith(str(site))
    port = free_port()
    process = subprocess.Popen(
        [str(python), "-m", "reteamz.cli.main", "serve", "--data", str(tmp_path / "data"), "--port", str(port)],
        env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL,
    )  # fmt: skip

    def answers() -> bool:
        assert process.poll() is None
        try:
            return httpx.get(f"http://127.0.0.1:{port}/login", timeout=5).is_success
        except httpx.HTTPError:
            return False

    try:
        wait_for(answers, what="the server of the wheel")
        assert httpx.get(f"http://127.0.0.1:{port}/static/dashboard.js").is_success
    finally:
        process.terminate()
        process.wait(30)
