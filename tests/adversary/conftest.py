"""A hostile server: the real one, with answers that are changed on their way. The ends are the real agent and the real page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Error, Page, Route
from tests.browser import PASSWORD
from tests.conftest import RealServer
from tests.web.conftest import company, now

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.owner.client import Owner

__all__ = ["company"]

Change = Callable[[dict[str, Any]], None]


class Lying(httpx.BaseTransport):
    """Changes JSON answers for paths that begin so; what is asked reaches the real server."""

    def __init__(self) -> None:
        self._real = httpx.HTTPTransport()
        self.lies: dict[str, Change] = {}
        self.asked: list[tuple[str, bytes]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.path, request.read()))
        answer = self._real.handle_request(request)
        answer.read()
        for path, change in self.lies.items():
            if request.url.path.startswith(path) and answer.is_success:
                told = json.loads(answer.content)
                change(told)
                return httpx.Response(answer.status_code, json=told)
        return answer

    def close(self) -> None:
        self._real.close()


class Computer:
    """An enrolled computer behind a lying connection."""

    def __init__(self, owner: Owner, folder: Path) -> None:
        self.lying = Lying()
        self.http = httpx.Client(transport=self.lying)
        enroll(folder, owner.enrolment_code(), self.http, now)
        self.device = Device.open(folder, self.http, now)
        self.device.sync.poll_once()

    def tell(self, title: str) -> None:
        """Record a title, make a batch of it and send it."""
        self.device.feed(Sample(now() - 60_000, duration=1000, person="Otti Marsh", app="Writer", title=title))
        self.device.flush()
        self.device.sync.push_all()

    def close(self) -> None:
        self.device.close()
        self.http.close()


@pytest.fixture(scope="module")
def owner(server: RealServer) -> Iterator[Owner]:
    """The account of a module's tests."""
    made = Owner.sign_up(server.url, "adversary@company.example", PASSWORD, "Lamplight Works", now=now)
    yield made
    made.close()


@pytest.fixture
def computer(owner: Owner, tmp_path: Path) -> Iterator[Computer]:
    """A computer that waits to be confirmed."""
    made = Computer(owner, tmp_path / "agent")
    yield made
    made.close()


def lie(page: Page, pattern: str, change: Change) -> None:
    """Change the JSON answers that a page gets."""

    def answer(route: Route) -> None:
        with suppress(Error):  # a page that is being left needs no answer
            real = route.fetch()
            told = real.json()
            change(told)
            route.fulfill(response=real, json=told)

    page.route(pattern, answer)


def grant_again(owner: Owner, folder: Path) -> None:
    """Sign the next roster with a fresh grant for the first computer, which then reports under it."""
    first = owner.roster.devices.devices[0].id
    keys = [key for key in owner.keys().devices if key.id == first]
    roster = owner.roster.roster
    owner._publish(owner.bundle, roster.mode, roster.epoch, roster.members, owner.roster.devices.devices, keys)
    with httpx.Client() as http:
        device = Device.open(folder, http, now)
        device.sync.poll_once()
        device.feed(Sample(now() - 60_000, duration=1000, app="Writer", title="Later"))
        device.flush()
        device.sync.push_all()
        device.close()
