"""When a report goes out: each once, over stops and changed clocks; and what the page is told of the last one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.server.alerts.scene import HOUR_MS, MINUTE_MS, in_loop, part, utc
from tests.server.company import Clock, Owner, code_of
from tests.server.mail.server import Mailbox
from tests.server.mailings.letters import make, running, turn
from tests.waiting import wait_for

from reteamz.server.mailings.send import _Changed
from reteamz.server.mailings.tables import Mailing

FIRST = utc("2025-10-10 05:00")
"""Seven o'clock in Berlin on the day after the clock begins."""


def subjects(box: Mailbox) -> list[str]:
    return [mail["Subject"] for mail in box.mails]


def test_each_day_once_over_stops(tmp_path: Path, box: Mailbox) -> None:
    clock, owner = Clock(), Owner("acme")
    with running(tmp_path / "data", clock, box) as site:
        owner.sign_up(site)
        assert make(site)["next"] == FIRST
        turn(site, FIRST - 1)
        assert box.mails == []
    for _ in range(2):
        with running(tmp_path / "data", clock, box) as site:
            turn(site, FIRST)
            turn(site)
    assert subjects(box) == ["Report of Thu 9 Oct 2025"]
    # Away for four days: what ended last is told, the days before it are passed over.
    with running(tmp_path / "data", clock, box) as site:
        turn(site, FIRST + 4 * 24 * HOUR_MS + MINUTE_MS)
        owner.log_in(site)
        (told,) = site.told("/api/mailings")
        assert (told["first"], told["last"], told["state"]) == ("2025-10-13", "2025-10-13", "sent")
        assert told["next"] == FIRST + 5 * 24 * HOUR_MS
        turn(site, told["next"])
    assert subjects(box)[1:] == ["Report of Mon 13 Oct 2025", "Report of Tue 14 Oct 2025"]


def test_a_stop_between_writing_and_handing_over_loses_nothing_and_repeats_nothing(
    tmp_path: Path, box: Mailbox
) -> None:
    clock = Clock()
    with running(tmp_path / "data", clock, box) as site:
        Owner("acme").sign_up(site)
        make(site)
        clock.ms = FIRST
        in_loop(site, part(site, "mailings").turn())
    with running(tmp_path / "data", clock, box) as site:
        turn(site)
    assert len(box.mails) == 1


def test_two_turns_at_the_same_time_write_one_mail(tmp_path: Path, box: Mailbox) -> None:
    with running(tmp_path / "data", Clock(), box) as site:
        Owner("acme").sign_up(site)
        made = [make(site), make(site, hour=6)]
        site.clock.ms = FIRST
        mailings = part(site, "mailings")

        async def both() -> list[int]:
            return await asyncio.gather(*(mailings.turn() for _ in range(4)))

        assert sum(in_loop(site, both())) <= len(made)
        turn(site)
        assert len(box.mails) == 2


@pytest.mark.parametrize("day", ["2025-10-26", "2026-03-29"])
def test_a_day_on_which_the_clock_is_set_has_one_report(tmp_path: Path, box: Mailbox, day: str) -> None:
    begin = utc(f"{day} 00:00") - 10 * HOUR_MS
    with running(tmp_path / "data", Clock(begin), box) as site:
        Owner("acme").sign_up(site)
        make(site, hour=2)
        for quarter in range(4 * 34):
            turn(site, begin + quarter * 15 * MINUTE_MS)
            told = len(box.mails)
            # 02:00 comes twice in October and begins at 00:00 UTC; in March 03:00 follows 01:59 at 01:00 UTC.
            hour = 0 if day == "2025-10-26" else 1
            assert told == (begin + quarter * 15 * MINUTE_MS >= utc(f"{day} 0{hour}:00"))


def test_paused_changed_and_deleted(tmp_path: Path, box: Mailbox) -> None:
    with running(tmp_path / "data", Clock(), box) as site:
        Owner("acme").sign_up(site)
        where = f"/api/mailings/{make(site)['id']}"
        paused = site.call("PUT", where, {"rhythm": "daily", "enabled": False})
        assert (paused.status_code, paused.json()["next"]) == (200, 0)
        turn(site, FIRST)
        assert box.mails == []
        site.clock.ms += HOUR_MS
        going = site.call("PUT", where, {"rhythm": "daily", "hour": 9}).json()
        assert going["next"] == FIRST + 2 * HOUR_MS, "what passed in a pause is not sent later"
        turn(site, going["next"])
        assert subjects(box) == ["Report of Thu 9 Oct 2025"]
        weekly = site.call("PUT", where, {"rhythm": "weekly", "weekday": 0}).json()
        assert weekly["next"] == utc("2025-10-13 05:00")
        assert site.call("DELETE", where).status_code == 204
        turn(site, weekly["next"])
        assert len(box.mails) == 1
        assert code_of(site.call("DELETE", where)) == (404, "not_found")
        done = [entry["action"] for entry in site.told("/api/audit")["entries"]]
        assert done[:6] == [
            "mailing_refused", "mailing_removed", "mailing_changed", "mailing_changed", "mailing_changed", "mailing_added",
        ]  # fmt: skip


def test_what_was_changed_while_a_report_was_made_is_not_sent_as_it_was(tmp_path: Path, box: Mailbox) -> None:
    with running(tmp_path / "data", Clock(), box) as site:
        Owner("acme").sign_up(site)
        made = make(site)
        mailings = part(site, "mailings")

        async def row() -> Mailing:
            async with part(site, "control").session() as session:
                found: Mailing = await session.get_one(Mailing, made["id"])
                return found

        before = in_loop(site, row())
        site.call("PUT", f"/api/mailings/{made['id']}", {"rhythm": "daily", "enabled": False})
        with pytest.raises(_Changed):
            in_loop(site, mailings._write(before, "reason", (before.done, before.done), 0))
        report = in_loop(site, mailings._make(before, (before.done, before.done), FIRST))
        after = in_loop(site, row())
        with pytest.raises(_Changed):
            in_loop(site, _as_another(mailings, after, report))
        turn(site, FIRST)
        assert site.told("/api/mailings")[0]["state"] == "none"
        assert box.mails == []


async def _as_another(mailings: Any, row: Mailing, report: Any) -> None:
    """Write a report that was made when its receiver saw something else."""
    viewer = replace(report.viewer, role="manager")
    await mailings._write(row, replace(report, viewer=viewer), (row.done, row.done), 0)


def test_the_state_is_the_outbox_s(tmp_path: Path, box: Mailbox) -> None:
    with running(tmp_path / "data", Clock(), box) as site:
        Owner("acme").sign_up(site)
        make(site)
        assert site.told("/api/mailings")[0]["state"] == "none"
        box.refuse_recipient = "450 later"
        turn(site, FIRST)
        (told,) = site.told("/api/mailings")
        assert (told["state"], told["due"], told["sent"]) == ("waiting", FIRST + MINUTE_MS, FIRST)
        assert "refuses the recipient (450)" in told["reason"]
        box.refuse_recipient = "550 never"
        turn(site, told["due"])
        (told,) = site.told("/api/mailings")
        assert (told["state"], told["due"]) == ("failed", 0)
        assert "(550)" in told["reason"]


def test_one_is_sent_by_hand_and_the_due_one_all_the_same(tmp_path: Path, box: Mailbox) -> None:
    with running(tmp_path / "data", Clock(), box) as site:
        Owner("acme").sign_up(site)
        made = make(site)
        again = f"/api/mailings/{made['id']}/send"
        assert site.call("POST", again).status_code == 204
        turn(site)
        assert subjects(box) == ["Report of Wed 8 Oct 2025"]
        assert site.told("/api/mailings")[0]["next"] == FIRST
        for _ in range(4):
            assert site.call("POST", again).status_code == 204
        assert code_of(site.call("POST", again)) == (429, "rate_limited")
        turn(site)
        assert len(box.mails) == 5
        turn(site, FIRST)
        assert subjects(box)[5:] == ["Report of Thu 9 Oct 2025"]


def test_one_by_hand_speaks_of_what_ended_last(tmp_path: Path, box: Mailbox) -> None:
    with running(tmp_path / "data", Clock(), box) as site:
        Owner("acme").sign_up(site)
        # On Thursday: due last on Friday, when the week before that one was over.
        made = make(site, "weekly", weekday=4)
        assert site.call("POST", f"/api/mailings/{made['id']}/send").status_code == 204
        turn(site)
        assert subjects(box) == ["Report of the week 29 Sep – 5 Oct 2025"]


def test_without_a_mail_server_nothing_is_due_until_there_is_one(tmp_path: Path, box: Mailbox) -> None:
    clock, owner = Clock(), Owner("acme")
    with running(tmp_path / "data", clock) as site:
        owner.sign_up(site)
        made = make(site)
        refused = site.call("POST", f"/api/mailings/{made['id']}/send")
        assert code_of(refused) == (400, "input_invalid")
        assert "RETEAMZ_SMTP" in refused.json()["message"]
        turn(site, FIRST + 48 * HOUR_MS)
        assert site.told("/api/mailings")[0]["state"] == "none"
    with running(tmp_path / "data", clock, box) as site:
        turn(site)
    assert subjects(box) == ["Report of Sat 11 Oct 2025"]


def test_the_server_looks_by_itself(tmp_path: Path, box: Mailbox) -> None:
    clock = Clock()
    with running(tmp_path / "data", clock, box) as site:
        Owner("acme").sign_up(site)
        make(site)
    clock.ms = FIRST
    with running(tmp_path / "data", clock, box):
        wait_for(lambda: box.mails, what="the mail")
    assert len(box.mails) == 1
