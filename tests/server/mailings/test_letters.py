"""What a report says equals what was sent to the server, added up here; no name leaves an encrypted account."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.server.alerts.scene import (
    ACTIVE,
    HOUR_MS,
    IDLE,
    LOCKED,
    MEETING,
    MINUTE_MS,
    PRIVATE,
    Scene,
    in_loop,
    part,
    utc,
)
from tests.server.company import Clock, Owner, Site
from tests.server.ingest.support import token
from tests.server.mail.server import Mailbox
from tests.server.mailings.letters import ORIGIN, Html, make, running, tables, turn
from tests.server.verdicts.test_verdicts import put, rule_set

from reteamz.server.accounts.tables import Account
from reteamz.server.mailings import write
from reteamz.wire.rules import Category, Rule

PEOPLE = ("ann", "bob", "cec")
APPS = ("outlook", "cad", "chat", "game")
RATINGS = {"outlook": 1, "cad": 2, "game": 0}
DAYS = ("2025-09-30", "2025-10-07")
"""Days that are told of, Monday and Tuesday, by their place."""


def said(ms: int) -> str:
    """Return a duration in words; everything told here is whole minutes."""
    hours, minutes = divmod(ms // MINUTE_MS, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min" if ms else "0 s"


def changed(now: int, before: int) -> str:
    if not now and not before:
        return ""
    moved = f"{(now - before) / before * 100:+.0f} %".replace("-", "−") if before else ""
    return f"{moved}, {said(before)} before" if moved else "new"


def share(part: int, whole: int) -> str:
    value = part / whole * 100
    return f"{value:.0f} %" if value >= 10 or not value else f"{value:.1f} %"


class Told:
    """What was sent to the server, added up by hand."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.rows: list[tuple[str, str, str, int, int]] = []
        chance = random.Random(seed)
        for day in DAYS:
            for person in PEOPLE:
                at = utc(f"{day} 06:00")
                for _ in range(8):
                    kind, app = chance.choice([ACTIVE, ACTIVE, IDLE, LOCKED, MEETING, PRIVATE]), chance.choice(APPS)
                    ms = chance.randint(1, 40) * MINUTE_MS
                    scene.tell(person, at, ms, kind=kind, app=app, on=f"{person}'s")
                    self.rows.append((day, person, app, kind, ms))
                    at += 2 * ms

    def sum(self, day: str, kinds: tuple[int, ...], **only: Any) -> int:
        return sum(
            ms
            for one, person, app, kind, ms in self.rows
            if (one, only.get("person", person)) == (day, person) and kind in kinds and app in only.get("apps", APPS)
        )

    def longest(self, day: str, kinds: tuple[int, ...], field: str, place: int) -> list[tuple[str, str, str]]:
        spent: Counter[str] = Counter()
        for row in self.rows:
            if row[0] == day and row[3] in kinds:
                spent[row[place]] += row[4]
        whole = sum(spent.values())
        listed = sorted(spent.items(), key=lambda one: -one[1])
        return [(token(field, name), said(ms), share(ms, whole)) for name, ms in listed]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_report_is_the_sum_of_the_events(tmp_path: Path, box: Mailbox, seed: int) -> None:
    with running(tmp_path / "data", Clock(utc("2025-10-06 04:00")), box) as site:
        owner = Owner("acme").sign_up(site)
        scene = Scene(site, owner)
        scene.rule("rating", rating=3, amount=1)
        site.clock.ms = utc("2025-10-07 22:30")
        told = Told(scene, seed)
        for app, rating in RATINGS.items():
            site.call("PUT", f"/api/ratings/{scene.id('app', app)}", {"rating": rating})
        _categorise(site, owner, scene)
        alerts = scene.turn()
        made = make(site, hour=7)
        assert made["next"] == utc("2025-10-08 05:00"), "seven o'clock in Berlin"
        turn(site, made["next"] - 1)
        assert box.mails == []
        turn(site, made["next"])
    (mail,) = box.mails
    assert (mail["To"], mail["Subject"]) == (owner.email, "Report of Tue 7 Oct 2025")
    day, before = "2025-10-07", "2025-09-30"
    used = (ACTIVE, MEETING)

    def line(word: str, kinds: tuple[int, ...], apps: Any = APPS) -> tuple[str, str, str]:
        now, earlier = (told.sum(one, kinds, apps=apps) for one in (day, before))
        return word, said(now), changed(now, earlier)

    found = Counter(alert["day"] for alert in alerts)
    expected = {
        "Totals": [
            line("Work", (*used, IDLE)), line("Active", used), line("Idle", (IDLE,)),
            line("Productive", used, ("cad",)), line("Neutral", used, ("outlook",)), line("Unproductive", used, ("game",)),
            line("Uncategorised", used, ("chat",)), ("Alerts", str(found[day]), f"{found[before]} before"),
        ],
        "People": told.longest(day, (*used, IDLE), "person", 1),
        "Applications": told.longest(day, used, "app", 2),
    }  # fmt: skip
    text, html = box.text(), Html(box.text(kind="html"))
    assert found[day] > 0
    whole = told.sum(day, used)
    inside = told.sum(day, used, apps=("cad", "chat"))
    split = [(inside, token("label", "Work")), (whole - inside, "No category")]
    expected["Categories"] = [(word, said(ms), share(ms, whole)) for ms, word in sorted(split, reverse=True)]
    assert tables(text) == html.tables == expected
    assert f"{ORIGIN}/people?from=2025-10-07&to=2025-10-07" in text
    assert f"{ORIGIN}/people?from=2025-10-07&to=2025-10-07" in html.links
    assert html.tags == {"p", "h3", "table", "tr", "th", "td", "a"}
    for name in (*PEOPLE, *APPS):
        assert not re.search(rf"\b{name}\b", text + box.text(kind="html")), name
    assert "rtz1." not in mail["Subject"]


def _categorise(site: Site, owner: Owner, scene: Scene) -> None:
    """Put two of the applications into a category."""
    parts = {
        "categories": [Category(1, None, token("label", "Work"), None), Category(2, 1, token("label", "Below"), None)],
        "rules": [Rule(1, [], token("label", "p1"), False), Rule(2, [], token("label", "p2"), False)],
        "overrides": [],
    }
    assert site.call("POST", "/api/rules", {"rules": rule_set(owner, **parts)}).status_code == 201
    listed = sorted([(scene.id("app", "cad"), 1), (scene.id("app", "chat"), 2)])
    last = max(entry["id"] for entry in site.told("/api/dictionary")["entries"])
    assert put(site, 1, 0, last, listed).json()["applied"] == 1


def test_weeks_and_months_say_so_and_nothing_is_said_of_nothing(tmp_path: Path, box: Mailbox) -> None:
    with running(tmp_path / "data", Clock(), box) as site:
        owner = Owner("acme").sign_up(site)
        scene = Scene(site, owner)
        scene.tell("ann", utc("2025-10-06 08:00"), HOUR_MS, app="mail")
        make(site, "weekly", weekday=2, hour=9)
        make(site, "monthly", day=3, hour=9)
        turn(site, utc("2025-10-15 07:00"))
        turn(site, utc("2025-11-03 08:00"))
    subjects = [mail["Subject"] for mail in box.mails]
    assert subjects == [
        "Report of the week 6 Oct – 12 Oct 2025", "Report of the week 20 Oct – 26 Oct 2025", "Report of October 2025",
    ]  # fmt: skip
    assert "The week Mon 6 Oct 2025 – Sun 12 Oct 2025, everybody." in box.text(0)
    assert "Compared with Mon 29 Sep 2025 – Sun 5 Oct 2025." in box.text(0)
    assert ("Work", "1 h 00 min", "new") in tables(box.text(0))["Totals"]
    assert "Nothing was recorded in this time." in box.text(1)
    assert list(tables(box.text(1))) == ["Totals"]
    assert "The month Wed 1 Oct 2025 – Fri 31 Oct 2025, everybody." in box.text(2)
    assert ("Work", "1 h 00 min", "new") in tables(box.text(2))["Totals"]


def test_a_plain_account_s_report_has_names_and_escapes_them(tmp_path: Path, box: Mailbox) -> None:
    with running(tmp_path / "data", Clock(), box) as site:
        owner = Owner("plain", mode="plain").sign_up(site)
        scene = Scene(site, owner)
        scene.tell("<b>Ann</b>", utc("2025-10-09 08:00"), HOUR_MS, app="<img src=x>")
        make(site)
        turn(site, utc("2025-10-10 05:00"))
    assert tables(box.text())["Applications"] == [("<img src=x>", "1 h 00 min", "100 %")]
    html = box.text(kind="html")
    assert Html(html).tables["People"] == [("<b>Ann</b>", "1 h 00 min", "100 %")]
    assert "<img" not in html
    assert "<b>" not in html


def test_a_name_that_is_still_readable_is_left_out_of_an_encrypted_account_s_mail(tmp_path: Path, box: Mailbox) -> None:
    with running(tmp_path / "data", Clock(), box) as site:
        owner = Owner("late", mode="plain").sign_up(site)
        scene = Scene(site, owner)
        scene.tell("Kanarienvogel", utc("2025-10-09 08:00"), HOUR_MS, app="Kanarienvogel")
        make(site)
        account = in_loop(site, _encrypted(site, owner))
        assert account == "encrypted"
        turn(site, utc("2025-10-10 05:00"))
    assert tables(box.text())["Applications"] == [(write.OLD, "1 h 00 min", "100 %")]
    assert b"Kanarienvogel" not in box.raw[0]


async def _encrypted(site: Site, owner: Owner) -> str:
    """Turn encryption on in the database, as long as no browser has made tokens of the names."""
    async with part(site, "control").session() as session:
        row = await session.get_one(Account, owner.account)
        row.mode = "encrypted"
        return str(row.mode)
