"""What every running agent does, for one person or for many: device, uploads, local API, control."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from reteamz.agent.clocks import ClockWatch
from reteamz.agent.control import ControlServer, Request, Status
from reteamz.agent.device import Device
from reteamz.agent.folder import lock
from reteamz.agent.localapi.page import Page
from reteamz.agent.localapi.serve import LocalApi
from reteamz.agent.policy import Policy
from reteamz.agent.samples import Clock
from reteamz.agent.sessions.memory import Memory
from reteamz.agent.sessions.messages import Tell
from reteamz.agent.sessions.people import People
from reteamz.agent.state import load_state, not_enrolled
from reteamz.agent.sync.client import http_client
from reteamz.agent.uploader import Uploader
from reteamz.agent.users import own_user
from reteamz.wire.errors import ReteamzError

PORT: Final = 5600
TESTING_PORT: Final = 5666
"""Where ActivityWatch's own tests look for a server."""


class Settings(msgspec.Struct, frozen=True):
    """How the agent runs; times in seconds, ``port`` 0 for any free one.

    ``shared``: it serves every user of this computer. ``readable``: everybody may read its folder, but for the keys. ``testing``: the local API
    says that it is a test.
    """

    sample_every: float = 1.0
    upload_every: float = 60.0
    idle_limit: float = 180.0
    port: int = PORT
    shared: bool = False
    readable: bool = False
    testing: bool = False


class Seat(msgspec.Struct, frozen=True):
    """What a user's desktop is and cannot tell, and what is wrong with it."""

    desktop: str = ""
    unsupported: dict[str, str] = {}
    problem: str = ""


class Work:
    """One agent at work."""

    def __init__(self, device: Device, people: People, uploader: Uploader, api: LocalApi, now: Clock) -> None:
        self.device: Final = device
        self.people: Final = people
        self.uploader: Final = uploader
        self.api: Final = api
        self.seat: Callable[[int], Seat] = lambda _: Seat()
        """Tells the seat of a user."""
        self._clock = ClockWatch(now)

    def tick(self) -> None:
        """Do what is due now and then; called by one thread about once a second."""
        by = self._clock.jumped()
        if by:
            self.device.clock_jumped()
            self.people.clock_jumped(by)
        self.people.keep()
        self.api.settle()

    def answer(self, request: Request, uid: int) -> Status:
        """Answer a request of a user. Raises why it cannot be done."""
        match request.ask:
            case "private":
                self.people.take_private(uid, request.until)
            case "accept" | "decline":
                self.people.decide(uid, request.ask == "accept", request.shown)
            case "upload":
                self.uploader.now()
            case "bring":
                return msgspec.structs.replace(self.status(uid), brought=self.people.bring(uid, request.past))
        return self.status(uid)

    def tell(self, uid: int) -> Tell:
        """Return what a user's desktop shows and takes now."""
        status = self.people.status(uid)
        return Tell(
            status.recording,
            status.private_until,
            status.may_be_private,
            status.asked,
            status.recorded,
            self.people.recorder(uid).gate.wanted(),
            self.api.port,
        )

    def status(self, uid: int) -> Status:
        """Return what a user is told."""
        seat, failed = self.seat(uid), self.people.problem or self.uploader.problem
        return msgspec.structs.replace(
            self.people.status(uid),
            uploaded_at=self.uploader.done_at,
            port=self.api.port,
            desktop=seat.desktop,
            unsupported=seat.unsupported,
            problem=str(failed) if failed is not None else seat.problem,
        )


@contextmanager
def at_work(folder: Path, now: Clock, settings: Settings) -> Iterator[Work]:
    """Open the agent of a folder and let it upload and answer until the end.

    Raises:
        ReteamzError: ``not_enrolled``, ``already_running``, ``port_in_use``, those of folder, keys, state and spool, and why this computer
            must not report any more.
    """
    with ExitStack() as stack:
        if load_state(folder) is None:
            raise not_enrolled()
        stack.enter_context(lock(folder))
        http = stack.enter_context(http_client())
        policy = Policy(idle_limit=round(settings.idle_limit * 1000))
        device = Device.open(
            folder,
            http,
            now,
            policy,
            consented=lambda person, kind: people.consented(person, kind),
            readable=settings.readable,
        )
        stack.callback(device.close)
        _require_going(device)
        people = People(device, _memory(folder, device), now)
        uploader = Uploader(device, now, settings.upload_every, now)
        api = LocalApi(folder, device, settings.port, now, shared=settings.shared, testing=settings.testing)
        stack.callback(api.close)
        work = Work(device, people, uploader, api, now)
        api.show(Page(work.answer, now))
        control = ControlServer(folder, work.answer)
        stack.callback(control.close)
        thread = threading.Thread(target=uploader.run, name="upload")
        thread.start()
        try:
            yield work
        finally:
            uploader.end()
            thread.join()
        if uploader.stopped is not None:
            raise uploader.stopped


def _memory(folder: Path, device: Device) -> Memory:
    """Return what is remembered of people; private time that an agent of before knew is its own user's."""
    memory, until = Memory(folder, device.cipher), device.trust.state.private_until
    if until:
        memory.change(own_user(), msgspec.structs.replace(memory.of(own_user()), private_until=until))
        device.change_state(lambda state: msgspec.structs.replace(state, private_until=0))
    return memory


def _require_going(device: Device) -> None:
    stopped = device.trust.state.stopped
    if stopped is not None:
        raise ReteamzError(stopped, "This computer stopped reporting; enrol it again with a new code of the owner.")
