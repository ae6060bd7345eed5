"""A confirmed computer whose policy asks for more than the default, with everything that answers its people, in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
from tests.agent.conftest import enrol, now

from reteamz.agent.desktop.base import Look, Window
from reteamz.agent.device import Device
from reteamz.agent.localapi.page import Page
from reteamz.agent.localapi.serve import LocalApi
from reteamz.agent.policy import Policy
from reteamz.agent.sessions.consent import sentences
from reteamz.agent.sessions.memory import Memory
from reteamz.agent.sessions.people import People
from reteamz.agent.uploader import Uploader
from reteamz.agent.work import Work
from reteamz.owner.client import Owner
from reteamz.wire.policy import SCREENSHOT, Screenshot


def every(seconds: int) -> Screenshot:
    return msgspec.structs.replace(SCREENSHOT, every_s=seconds)


ASKED = Policy(version=3, urls=True, records=frozenset(("screenshot", "text")), screenshot=every(600))


@dataclass
class Asking:
    """Its parts; ``uid`` is the user who runs the test."""

    device: Device
    people: People
    work: Work
    uid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.work.api.port}"

    def ask(self, policy: Policy) -> None:
        """Put another policy in force."""
        self.device._policy = policy

    def decide(self, accept: bool) -> None:
        """Answer everything that the policy asks for."""
        self.people.decide(self.uid, accept, list(sentences(self.people.policy(self.uid)).values()))

    def see(self, title: str, app: str = "Writer") -> None:
        self.people.saw(self.uid, Look(Window(app, title), 0, False))


@contextmanager
def asking(owner: Owner, folder: Path, policy: Policy = ASKED, confirmed: bool = True) -> Iterator[Asking]:
    enrol(owner, folder)
    with httpx.Client() as http:
        device = Device.open(folder, http, now, policy, consented=lambda person, kind: people.consented(person, kind))
        with closing(device):
            if confirmed:
                owner.confirm(owner.waiting())
                device.sync.poll_once()
            people = People(device, Memory(folder, device.cipher), now)
            with closing(LocalApi(folder, device, 0, now)) as api:
                work = Work(device, people, Uploader(device, now, 60.0, now), api, now)
                api.show(Page(work.answer, now))
                people.recorder(os.geteuid(), "Otti Marsh")
                yield Asking(device, people, work, os.geteuid())


def slower(policy: Policy = ASKED) -> Policy:
    return msgspec.structs.replace(policy, screenshot=every(60))
