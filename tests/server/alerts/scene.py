"""A company whose computers tell what a test says, at the local times it says, and rules that look at it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from tests.server.company import Computer, Owner, Site
from tests.server.ingest.support import token

T = TypeVar("T")
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
ACTIVE, IDLE, LOCKED, MEETING, PRIVATE = range(5)
FIELDS = ("person", "app", "site", "title", "url", "doc")
THURSDAY = date(2025, 10, 9)
"""The local day of the clock that tests begin with."""


def utc(text: str) -> int:
    """Return ``2025-10-09 08:00`` of UTC in milliseconds."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def in_loop(site: Site, coroutine: Coroutine[Any, Any, T]) -> T:
    """Run on the application's own loop."""

    async def run() -> T:
        return await asyncio.wait_for(coroutine, 60)

    with site.client.portal() as portal:
        return portal.call(run)


def part(site: Site, name: str) -> Any:
    return site.client.app.dependencies[name].dependency()


@dataclass
class Scene:
    """One account, one browser of its owner, computers by name."""

    site: Site
    owner: Owner
    computers: dict[str, Computer] = field(default_factory=dict)

    def computer(self, name: str = "laptop") -> Computer:
        """Return a confirmed computer."""
        if name not in self.computers:
            made = Computer(self.owner, name)
            assert made.enroll(self.site, self.owner.make_ticket(self.site, name)).status_code == 200
            self.owner.confirm(self.site, made)
            self.computers[name] = made
        return self.computers[name]

    def tell(
        self, person: str, start: int, ms: int, *, offset: int = 120, kind: int = ACTIVE, on: str = "laptop",
        rating: int = -1, **names: str,
    ) -> None:  # fmt: skip
        """Send one event of a person; ``start`` in UTC milliseconds, names by field."""
        told = {"person": person, **names}
        tokens = [self.entry(where, text) for where, text in told.items()]
        places = {where: place for place, where in enumerate(told)}
        index = [places.get(where, -1) for where in FIELDS]
        event = (index[0], kind, start, ms, offset, *index[1:], 1, rating)
        answer = self.site.post_batch(self.computer(on).next(tokens, [event], **self.plainly()))
        assert answer.status_code == 200, answer.text

    def entry(self, where: str, text: str) -> str:
        return token(where, text) if self.owner.epoch else f"{where}:{text}"

    def plainly(self) -> dict[str, Any]:
        return {} if self.owner.epoch else {"mode": "plain", "epoch": 0, "roster": None}

    def id(self, where: str, text: str) -> int:
        entry = self.entry(where, text)
        return next(one["id"] for one in self.site.told("/api/dictionary")["entries"] if one["text"] == entry)

    def rule(self, kind: str, **parameters: Any) -> str:
        """Make a rule, and return its identifier."""
        return str(self.make(kind, **parameters)["id"])

    def make(self, kind: str, **parameters: Any) -> dict[str, Any]:
        answer = self.site.call("POST", "/api/alert-rules", self.body(kind, **parameters))
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def body(self, kind: str, **parameters: Any) -> dict[str, Any]:
        around = {name: parameters.pop(name) for name in AROUND if name in parameters}
        return {"name": self.entry("label", f"rule {kind}"), "kind": {"type": kind, **parameters}, **around}

    def department(self, name: str, *persons: str) -> str:
        made = str(self.site.call("POST", "/api/departments", {"name": self.entry("label", name)}).json()["id"])
        for person in persons:
            self.place(person, made)
        return made

    def place(self, person: str, department: str | None) -> None:
        where = f"/api/people/{self.id('person', person)}"
        assert self.site.call("PUT", where, {"department": department}).status_code == 204

    def schedule(self, *, begin: int = 540, end: int = 1020, grace: int = 0, pause: int = 30) -> None:
        """Let everybody work from Monday to Friday."""
        day = {"begin_min": begin, "end_min": end, "break_min": pause}
        body = {"week": [day] * 5 + [None] * 2, "grace_min": grace}
        answer = self.site.call("PUT", "/api/schedules/2025-01-01", body)
        assert answer.status_code == 204, answer.text

    def turn(self, at: int | None = None) -> list[dict[str, Any]]:
        """Move the clock, let rules look, and return the feed, the newest first."""
        if at is not None:
            self.site.clock.ms = at
        in_loop(self.site, part(self.site, "watch").turn())
        rows: list[dict[str, Any]] = self.site.told("/api/alerts")["rows"]
        return rows

    def found(self, at: int | None = None) -> list[tuple[str, str, int, int]]:
        """Return kind, day, value and threshold of everything in the feed after a turn, the oldest first."""
        return [(row["kind"], row["day"], row["value"], row["threshold"]) for row in reversed(self.turn(at))]


AROUND = ("department", "enabled", "quiet", "mail", "hook", "new_secret")
