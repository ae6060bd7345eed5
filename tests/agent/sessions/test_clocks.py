"""Clocks that are set, computers that sleep, sessions that are switched: events stay right, and the owner hears of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.agent.conftest import account, noticed
from tests.agent.sessions.asking import Asking, asking

from reteamz.agent.clocks import ClockWatch, steady
from reteamz.agent.desktop.base import Look, Window
from reteamz.agent.policy import Policy
from reteamz.agent.sessions.people import People
from reteamz.owner.client import Owner
from reteamz.wire.batch import ACTIVE, IDLE, LOCKED

__all__ = ["account"]

START = 1_795_600_000_000
OFFER = Look(Window("Writer", "Offer"), 0, False)


class Time:
    """A wall clock that is set, and a steady one that is not."""

    def __init__(self) -> None:
        self.wall = START
        self.steady = 0

    def pass_by(self, ms: int) -> None:
        self.wall += ms
        self.steady += ms

    def now(self) -> int:
        return self.wall


@pytest.fixture(scope="module")
def owner(account: Callable[..., Owner]) -> Owner:
    return account("clocks")


@pytest.fixture
def desk(owner: Owner, tmp_path: Path) -> Iterator[Asking]:
    with asking(owner, tmp_path / "agent", Policy()) as made:
        yield made


class Day:
    """One person's looks, a second apart, as the agent's loop takes them."""

    def __init__(self, desk: Asking) -> None:
        self.time = Time()
        self.device = desk.device
        self.people = People(desk.device, desk.people._memory, self.time.now)
        self.watch = ClockWatch(self.time.now, lambda: self.time.steady)
        self.people.recorder(4001, "Ann Marsh")

    def look(self, times: int, look: Look = OFFER) -> None:
        for _ in range(times):
            by = self.watch.jumped()
            if by:
                self.device.clock_jumped()
                self.people.clock_jumped(by)
            self.people.saw(4001, look)
            self.time.pass_by(1000)

    def events(self) -> list[tuple[int, int, int]]:
        """Return kind, start after the beginning and length of what is held, in seconds."""
        held = self.device.session(4001).merger.held()
        return [(event.kind, (event.start - START) // 1000, (event.end - event.start) // 1000) for event in held]


def test_a_clock_set_forward_is_a_gap_and_no_time_is_made_up(desk: Asking) -> None:
    day = Day(desk)
    day.look(61)
    day.time.wall += 3_600_000
    day.look(61)
    assert day.events() == [(ACTIVE, 0, 60), (ACTIVE, 3661, 60)]
    assert noticed(desk.device) == [("clock_jumped", "", 1)]


def test_a_clock_set_back_into_an_event_loses_nothing(desk: Asking) -> None:
    day = Day(desk)
    day.look(61)
    day.time.wall -= 30_000
    day.look(61)
    assert day.events() == [(ACTIVE, 0, 60), (ACTIVE, 31, 60)]
    day.time.wall -= 86_400_000
    day.look(11)
    assert day.events()[2] == (ACTIVE, 92 - 86_400, 10)
    assert noticed(desk.device) == [("clock_jumped", "", 2)]


def test_small_corrections_are_no_jumps(desk: Asking) -> None:
    day = Day(desk)
    day.look(31)
    day.time.wall += 2_000
    day.look(30)
    assert day.events() == [(ACTIVE, 0, 62)]
    assert noticed(desk.device) == []


def test_sleep_is_a_gap_and_no_jump(desk: Asking) -> None:
    day = Day(desk)
    day.look(61)
    day.time.pass_by(8 * 3_600_000)
    day.look(61)
    assert day.events() == [(ACTIVE, 0, 60), (ACTIVE, 8 * 3600 + 61, 60)]
    assert noticed(desk.device) == []


def test_a_session_that_is_switched_away_counts_as_locked_until_it_is_back(desk: Asking) -> None:
    day = Day(desk)
    day.look(31)
    day.look(30, Look(Window("Writer", "Offer"), 0, True))
    day.look(30)
    assert day.events() == [(ACTIVE, 0, 31), (LOCKED, 31, 30), (ACTIVE, 61, 29)]


def test_one_who_left_before_the_clock_was_set_was_idle_since(desk: Asking) -> None:
    day = Day(desk)
    day.look(10)
    for second in range(181):
        day.look(1, Look(Window("Writer", "Offer"), second * 1000, False))
    assert day.events() == [(ACTIVE, 0, 10), (IDLE, 10, 180)]


def test_private_time_gets_no_shorter_by_a_clock_that_is_set(desk: Asking) -> None:
    day = Day(desk)
    day.look(1)
    day.people.take_private(4001, day.time.wall + 1_800_000)
    day.time.wall += 3_600_000
    day.look(5)
    assert day.people.recording(4001) == "private"
    day.time.pass_by(1_800_000)
    assert day.people.recording(4001) == "recording"


def test_the_steady_clock_goes_on() -> None:
    first = steady()
    assert steady() >= first
