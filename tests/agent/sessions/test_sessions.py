"""Several people at one computer: each has their own events, idle time and watchers, in one chain of batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.agent.conftest import log_rows, now

from reteamz.agent.desktop.base import Look, Window
from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.agent.sessions.memory import Memory
from reteamz.agent.sessions.people import People
from reteamz.owner.client import Owner

ANN, BEA = 4001, 4002


class Computer:
    """A confirmed computer whose clock stands still until it is moved."""

    def __init__(self, owner: Owner, folder: Path, http: httpx.Client) -> None:
        enroll(folder, owner.enrolment_code(), http, now)
        self.at = now() - 7_200_000
        self._http = http
        self._folder = folder
        self.device = Device.open(folder, http, now)
        owner.confirm(owner.waiting())
        self.device.sync.poll_once()
        self.sit()

    def now(self) -> int:
        return self.at

    def sit(self) -> None:
        """Let both people sit down."""
        people = People(self.device, Memory(self._folder, self.device.cipher), self.now)
        self.ann, self.bea = people.recorder(ANN, "Ann Marsh"), people.recorder(BEA, "Bea Holt")

    def restart(self) -> None:
        """Start the agent anew."""
        self.device.close()
        self.device = Device.open(self._folder, self._http, now)
        self.sit()

    def send(self) -> None:
        self.device.flush()
        self.device.sync.push_all()


@pytest.fixture
def computer(account: Callable[..., Owner], tmp_path: Path) -> Iterator[tuple[Computer, Owner]]:
    owner = account(f"people-{tmp_path.name}")
    with httpx.Client() as http:
        made = Computer(owner, tmp_path / "agent", http)
        yield made, owner
        made.device.close()


def spent(owner: Owner) -> dict[tuple[object, object, object], int]:
    """Return seconds by person, kind and title."""
    found: dict[tuple[object, object, object], int] = {}
    for row in log_rows(owner):
        what = (row["person"], row["kind"], row["title"])
        found[what] = found.get(what, 0) + int(str(row["duration_ms"])) // 1000
    return found


def test_two_people_at_once(computer: tuple[Computer, Owner]) -> None:
    """Their looks alternate; neither cuts the other's time, and one's idleness is not the other's."""
    at, owner = computer
    for second in range(301):
        at.ann.take(Look(Window("Writer", "Ann's offer"), 0, False))
        at.bea.take(Look(Window("Writer", "Bea's offer"), second * 1000, False))
        at.at += 1000
    at.send()
    assert spent(owner) == {
        ("Ann Marsh", "active", "Ann's offer"): 300,
        ("Bea Holt", "idle", ""): 300,
    }


def test_what_may_still_turn_out_idle_holds_up_nobody_else(computer: tuple[Computer, Owner]) -> None:
    at, owner = computer
    for second in range(101):
        at.ann.take(Look(Window("Writer", "Ann's offer"), 0, False))
        at.bea.take(Look(Window("Writer", "Bea's offer"), second * 1000, False))
        at.at += 1000
    at.device.flush(at.at)
    at.device.sync.push_all()
    assert spent(owner) == {("Ann Marsh", "active", "Ann's offer"): 100}


def test_a_restart_in_between_loses_nobodys_time(computer: tuple[Computer, Owner]) -> None:
    at, owner = computer
    for second in range(121):
        if second == 60:
            at.restart()
        at.ann.take(Look(Window("Writer", "Ann's offer"), 0, False))
        at.bea.take(Look(Window("Writer", "Bea's offer"), 0, second >= 100))
        at.at += 1000
    at.send()
    assert spent(owner) == {
        ("Ann Marsh", "active", "Ann's offer"): 120,
        ("Bea Holt", "active", "Bea's offer"): 100,
        ("Bea Holt", "locked", ""): 20,
    }


def test_events_kept_by_an_agent_of_before_are_read(computer: tuple[Computer, Owner]) -> None:
    at, owner = computer
    at.device.feed(Sample(at.at, duration=60_000, person="Ann Marsh", app="Writer", title="Kept"))
    at.device.keep()
    spool = at.device.sync._spool  # type: ignore[attr-defined]  # the file as another version wrote it
    held = spool.pending()
    assert held is not None
    assert held.startswith(b'{"-1":[')
    spool.keep(held.removeprefix(b'{"-1":').removesuffix(b"}"))
    at.device.close = spool.close  # type: ignore[method-assign]  # killed: nothing is kept any more
    at.restart()
    at.send()
    assert spent(owner) == {("Ann Marsh", "active", "Kept"): 60}
