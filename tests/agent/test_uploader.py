"""Uploading over a connection that fails: later and later, as the server asks, and nothing lost or doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.agent.conftest import log_rows, now
from tests.conftest import RealServer
from tests.waiting import wait_for

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.agent.uploader import BACK_OFF_MOST_S, Uploader
from reteamz.owner.client import Owner


class Line(httpx.BaseTransport):
    """A connection to the real server that can be cut before or after a request arrives, or answered by a proxy."""

    def __init__(self) -> None:
        self._real = httpx.HTTPTransport()
        self.cut = ""
        self.answer: httpx.Response | None = None
        self.count = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        if self.answer is not None:
            return self.answer
        if self.cut == "before":
            raise httpx.ConnectError("cut", request=request)
        answer = self._real.handle_request(request)
        answer.read()
        if self.cut == "after":
            raise httpx.ReadError("cut", request=request)
        return answer

    def close(self) -> None:
        self._real.close()


class Computer:
    """A confirmed computer behind such a connection."""

    def __init__(self, owner: Owner, folder: Path) -> None:
        self.line = Line()
        self.http = httpx.Client(transport=self.line)
        enroll(folder, owner.enrolment_code(), self.http, now)
        self.device = Device.open(folder, self.http, now)
        owner.confirm(owner.waiting())
        self.device.sync.poll_once()
        self.uploader = Uploader(self.device, now, 60.0, now, lambda: 0.5)
        self._begin = now() - 3_600_000

    def see(self, title: str) -> None:
        """Record ten seconds of a title."""
        self.device.feed(Sample(self._begin, duration=10_000, person="Otti Marsh", app="Writer", title=title))
        self._begin += 20_000

    def close(self) -> None:
        self.device.close()
        self.http.close()


@pytest.fixture(scope="module")
def owner(account: Callable[..., Owner]) -> Owner:
    return account("uploads")


@pytest.fixture
def computer(owner: Owner, tmp_path: Path) -> Iterator[Computer]:
    made = Computer(owner, tmp_path / "agent")
    yield made
    made.close()


def read(owner: Owner, computer: Computer) -> list[object]:
    """Return the titles that the owner reads of a computer."""
    device = computer.device.trust.state.device
    return [row["title"] for row in log_rows(owner) if row["device"] == device]


def test_waits_double_up_to_a_quarter_of_an_hour(computer: Computer) -> None:
    computer.line.cut = "before"
    waits = [computer.uploader.once() for _ in range(12)]
    assert waits[:5] == [45.0, 90.0, 180.0, 360.0, 675.0]
    assert set(waits[4:]) == {BACK_OFF_MOST_S * 0.75}
    assert computer.uploader.problem is not None
    assert computer.uploader.problem.code == "server_unreachable"
    computer.line.cut = ""
    assert computer.uploader.once() == 60.0
    assert computer.uploader.problem is None


def test_nobody_waits_exactly_as_long_as_another(computer: Computer) -> None:
    computer.line.cut = "before"
    chances = iter((0.0, 0.999))
    uploader = Uploader(computer.device, now, 60.0, now, lambda: next(chances))
    first, second = uploader.once(), uploader.once()
    assert (first, round(second)) == (30.0, 120)


def test_what_was_seen_while_the_server_was_away_arrives_once(owner: Owner, computer: Computer) -> None:
    seen = []
    for number, cut in enumerate(("before", "after", "before", "after", "after", "", "after", "")):
        computer.line.cut = cut
        seen.append(f"Offer {number}")
        computer.see(seen[-1])
        computer.uploader.once()
    assert read(owner, computer) == seen
    assert computer.device.waiting() == 0


def test_what_a_later_look_may_still_change_is_not_told_before(owner: Owner, computer: Computer) -> None:
    final = [now() - 3_700_000]
    uploader = Uploader(computer.device, lambda: final[0], 60.0, now)
    computer.see("Offer 4711")
    asked = computer.line.count
    uploader.once()
    assert (read(owner, computer), computer.line.count - asked) == ([], 1)
    computer.device.idle_since(now() - 3_700_000)
    final[0] = now()
    uploader.once()
    device = computer.device.trust.state.device
    assert [(row["kind"], row["title"]) for row in log_rows(owner) if row["device"] == device] == [("idle", "")]


def test_a_server_that_asks_to_wait_is_given_the_time(computer: Computer) -> None:
    busy = {"code": "busy", "message": "later"}
    computer.line.answer = httpx.Response(503, json=busy, headers={"Retry-After": "700"})
    assert computer.uploader.once() == 700.0
    computer.line.answer = httpx.Response(503, json=busy, headers={"Retry-After": "soon"})
    assert computer.uploader.once() == 90.0


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>Please log in to the hotel's network</html>"),
        httpx.Response(302, headers={"Location": "http://127.0.0.1:1/"}),
        httpx.Response(502, text="Bad gateway"),
        httpx.Response(400, json={"code": "made_up", "message": "x"}),
        httpx.Response(200, json={"seq": 1}),
    ],
)
def test_whoever_answers_instead_of_the_server_costs_nothing(
    owner: Owner, computer: Computer, answer: httpx.Response
) -> None:
    computer.see("Offer 4711")
    computer.line.answer = answer
    computer.uploader.once()
    assert computer.uploader.problem is not None
    assert computer.uploader.problem.code == "server_unreachable"
    assert computer.device.waiting() == 1
    computer.line.answer = None
    computer.uploader.once()
    assert read(owner, computer) == ["Offer 4711"]


def test_it_stops_where_only_a_person_can_help(owner: Owner, computer: Computer) -> None:
    removed = {"code": "device_removed", "message": "gone"}
    computer.line.answer = httpx.Response(403, json=removed)
    computer.uploader.run()
    assert computer.uploader.stopped is not None
    assert computer.uploader.stopped.code == "device_removed"
    assert computer.device.trust.state.stopped == "device_removed"


def test_it_uploads_at_once_when_asked_and_ends_when_told(owner: Owner, computer: Computer) -> None:
    thread = threading.Thread(target=computer.uploader.run)
    thread.start()
    try:
        wait_for(lambda: computer.uploader.done_at > 0, what="the first upload")
        computer.see("Offer 4712")
        computer.uploader.now()
        wait_for(lambda: read(owner, computer) == ["Offer 4712"], what="the title on the server")
    finally:
        computer.uploader.end()
        thread.join(30)
    assert not thread.is_alive()


def test_a_server_that_is_down_and_comes_back(make_server: Callable[[], RealServer], tmp_path: Path) -> None:
    server = make_server()
    owner = Owner.sign_up(server.url, "down@company.example", "correct horse battery staple", "Works", now=now)
    computer = Computer(owner, tmp_path / "agent")
    computer.see("Before")
    computer.uploader.once()
    server.stop()
    computer.see("Meanwhile")
    computer.uploader.once()
    assert computer.device.waiting() == 1
    server.start()
    computer.see("After")
    computer.uploader.once()
    assert read(owner, computer) == ["Before", "Meanwhile", "After"]
    computer.close()
    owner.close()
