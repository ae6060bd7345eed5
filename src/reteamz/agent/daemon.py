"""The running agent of one person: service and desktop in one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from reteamz.agent.control import Request, Status
from reteamz.agent.desktop.base import Desktop, Look
from reteamz.agent.desktop.choose import WAYLAND
from reteamz.agent.device import Device
from reteamz.agent.records.capture import Capture, Open
from reteamz.agent.records.gate import Gate
from reteamz.agent.samples import Clock
from reteamz.agent.sessions.helper import Face
from reteamz.agent.sessions.memory import Memory
from reteamz.agent.state import load_state, not_enrolled
from reteamz.agent.status import described
from reteamz.agent.sync.client import http_client
from reteamz.agent.users import own_user
from reteamz.agent.work import Seat, Settings, at_work
from reteamz.wire.batch import SealedKind
from reteamz.wire.errors import ReteamzError


class Daemon:
    """An agent at work, until :meth:`end`.

    Args:
        folder: the agent's folder.
        open_desktop: opens the desktop of this session.
        sources: opens the kinds of sealed content that this session can give.
        make_face: makes what shows the person what is recorded, given what puts their requests to the agent.
        person: who sits here.
        now: the clock.
        settings: how it runs.
    """

    def __init__(
        self,
        folder: Path,
        open_desktop: Callable[[], Desktop | None],
        sources: Mapping[SealedKind, Open],
        make_face: Callable[[Callable[[Request], object]], Face],
        person: str,
        now: Clock,
        settings: Settings,
    ) -> None:
        self._folder = folder
        self._open_desktop = open_desktop
        self._sources = sources
        self._make_face = make_face
        self._person = person
        self._now = now
        self._settings = settings
        self._ended = threading.Event()

    def end(self) -> None:
        """End ``run`` soon; may be called by a signal handler."""
        self._ended.set()

    def run(self, ready: Callable[[Status], None] = lambda _: None) -> None:
        """Record and report until the end; ``ready`` is told once everything runs.

        Raises:
            ReteamzError: ``display_missing`` and those of :func:`at_work`.
        """
        with ExitStack() as stack:
            work = stack.enter_context(at_work(self._folder, self._now, self._settings))
            desktop = self._open_desktop()
            if desktop is not None:
                stack.callback(desktop.close)
            uid = own_user()
            gate = work.people.recorder(uid, self._person).gate
            face = self._make_face(lambda request: work.answer(request, uid))
            stack.callback(face.close)
            work.seat = lambda user: _seat(desktop, face, gate) if user == uid else Seat()

            def look() -> None:
                work.people.saw(uid, desktop.look() if desktop is not None else Look())
                work.tick()
                face.show(work.tell(uid))

            look()
            stack.enter_context(_capturing(Capture(self._sources, gate, gate.wanted, self._now)))
            ready(work.status(uid))
            while not self._ended.wait(self._settings.sample_every) and work.uploader.stopped is None:
                look()


@contextmanager
def _capturing(capture: Capture) -> Iterator[None]:
    thread = threading.Thread(target=capture.run, name="capture")
    thread.start()
    try:
        yield
    finally:
        capture.end()
        thread.join()


def _seat(desktop: Desktop | None, face: Face, gate: Gate) -> Seat:
    unsupported = dict(desktop.unsupported()) if desktop is not None else {"window": WAYLAND}
    told = {str(what): why for what, why in (*unsupported.items(), *gate.reasons.items())}
    return Seat(desktop.name if desktop is not None else "Wayland", told | face.unsupported())


def resting_status(folder: Path, now: Clock) -> Status:
    """Return the status of an agent that does not run. Raises ``not_enrolled`` and those of its files."""
    with http_client() as http:
        device = Device.open(folder, http, now)
        try:
            state = load_state(folder)
            stopped = state.stopped if state else None
            private = Memory(folder, device.cipher).of(own_user()).private_until
            return msgspec.structs.replace(
                described(device, running=False),
                private_until=private if private > now() else 0,
                problem=f"This computer stopped reporting [{stopped}]; enrol it again with a new code."
                if stopped
                else "",
            )
        finally:
            device.close()


def not_running(folder: Path) -> ReteamzError:
    """Return the error for what only a running agent can do."""
    if load_state(folder) is None:
        return not_enrolled()
    return ReteamzError("not_running", "The agent does not run; start it with `reteamz agent run`.")
