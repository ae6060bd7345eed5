"""The running agent: one thread looks, one uploads, one answers the local API, one the person."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import msgspec

from reteamz.agent.control import ControlServer, LastSeen, Request, Status
from reteamz.agent.desktop.base import Desktop
from reteamz.agent.desktop.choose import WAYLAND
from reteamz.agent.device import Device
from reteamz.agent.folder import lock
from reteamz.agent.localapi.serve import LocalApi
from reteamz.agent.policy import Policy
from reteamz.agent.recorder import Recorder
from reteamz.agent.samples import Clock
from reteamz.agent.state import load_state, not_enrolled
from reteamz.agent.sync.client import http_client
from reteamz.agent.uploader import Uploader
from reteamz.wire.errors import ReteamzError

PORT: Final = 5600


class Settings(msgspec.Struct, frozen=True):
    """How the agent runs; times in seconds, ``port`` 0 for any free one."""

    sample_every: float = 1.0
    upload_every: float = 60.0
    idle_limit: float = 180.0
    port: int = PORT


class Daemon:
    """An agent at work, until :meth:`end`."""

    def __init__(
        self,
        folder: Path,
        open_desktop: Callable[[], Desktop | None],
        person: str,
        now: Clock,
        settings: Settings,
    ) -> None:
        self._folder = folder
        self._open_desktop = open_desktop
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
            ReteamzError: ``not_enrolled``, ``already_running``, ``display_missing``, ``port_in_use``, those of folder, keys, state and
                spool, and why this computer must not report any more.
        """
        with ExitStack() as stack:
            if load_state(self._folder) is None:
                raise not_enrolled()
            stack.enter_context(lock(self._folder))
            http = stack.enter_context(http_client())
            policy = Policy(idle_limit=round(self._settings.idle_limit * 1000))
            device = Device.open(self._folder, http, self._now, policy)
            stack.callback(device.close)
            _require_going(device)
            desktop = self._open_desktop()
            if desktop is not None:
                stack.callback(desktop.close)
            session = device.session(os.geteuid(), self._person)
            recorder = Recorder(device, session, self._now, policy.idle_limit)
            uploader = Uploader(device, self._now, self._settings.upload_every, self._now)
            api = LocalApi(self._folder, device, self._settings.port, self._now)
            stack.callback(api.close)

            def answer(request: Request) -> Status:
                if request.ask == "private":
                    device.change_state(lambda state: msgspec.structs.replace(state, private_until=request.until))
                elif request.ask == "upload":
                    uploader.now()
                return self._status(device, recorder, uploader, desktop, api.port)

            control = ControlServer(self._folder, answer)
            stack.callback(control.close)
            thread = threading.Thread(target=uploader.run, name="upload")
            thread.start()
            try:
                ready(answer(Request("status")))
                self._look(recorder, desktop, uploader, api)
            finally:
                uploader.end()
                thread.join()
            if uploader.stopped is not None:
                raise uploader.stopped

    def _look(self, recorder: Recorder, desktop: Desktop | None, uploader: Uploader, api: LocalApi) -> None:
        while not self._ended.is_set() and uploader.stopped is None:
            recorder.take(desktop.look() if desktop is not None else recorder.session.feeds.look(self._now()))
            api.settle()
            self._ended.wait(self._settings.sample_every)

    def _status(
        self, device: Device, recorder: Recorder, uploader: Uploader, desktop: Desktop | None, port: int
    ) -> Status:
        recent = recorder.session.recent
        last = recent[-1] if recent and not recorder.private_until else None
        problem = recorder.problem or uploader.problem
        unsupported = dict(desktop.unsupported()) if desktop is not None else {"window": WAYLAND}
        return msgspec.structs.replace(
            described(device, running=True),
            uploaded_at=uploader.done_at,
            private_until=recorder.private_until,
            port=port,
            desktop=desktop.name if desktop is not None else "Wayland",
            unsupported={str(ability): reason for ability, reason in unsupported.items()},
            last=LastSeen(last.app, last.title, last.site) if last is not None else None,
            problem=str(problem) if problem is not None else "",
        )


def described(device: Device, running: bool) -> Status:
    """Return what a status tells of a device, whether it runs or not."""
    state = device.trust.state
    return Status(
        running=running,
        mode=device.mode,
        account=state.account,
        device=state.device,
        server=state.server,
        fingerprint=device.fingerprint,
        recorded=["kinds of time"] if device.mode == "anonymous" else device.policy.described(),
        waiting=device.waiting(),
    )


def resting_status(folder: Path, now: Clock) -> Status:
    """Return the status of an agent that does not run. Raises ``not_enrolled`` and those of its files."""
    with http_client() as http:
        device = Device.open(folder, http, now)
        try:
            state = load_state(folder)
            stopped = state.stopped if state else None
            return msgspec.structs.replace(
                described(device, running=False),
                private_until=state.private_until if state and state.private_until > now() else 0,
                problem=f"This computer stopped reporting [{stopped}]; enrol it again with a new code."
                if stopped
                else "",
            )
        finally:
            device.close()


def _require_going(device: Device) -> None:
    stopped = device.trust.state.stopped
    if stopped is not None:
        raise ReteamzError(stopped, "This computer stopped reporting; enrol it again with a new code of the owner.")
