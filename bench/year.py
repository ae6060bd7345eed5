"""Every page of the menu over a year of 200 people, through the whole application: last 7 days, last month, the year, and ten years.

``python -m bench.year`` makes a company at the demo's shape of work and prints one JSON object: for each page and range the median and the worst time
from the request to the last byte of HTML, the processor's time of the server for one, all in milliseconds, and the KiB of the page. ``--events`` says how many events there are in all; ``--data`` keeps the folder, and uses it again.

What people do is drawn from the demo's tasks: some 140 things a day that recur, numbers in their titles that go on through the year. Events are
about ten seconds long at 150 M. They go straight into the store, commit by commit; roll-ups are made by the server's own code. There is no journal.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bench.whole import cpu_s
from reteamz.demo.company import RATINGS, Company, Person, found
from reteamz.demo.server import free_port, serving
from reteamz.demo.work import CONTACTS, CUSTOMERS, PLACES, PROJECTS, TRADES
from reteamz.owner.client import Owner
from reteamz.server.pages.shell import MENU
from reteamz.server.secret import derived, load_secret
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.activity.tables import name_rows, newcomer_rows
from reteamz.wire.accounts import DepartmentPost, DepartmentView, PersonPut, RatingPut
from reteamz.wire.encoding import b64encode
from reteamz.wire.tokens import Field

EMAIL: Final = "bench@company.example"
PASSWORD: Final = "correct horse battery staple"  # of a server that lives for this run
PEOPLE: Final = 200
DAYS: Final = 365
RUNS: Final = 7
COMMIT: Final = 200_000
"""Events in one commit."""
ZONES: Final = (ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"))
Ints = npt.NDArray[np.int64]


def now() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Names:
    """Gives dictionary ids to the names of one account."""

    store: ActivityStore
    owner: Owner
    known: dict[tuple[str, str], int]

    def ids(self, rows: list[tuple[Field, str]]) -> list[int]:
        """Return an id for each of some fields and texts, 0 for the empty text."""
        new = [row for row in dict.fromkeys(rows) if row[1] and row not in self.known]
        if new:
            change = self.store._memory.change()
            names = change.account(self.owner.account)
            ids = change.names(names, [self.owner.entry(*row) for row in new], [field for field, _ in new])
            self.store._commit(newcomer_rows(change) | name_rows(change, now()))
            self.known.update(zip(new, ids, strict=True))
        return [self.known.get(row, 0) for row in rows]


def words(person: Person, day: date, chance: random.Random) -> dict[str, object]:
    """Return one of the things that a day is about; numbers grow through the year, so that titles are new now and then."""
    customer, contact, project = chance.choice(CUSTOMERS), chance.choice(CONTACTS), chance.choice(PROJECTS)
    return {
        "me": person.name,
        "customer": customer,
        "slug": customer.lower().replace(" ", "-"),
        "contact": contact,
        "contact_slug": contact.lower().replace(" ", "-"),
        "project": project,
        "project_slug": project.lower().replace(" ", "-"),
        "place": chance.choice(PLACES),
        "number": 4_000 + 3 * (day - date(day.year - 1, 1, 1)).days + chance.randrange(120),
        "small": chance.randrange(2, 8),
        "year": day.year,
        "quarter": (day.month + 2) // 3,
    }


def choices(person: Person, day: date) -> tuple[list[tuple[Field, str]], npt.NDArray[np.float64]]:
    """Return what can be on a person's screen on a day: app, site, title, url and document of each, and how often it is, as a running total."""
    chance = random.Random(f"{person.name}/{day}")  # a story, not a secret
    today = [words(person, day, chance) for _ in range(5)]
    rows: list[tuple[Field, str]] = []
    weights = []
    for task in TRADES[person.trade]:
        for word in today:
            url = task.url.format(**word)
            rows += [
                ("app", task.app),
                ("site", urlsplit(url).hostname or ""),
                ("title", task.title.format(**word)),
                ("url", url),
                ("doc", task.document.format(**word)),
            ]
            weights.append(task.weight * task.minutes * (1.0 if task.input > 15 else 0.5))
    share = np.array(weights)
    return rows, np.cumsum(share / share.sum())


def day_of(
    person: Person,
    place: int,
    device: int,
    day: date,
    number: int,
    what: Ints,
    upto: npt.NDArray[np.float64],
    events: int,
) -> dict[str, Ints]:
    """Return the columns of one person's day; ``what`` and ``upto`` as ``choices`` says, in ids."""
    chance = np.random.default_rng((place, day.toordinal()))
    zone = ZONES[place % len(ZONES)]
    begin = datetime(day.year, day.month, day.day, person.begins // 60, person.begins % 60, tzinfo=zone)
    offset = begin.utcoffset() or timedelta()
    lengths = chance.exponential(1.0, events) + 0.02
    lengths = (lengths / lengths.sum() * person.hours * 3_600_000).astype(np.int64)
    starts = int(begin.timestamp() * 1000) + np.cumsum(lengths) - lengths
    ids = what[np.searchsorted(upto, chance.random(events), side="right").clip(max=len(what) - 1)]
    dice = chance.random(events)
    kind = np.select([dice < 0.04, dice < 0.06, dice < 0.061, dice < 0.09], [2, 3, 4, 1], 0)
    ids[kind >= 2] = 0
    return {
        "device": np.full(events, device),
        "person": np.full(events, number),
        "start_ms": starts,
        "duration_ms": lengths,
        "utc_offset": np.full(events, offset // timedelta(minutes=1)),
        "kind": kind,
        "app": ids[:, 0],
        "site": ids[:, 1],
        "title": ids[:, 2],
        "url": ids[:, 3],
        "doc": ids[:, 4],
        "input": chance.integers(0, 40, events),
        "seq": day.toordinal() * 100 + np.arange(events) // 120,
    }


def commits(columns: dict[str, Ints], day: date, account: int, part: int) -> Iterator[pa.Table]:
    """Yield a day's rows in commits, batches of all computers mixed as they arrive."""
    total = len(columns["start_ms"])
    arrival = np.argsort(columns["start_ms"] // 1_200_000, kind="stable")
    for number, start in enumerate(range(0, total, COMMIT)):
        chosen = arrival[start : start + COMMIT]
        size = len(chosen)

        def column(name: str, kind: type, chosen: Ints = chosen) -> npt.NDArray[Any]:
            return columns[name][chosen].astype(kind)

        yield pa.table(
            {
                "account": np.full(size, account, np.int32),
                "device": column("device", np.int32),
                "person": column("person", np.int32),
                "day": pa.array(np.full(size, (day - date(1970, 1, 1)).days, np.int32)).cast(pa.date32()),
                "start_ms": column("start_ms", np.int64),
                "duration_ms": column("duration_ms", np.int32),
                "utc_offset": column("utc_offset", np.int16),
                "kind": column("kind", np.uint8),
                **{name: column(name, np.int32) for name in ("app", "site", "title", "url", "doc")},
                "input": column("input", np.int64),
                "rating": np.full(size, -1, np.int8),
                "seq": column("seq", np.int64),
                "part": np.full(size, part + number, np.int64),
            }
        )


def fill(data: Path, owner: Owner, company: Company, events: int) -> dict[str, Any]:
    """Write the year into the store of a data folder, rolled up as a server would have; return what it took."""
    last = datetime.now(UTC).date()
    workdays = [day for day in (last - timedelta(days=back) for back in range(DAYS, -1, -1)) if day.weekday() < 5]
    each = max(1, events // (len(workdays) * len(company.people)))
    store = ActivityStore.open(data / "activity.duckdb", derived(load_secret(data), "dictionary"))
    names = Names(store, owner, {})
    persons = names.ids([("person", person.name) for person in company.people])
    change = store._memory.change()
    account = store.account_number(owner.account)
    devices = [change.device(device_id(place), account) for place in range(len(company.people))]
    store._commit(newcomer_rows(change))
    rolled, slices, worst = 0.0, 0, 0.0
    for day in workdays:
        seen = [choices(person, day) for person in company.people]
        names.ids([row for rows, _ in seen for row in rows])
        parts = [
            day_of(
                person, place, devices[place], day, persons[place], np.array(names.ids(rows)).reshape(-1, 5), upto, each
            )
            for place, (person, (rows, upto)) in enumerate(zip(company.people, seen, strict=True))
        ]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        for table in commits(columns, day, account, store._committed[0] + 1):
            store._commit({"event": table})
            store._committed = (store._committed[0] + 1, store._committed[1] + table.num_rows)
            began = time.perf_counter()
            # The newest day waits, as on a server that runs.
            if day != workdays[-1] and store.roll_up():
                took = time.perf_counter() - began
                rolled, slices, worst = rolled + took, slices + 1, max(worst, took)
    store.close()
    return {
        "days": len(workdays),
        "events_a_person_and_day": each,
        "names": len(names.known),
        "slices": slices,
        "rolling_up_s": round(rolled, 1),
        "longest_slice_s": round(worst, 2),
    }


def device_id(place: int) -> str:
    """Return the identifier of a person's computer."""
    return b64encode(place.to_bytes(16, "big"))


def register(data: Path, owner: Owner, company: Company) -> None:
    """List a computer for everybody; enrolling 200 of them takes minutes, and is not what is measured."""
    signing = json.dumps(msgspec.to_builtins(owner.bundle.identity.public()))
    exchange = json.dumps(msgspec.to_builtins(owner.bundle.exchange.public()))
    rows = [
        (device_id(place), owner.account, "confirmed", signing, exchange, "A" * 43, "A" * 43, "linux", "A" * 22, 0, "A" * 43,
         now(), now(), "0.1.0", owner.entry("computer", person.computer))
        for place, person in enumerate(company.people)
    ]  # fmt: skip
    with closing(sqlite3.connect(data / "control.sqlite")) as control, control:
        control.executemany(f"INSERT INTO device VALUES ({', '.join('?' * 15)})", rows)


def organise(owner: Owner, company: Company, data: Path) -> None:
    """Make departments, and rate some applications, sites and titles."""
    made = {
        department.name: owner.connection.post(
            "/api/departments", DepartmentPost(owner.entry("label", department.name)), DepartmentView
        ).id
        for department in company.departments
    }
    found = owner.connection.get("/api/people", list[Any])
    ids = {entry["name"]: entry["id"] for entry in found}
    for person in company.people:
        number = ids[owner.entry("person", person.name)]
        owner.connection.send("PUT", f"/api/people/{number}", PersonPut(made[person.department]))
    rated = 0
    for field in ("app", "site", "title"):
        entries = owner.connection.get("/api/dictionary", dict[str, Any], field=field, limit=1000)["entries"]
        by_text = {entry["text"]: entry["id"] for entry in entries}
        if field == "title":
            wanted = {text: number % 3 for number, text in enumerate(list(by_text)[:100])}
        else:
            wanted = {owner.entry(field, name): rating for name, rating in RATINGS.items()}  # type: ignore[arg-type]  # one of three fields
        for text, rating in wanted.items():
            if text in by_text:
                put = RatingPut(rating)  # type: ignore[arg-type]  # 0, 1 or 2
                owner.connection.send("PUT", f"/api/ratings/{by_text[text]}", put)
                rated += 1
    assert rated > 110, rated


def measured(url: str, http: httpx.Client, runs: int) -> dict[str, Any]:
    """Return what ``timed`` says of every page and range."""
    today = datetime.now(UTC).date()
    ranges = {
        "last7": "range=last7",
        "month": f"from={today - timedelta(days=30)}&to={today}",
        "year": f"from={today - timedelta(days=DAYS)}&to={today}",
        "ten years": f"from={today - timedelta(days=3_600)}&to={today}",
    }
    people = http.get(f"{url}/api/people").raise_for_status().json()
    department = next(person["department"] for person in people if person["department"])
    apps = http.get(f"{url}/api/reports/apps?from={today - timedelta(days=30)}&to={today}").raise_for_status().json()
    titles = (
        http.get(f"{url}/api/reports/titles?from={today - timedelta(days=30)}&to={today}").raise_for_status().json()
    )
    year = ranges["year"]
    pages = [entry.href for _, group in MENU for entry in group if "owner" in entry.roles]
    log = http.get(f"{url}/api/reports/log?{year}").raise_for_status().json()
    told: dict[str, Any] = {"log_pages_of_the_year": log["pages"]}
    for name, query in ranges.items():
        told[name] = {path: timed(http, f"{url}{path}?{query}", runs) for path in pages}
    told["narrowed year"] = {
        shown: timed(http, f"{url}{path}?{year}{more}", runs)
        for shown, path, more in (
            ("/ of a department", "/", f"&department={department}"),
            ("/titles of a department", "/titles", f"&department={department}"),
            ("/productivity of a department", "/productivity", f"&department={department}"),
            ("/ of a person", "/", f"&person={people[0]['id']}"),
            ("/titles of an application", "/titles", f"&name={apps['rows'][0]['id']}"),
            ("/people of a title", "/people", f"&name={titles['rows'][0]['id']}"),
            ("/titles by name", "/titles", "&sort=name"),
            ("/apps, unproductive time alone", "/apps", "&rating=unproductive"),
            ("/titles, time in no category alone", "/titles", "&category=0"),
            ("/log, in the middle", "/log", f"&page={min(1_000_000, log['pages'] // 2)}"),
            ("/log, last page", "/log", f"&page={min(1_000_000, log['pages'])}"),
            ("/log of a title, last page", "/log", f"&name={titles['rows'][0]['id']}&page=2"),
        )
    }
    return told


def timed(http: httpx.Client, address: str, runs: int) -> list[int]:
    """Return median and worst of some runs and the processor's time of one, in milliseconds, and the length of the page in KiB."""
    taken, size = [], 0
    before = _server_cpu_s()
    for _ in range(runs):
        began = time.perf_counter()
        answer = http.get(address, headers={"accept": "text/html"})
        taken.append(round((time.perf_counter() - began) * 1000))
        assert answer.status_code == 200, (address, answer.status_code)
        size = len(answer.content) // 1024
    spent = (_server_cpu_s() - before) / runs
    return [round(statistics.median(taken)), max(taken), round(spent * 1000), size]


def _server_cpu_s() -> float:
    """Return the processor's time of the server, the one child of this process: what a page costs, also where others work beside it."""
    (server,) = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return cpu_s(int(server))


def run(data: Path, events: int, runs: int) -> dict[str, Any]:
    """Fill the folder unless it is filled, serve from it, and measure."""
    company = found(PEOPLE)
    told: dict[str, Any] = {"events": events}
    fresh = not (data / "activity.duckdb").exists()
    if fresh:
        with serving(data, free_port()) as url:
            owner = Owner.sign_up(url, EMAIL, PASSWORD, company.name, timezone="Europe/Berlin", now=now)
        told["made"] = fill(data, owner, company, events)
        register(data, owner, company)
    told["bytes_an_event"] = round((data / "activity.duckdb").stat().st_size / events, 1)
    with (
        serving(data, free_port()) as url,
        closing(Owner.log_in(url, EMAIL, PASSWORD, now)) as owner,
        httpx.Client(timeout=120) as http,
    ):
        if fresh:
            organise(owner, company, data)
        http.cookies = owner.connection._http.cookies
        told |= measured(url, http, runs)
    return told


def main() -> None:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--data", type=Path, help="folder to keep")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        print(json.dumps(run(arguments.data or Path(folder), arguments.events, arguments.runs)))


if __name__ == "__main__":
    main()
