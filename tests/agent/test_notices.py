"""Notices of a device: told once, when there is a grant, whatever happens between."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import zstandard
from tests.agent.conftest import enrol, log_rows, noticed, now
from tests.agent.sealed import signed_notices
from tests.agent.test_uploader import Line

from reteamz.agent.device import Device
from reteamz.agent.samples import Sample
from reteamz.owner.client import Owner
from reteamz.wire.errors import ReteamzError
from reteamz.wire.policy import PolicyView

CANARY = "Canary Person 2281"


@pytest.fixture(scope="module")
def owner(account: Callable[..., Owner]) -> Owner:
    return account("notices")


@pytest.fixture
def line() -> Iterator[Line]:
    found = Line()
    yield found
    found.close()


def opened(folder: Path, line: Line) -> Device:
    return Device.open(folder, httpx.Client(transport=line), now)


def sent(device: Device) -> None:
    device.flush()
    device.sync.push_all()


def refusing(code: str, times: int) -> Callable[[Line, httpx.Request], httpx.Response]:
    """Refuse so many batches, and let everything else through."""
    real, left = Line.handle_request, [times]

    def handle(line: Line, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/agent/batch" and left[0]:
            left[0] -= 1
            return httpx.Response(400, json={"code": code, "message": "no", "head": None})
        return real(line, request)

    return handle


def test_they_wait_for_the_grant_sealed_and_are_told_once(owner: Owner, line: Line, tmp_path: Path) -> None:
    folder = tmp_path / "agent"
    enrol(owner, folder)
    with closing(opened(folder, line)) as device:
        device.notice("records_lost", CANARY)
        device.feed(Sample(now() - 60_000, duration=1_000, person=CANARY, app="Writer"))
        sent(device)
        assert noticed(device) == [("records_lost", CANARY, 1)]
    assert not [path for path in folder.iterdir() if CANARY.encode() in path.read_bytes()]
    with closing(opened(folder, line)) as device:
        device.notice("records_lost", CANARY, 2)
        assert signed_notices(owner, device.trust.state.device) == []
        owner.confirm(owner.waiting())
        device.sync.poll_once()
        for _ in range(3):
            sent(device)
        assert noticed(device) == []
        assert signed_notices(owner, device.trust.state.device) == [("records_lost", CANARY, 3)]


def test_a_server_that_is_away_costs_none(owner: Owner, line: Line, tmp_path: Path) -> None:
    folder = tmp_path / "agent"
    enrol(owner, folder)
    with closing(opened(folder, line)) as device:
        owner.confirm(owner.waiting())
        device.sync.poll_once()
        device.notice("clock_jumped")
        line.cut = "before"
        device.flush()
        with pytest.raises(ReteamzError):
            device.sync.push_all()
    with closing(opened(folder, line)) as device:
        line.cut = ""
        device.sync.push_all()
        assert signed_notices(owner, device.trust.state.device) == [("clock_jumped", "", 1)]


@pytest.mark.parametrize(("code", "again"), [("epoch_refused", True), ("batch_malformed", False)])
def test_what_a_void_replaces(
    owner: Owner, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, again: bool
) -> None:
    folder = tmp_path / "agent"
    enrol(owner, folder)
    with closing(opened(folder, line)) as device:
        owner.confirm(owner.waiting())
        device.sync.poll_once()
        device.notice("consent_given", CANARY)
        device.feed(Sample(now() - 60_000, duration=1_000, person=CANARY, app="Writer", title=f"Letter {code}"))
        device.flush()
        assert device.waiting() == 2, "a server that takes no notices takes the time"
        device.sync.push_once()
        monkeypatch.setattr(line, "handle_request", refusing(code, 1).__get__(line))
        device.sync.push_all()
        assert noticed(device) == ([("consent_given", CANARY, 1)] if again else [])
        sent(device)
        told = [("consent_given", CANARY, 1)] if again else []
        assert signed_notices(owner, device.trust.state.device) == told
    assert [row["title"] for row in log_rows(owner)].count(f"Letter {code}") == 1


def test_those_of_a_plain_batch_come_as_tokens_once_there_is_a_grant(
    account: Callable[..., Owner], line: Line, tmp_path: Path
) -> None:
    owner = account("notices-plain", mode="plain")
    folder = tmp_path / "agent"
    enrol(owner, folder)
    with closing(opened(folder, line)) as device:
        owner.confirm(owner.waiting())
        device.sync.poll_once()
        assert device.mode == "plain"
        device.notice("consent_refused", CANARY)
        device.flush()
        owner.enable_encryption()
        device.sync.push_all()
        assert noticed(device) == [("consent_refused", CANARY, 1)]
        device.sync.poll_once()
        sent(device)
        owner.confirm(owner.waiting())
        device.sync.poll_once()
        sent(device)
        assert signed_notices(owner, device.trust.state.device)[-1] == ("consent_refused", CANARY, 1)


def test_a_full_disk_keeps_them_in_memory_until_there_is_room(
    owner: Owner, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "agent"
    enrol(owner, folder)
    with closing(opened(folder, line)) as device:
        pages = device._spool._connection.execute("PRAGMA page_count").fetchone()[0]
        device._spool._connection.execute(f"PRAGMA max_page_count = {pages}")
        for _ in range(40):
            device.notice("records_lost", os.urandom(1_500).hex())
        assert len(device._spool.noticed()) < len(noticed(device)) == 40
        device._spool._connection.execute("PRAGMA max_page_count = 1000000")
        device.keep()
    with closing(opened(folder, line)) as device:
        assert len(noticed(device)) == 40


def test_a_disk_that_is_full_when_the_grant_comes_lets_no_name_out(owner: Owner, line: Line, tmp_path: Path) -> None:
    folder = tmp_path / "agent"
    enrol(owner, folder)
    sent_bodies: list[bytes] = []
    real = line.handle_request

    def kept(request: httpx.Request) -> httpx.Response:
        sent_bodies.append(opened_frame(request))
        return real(request)

    with closing(opened(folder, line)) as device:
        owner.confirm(owner.waiting())
        # Where the new state would be written lies something that cannot be replaced.
        (folder / "state.json.new").mkdir()
        with pytest.raises(ReteamzError, match="folder_unusable"):
            device.sync.poll_once()
        line.handle_request = kept  # type: ignore[method-assign]  # the test listens on the line
        device.feed(Sample(now() - 60_000, duration=1_000, person=CANARY, app="Writer", title="Offer"))
        sent(device)
        assert [row["person"] for row in log_rows(owner) if row["title"] == "Offer"] == [CANARY]
        (folder / "state.json.new").rmdir()
        device.sync.poll_once()
    with closing(opened(folder, line)) as again:
        assert again.mode == "encrypted", "the grant is on disk with the next poll"
    assert sent_bodies
    assert not [body for body in sent_bodies if CANARY.encode() in body]


def opened_frame(request: httpx.Request) -> bytes:
    """Return the body of a request as it was before compression."""
    body = request.read()
    return (
        zstandard.ZstdDecompressor().decompressobj().decompress(body)
        if request.headers.get("content-encoding") == "zstd"
        else body
    )


def test_each_refused_policy_is_told_once(owner: Owner, line: Line, tmp_path: Path) -> None:
    folder = tmp_path / "agent"
    enrol(owner, folder)
    with closing(opened(folder, line)) as device:
        owner.confirm(owner.waiting())
        device.sync.poll_once()
        key = owner.bundle.settings.public()
        for number in range(6):
            device.sync._take_policy(PolicyView(number + 1, f"not.a.policy{number % 2}", key))
        sent(device)
    told = signed_notices(owner, device.trust.state.device)
    assert [(code, count) for code, _, count in told if code == "policy_refused"] == [("policy_refused", 2)]
