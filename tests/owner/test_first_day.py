"""The whole way without pages: sign-up, enrolment, confirmation, upload, reading."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.conftest import RealServer

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.owner.client import Owner
from reteamz.wire.errors import ReteamzError

PASSWORD = "correct horse battery staple"


def now() -> int:
    return time.time_ns() // 1_000_000


def sample(at: int, title: str, minutes: int = 1) -> Sample:
    return Sample(at=at, duration=minutes * 60_000, person="Otti Marsh", app="WinWord.exe", title=title, input=3)


def titles(owner: Owner) -> dict[str, int]:
    today = datetime.now(UTC).date().isoformat()
    table = owner.connection.get("/api/reports/titles", dict, **{"from": "2020-01-01", "to": today})
    reader = owner.reader()
    return {reader.replace(row["name"]): row["ms"] for row in table["rows"]}


def test_from_sign_up_to_a_readable_title(server: RealServer, tmp_path: Path) -> None:
    email = "first@company.example"
    owner = Owner.sign_up(server.url, email, PASSWORD, "Lamplight Works", now=now)
    with httpx.Client() as http:
        enroll(tmp_path, owner.enrolment_code(), http, now)
        device = Device.open(tmp_path, http, now)
        assert device.sync.poll_once() == "waiting"
        begin = now() - 3_600_000
        device.feed(sample(begin, "Before anyone trusted it"))
        device.flush()
        assert device.sync.push_all() == 1
        (waiting,) = owner.waiting()
        owner.confirm([waiting])
        assert device.sync.poll_once() == "confirmed"
        assert device.mode == "encrypted"
        device.feed(sample(begin + 60_000, "Offer 4711 for Ridgeway Looms"))
        device.feed(sample(begin + 120_000, "Offer 4712", 2))
        device.flush()
        assert device.sync.push_all() == 1
        device.close()
    assert titles(owner) == {"Offer 4711 for Ridgeway Looms": 60_000, "Offer 4712": 120_000}
    owner.close()
    again = Owner.log_in(server.url, email, PASSWORD, now)
    assert again.roster.head == owner.roster.head
    assert titles(again)["Offer 4712"] == 120_000
    again.close()
    for path in server.data.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for canary in (b"Ridgeway", b"Offer 47", b"Otti", b"Lamplight"):
                assert canary not in data, path


def test_an_account_that_started_plain(server: RealServer, tmp_path: Path) -> None:
    owner = Owner.sign_up(server.url, "plain@company.example", PASSWORD, "Lamplight Works", mode="plain", now=now)
    with httpx.Client() as http:
        enroll(tmp_path, owner.enrolment_code(), http, now)
        device = Device.open(tmp_path, http, now)
        device.sync.poll_once()
        assert device.mode == "anonymous"
        owner.confirm(owner.waiting())
        device.sync.poll_once()
        assert device.mode == "plain"
        begin = now() - 3_600_000
        device.feed(sample(begin, "In the clear"))
        device.flush()
        device.sync.push_all()
        owner.enable_encryption()
        # Made before the agent heard of it: refused, then told again as tokens once the grant is here.
        device.feed(sample(begin + 60_000, "Too late for plain text"))
        device.flush()
        assert device.sync.poll_once() == "confirmed"
        assert device.mode == "encrypted"
        device.feed(sample(begin + 120_000, "Sealed at last"))
        device.flush()
        device.sync.push_all()
        device.close()
    assert titles(owner) == {
        "In the clear": 60_000,
        "Too late for plain text": 60_000,
        "Sealed at last": 60_000,
    }
    with pytest.raises(ReteamzError, match="input_invalid"):
        owner.enable_encryption()
    owner.close()


def test_a_wrong_password_is_as_an_unknown_address(server: RealServer) -> None:
    Owner.sign_up(server.url, "known@company.example", PASSWORD, "Lamplight Works", now=now).close()
    told = []
    for email in ("known@company.example", "unknown@company.example"):
        with pytest.raises(ReteamzError) as caught:
            Owner.log_in(server.url, email, "wrong password", now)
        told.append((caught.value.code, caught.value.message))
    assert told[0] == told[1]
    assert told[0][0] == "login_failed"
