"""``reteamz report``: readable here, and only for keys that the kit names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.agent.conftest import PASSWORD, account, now

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.cli.report import _name, printable
from reteamz.crypto.recovery import new_code
from reteamz.crypto.tokens import DAMAGED
from reteamz.owner.client import Owner

__all__ = ["account"]

TITLES = {"Offer 4711": 3_000_000, "\x1b]0;owned\x07\x1b[31mred": 600_000}


@pytest.fixture(scope="module")
def owner(account: Callable[..., Owner], tmp_path_factory: pytest.TempPathFactory) -> Owner:
    """Return an account with an hour of work."""
    made = account("terminal")
    folder = tmp_path_factory.mktemp("agent")
    with httpx.Client() as http:
        enroll(folder, made.enrolment_code(), http, now)
        device = Device.open(folder, http, now)
        made.confirm(made.waiting())
        device.sync.poll_once()
        at = now() - 7_200_000
        for title, duration in TITLES.items():
            device.feed(Sample(at, duration=duration, person="Otti Marsh", app="Writer", title=title))
            at += duration + 60_000
        device.flush()
        device.sync.push_all()
        device.close()
    return made


@pytest.fixture
def kit(owner: Owner, tmp_path: Path) -> Path:
    path = tmp_path / "kit.json"
    path.write_bytes(msgspec.json.encode(owner.kit(new_code())))
    return path


def report(kit: Path, what: str, *arguments: str, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reteamz.cli.main", "report", what, "--keys", str(kit)]
    command += ["--email", "terminal@company.example", "--from", "2020-01-01", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "RETEAMZ_PASSWORD": password, "COLUMNS": "100"},
    )


def test_names_are_readable_in_the_terminal(kit: Path) -> None:
    ran = report(kit, "titles", "--json")
    assert {line["name"]: line["ms"] for line in json.loads(ran.stdout)} == TITLES
    shown = report(kit, "titles").stdout
    assert "Offer 4711" in shown
    assert "50 min" in shown
    assert "rtz1" not in shown
    assert "\x1b" not in shown
    assert "Otti Marsh" in report(kit, "people").stdout
    assert "Nothing was recorded" in report(kit, "apps", "--to", "2020-01-02").stdout


def test_every_report_there_is(kit: Path) -> None:
    for what in ("apps", "sites", "titles", "documents", "urls", "people"):
        assert report(kit, what).returncode == 0


def test_a_wrong_password_and_a_file_that_is_no_kit(kit: Path, tmp_path: Path) -> None:
    ran = report(kit, "apps", password="wrong")
    assert (ran.returncode, ran.stderr) == (1, "reteamz: Address or password is wrong; check both.\n")
    other = tmp_path / "other.json"
    other.write_text("{}")
    ran = report(other, "apps")
    assert (ran.returncode, "not a recovery kit" in ran.stderr) == (1, True)


def test_a_server_that_shows_another_account_is_not_believed(
    kit: Path, account: Callable[..., Owner], tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign.json"
    foreign.write_bytes(msgspec.json.encode(account("stranger").kit(new_code())))
    ran = report(foreign, "apps")
    assert (ran.returncode, "do not trust this server" in ran.stderr, ran.stdout) == (1, True, "")


def test_what_is_no_name_of_the_field_is_marked(owner: Owner) -> None:
    reader = owner.reader()
    title = owner.entry("title", "Offer 4711")
    assert _name(reader, "title", title) == "Offer 4711"
    assert _name(reader, "title", "title:From before encryption") == "From before encryption"
    assert _name(reader, "title", "") == ""
    for entry in ("Trusted", "app:Trusted", owner.entry("app", "Writer"), title[:-1], title + "x"):
        assert _name(reader, "title", entry) == DAMAGED
    altered = title[:-3] + ("A" if title[-3] != "A" else "B") + title[-2:]
    assert _name(reader, "title", altered) == DAMAGED


def test_what_a_title_says_cannot_steer_a_terminal() -> None:
    assert printable("a\x1b[2Jb\u202ec\nd") == "a\ufffd[2Jb\ufffdc\ufffdd"
    assert printable("Ärger – Rechnung 12 €") == "Ärger – Rechnung 12 €"
