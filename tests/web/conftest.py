"""An account with a few known names behind a real server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.browser import PASSWORD
from tests.conftest import RealServer

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.owner.client import Owner
from reteamz.wire.accounts import DepartmentPost, DepartmentView

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def now() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Company:
    """An account with a confirmed computer, and the names that were seen there."""

    server: RealServer
    email: str
    owner: Owner
    titles: dict[str, int]
    device: str


TITLES = {
    "Offer 4711 for Ridgeway Looms": 3,
    "Ärger mit Rechnung 12": 2,
    "offer 4712": 1,
    "<img src=x onerror=alert(1)>": 1,
}


def record(
    owner: Owner, folder: Path, titles: dict[str, int], person: str = "Otti Marsh", unit_ms: int = 60_000
) -> str:
    """Enrol and confirm a computer, let it tell some titles (minutes each, or another unit), and return its id."""
    with httpx.Client() as http:
        enroll(folder, owner.enrolment_code(), http, now)
        device = Device.open(folder, http, now)
        device.computer = "MARSH-PC"
        device.sync.poll_once()
        owner.confirm(owner.waiting())
        device.sync.poll_once()
        device.sync.poll_once()
        # An hour ago, but today: pages of one day are asked shortly after midnight as well.
        at = max(now() - HOUR_MS, now() // DAY_MS * DAY_MS)
        for title, units in titles.items():
            device.feed(Sample(at=at, duration=units * unit_ms, person=person, app="WinWord.exe", title=title, input=3))
            at += units * unit_ms
        device.flush()
        device.sync.push_all()
        device.close()
    (confirmed,) = [entry.id for entry in owner.roster.devices.devices][-1:]
    return confirmed


@pytest.fixture(scope="module")
def company(server: RealServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    email = "pages@company.example"
    owner = Owner.sign_up(server.url, email, PASSWORD, "Lamplight Works", now=now)
    device = record(owner, tmp_path_factory.mktemp("agent"), TITLES)
    owner.connection.post("/api/departments", DepartmentPost(owner.entry("label", "Lamp Workshop")), DepartmentView)
    yield Company(server, email, owner, TITLES, device)
    owner.close()
