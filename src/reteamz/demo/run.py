"""The simulated company, through the real agent pipeline and the real upload API."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import httpx
import msgspec

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.policy import Policy
from reteamz.agent.samples import Sample
from reteamz.agent.sync.client import http_client
from reteamz.crypto.recovery import Kit, new_code
from reteamz.demo import alerting, hours, policing, records
from reteamz.demo.company import RATINGS, Company, Person, found
from reteamz.demo.days import day_of, days_before, until
from reteamz.demo.ruling import CATEGORIES, tree
from reteamz.demo.truth import Truth
from reteamz.owner.client import Owner
from reteamz.owner.policy import publish_policy
from reteamz.owner.rules import publish_rules
from reteamz.wire.accounts import (
    DepartmentPost,
    DepartmentView,
    DeviceView,
    DictionaryEntries,
    PersonPut,
    PersonView,
    RatingPut,
)

ZONE: Final = "Europe/Berlin"
EMAIL: Final = "owner@lamplight.example"
POLICY: Final = Policy(urls=True)
PULSE_MS: Final = 0
"""Samples of the simulation are whole stretches: only equal neighbours without a gap merge."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


class Demo(msgspec.Struct, frozen=True):
    """What ``reteamz demo --once`` prints (architecture page, "Commands")."""

    url: str
    email: str
    password: str
    account: str
    people: int
    events: int
    kit: Kit
    recovery_code: str
    canaries: list[str]


class Result(msgspec.Struct, frozen=True):
    """The demo, the owner who is still logged in, and what really happened."""

    demo: Demo
    owner: Owner
    truth: Truth


def simulate(
    server: str,
    folder: Path,
    people: int,
    days: int,
    progress: Progress,
    seed: int = 1,
    zone: str = ZONE,
    last: date | None = None,
) -> Result:
    """Found a company on a running server and let its computers report.

    Args:
        server: the server's address.
        folder: where the agents' folders are made.
        people, days: how many.
        progress: told how far it is.
        seed: another one gives another story.
        zone: where the company is.
        last: the last day of the story, None for today.

    Raises:
        ReteamzError: ``email_taken`` when the demo was here before, ``server_unreachable``.
    """
    company = found(people, seed)
    password = "-".join(secrets.token_hex(3) for _ in range(4))
    progress("Making the owner's keys", 0, 1)
    owner = Owner.sign_up(server, EMAIL, password, company.name, timezone=zone, now=clock)
    progress("Making the owner's keys", 1, 1)
    # Before any computer reports: agents rate what they record by these rules, and record what the policy asks for.
    publish_rules(owner, tree(), clock())
    publish_policy(owner, policing.tree(), clock())
    truth = Truth()
    place = ZoneInfo(zone)
    today = datetime.now(place) if last is None else datetime.combine(last, datetime.max.time(), place)
    with http_client() as http:
        devices = _enrol(owner, company, folder, http, progress)
        for done, (person, device) in enumerate(zip(company.people, devices, strict=True)):
            progress("Four weeks of work" if days == 28 else "Days of work", done, people)
            if done == people // 2:
                alerting.enter(owner, alerting.FROM_THE_MIDDLE)
            _work(done, person, device, days_before(today, days), place, seed, truth)
        progress("Four weeks of work" if days == 28 else "Days of work", people, people)
    _settle(owner, company, today.date())
    _rate(owner)
    alerting.enter(owner, alerting.AT_THE_END)
    code = new_code()
    labels = {
        hours.HOLIDAY,
        hours.NOTE,
        *(department.name for department in company.departments),
        *(path[-1] for path in CATEGORIES if len(path) > 1),
    }
    canaries = sorted({*truth.canaries(), company.name, *labels, *records.canaries(), *alerting.canaries()})
    listed = owner.connection.get("/api/devices", list[DeviceView])
    demo = Demo(
        url=server,
        email=EMAIL,
        password=password,
        account=owner.account,
        people=people,
        events=sum(device.events for device in listed),
        kit=owner.kit(code),
        recovery_code=code,
        canaries=canaries,
    )
    return Result(demo, owner, truth)


def clock() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def _enrol(owner: Owner, company: Company, folder: Path, http: httpx.Client, progress: Progress) -> list[Device]:
    """Enrol every computer with one code, confirm them all, and let them take their grants."""
    people = company.people
    code = owner.enrolment_code(uses=len(people))
    devices = []
    for number, person in enumerate(people):
        progress("Enrolling computers", number, len(people))
        place = folder / f"{number + 1:03}"
        enroll(place, code, http, clock)
        device = Device.open(place, http, clock, pulse_ms=PULSE_MS, consented=records.agreed)
        device.computer = person.computer
        devices.append(device)
    owner.confirm(owner.waiting())
    for device in devices:
        device.sync.poll_once()
        # The grant is here now: the second poll tells the computer's name as a token.
        device.sync.poll_once()
    progress("Enrolling computers", len(people), len(people))
    return devices


def _work(
    index: int, person: Person, device: Device, days: Sequence[date], place: ZoneInfo, seed: int, truth: Truth
) -> None:
    now = clock()
    recorded: list[list[Sample]] = []
    for day in days:
        if not hours.works(index, day, days[-1]):
            continue
        samples = list(until(day_of(person, day, place, seed), now))
        truth.add(samples, POLICY)
        for sample in samples:
            device.feed(sample)
        device.flush()
        device.sync.push_all()
        recorded.append(samples)
    if index < records.PEOPLE:
        records.take(person, device, recorded, seed)
    device.close()


def _settle(owner: Owner, company: Company, today: date) -> None:
    """Put every person into their department and say when they work; the server sees labels as tokens."""
    reader = owner.reader()
    persons = {reader.replace(row.name): row.id for row in owner.connection.get("/api/people", list[PersonView])}
    departments = {
        department.name: owner.connection.post(
            "/api/departments", DepartmentPost(owner.entry("label", department.name)), DepartmentView
        ).id
        for department in company.departments
    }
    for person in company.people:
        if person.name in persons:
            put = PersonPut(departments[person.department])
            owner.connection.send("PUT", f"/api/people/{persons[person.name]}", put)
    hours.enter(owner, company, persons, departments, today)


def _rate(owner: Owner) -> None:
    """Rate applications and sites; the server sees numbers of names."""
    reader = owner.reader()
    for field in ("app", "site"):
        for entry in owner.connection.get("/api/dictionary", DictionaryEntries, field=field).entries:
            rating = RATINGS.get(reader.replace(entry.text))
            if rating is not None:
                owner.connection.send("PUT", f"/api/ratings/{entry.id}", RatingPut(rating))
