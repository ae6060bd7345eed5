"""Sealed content from the device to the owner: sealed at once, only what policy, consent and grant allow, delivered once, or its loss told."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from tests.agent.conftest import PASSWORD, enrol, noticed, now
from tests.agent.sealed import listed, opened
from tests.agent.test_uploader import Line
from tests.conftest import RealServer

from reteamz.agent.desktop.base import Look, Window
from reteamz.agent.device import Device
from reteamz.agent.policy import Policy
from reteamz.agent.recorder import Recorder
from reteamz.agent.records.gate import FRESH_MS, Gate
from reteamz.agent.records.record import TEXTS_BYTES, Record, Text
from reteamz.agent.samples import Sample
from reteamz.agent.spool.blobs import TRIES
from reteamz.agent.uploader import Uploader
from reteamz.crypto.keyring import EpochKeys
from reteamz.crypto.keys import make_rsa
from reteamz.owner.client import Owner
from reteamz.wire.batch import SealedKind

EVERYTHING = Policy(records=frozenset(get_args(SealedKind)))
HERE = Look(Window("Writer", "Letter"), 0, False)
SECRET = Window("firefox", "Bank — Mozilla Firefox Private Browsing")
CANARY = "a canary that only the owner may read"


class Desk:
    """A confirmed computer with sealed content turned on and agreed to."""

    def __init__(self, owner: Owner, folder: Path, policy: Policy = EVERYTHING, agreed: bool = True) -> None:
        self.owner = owner
        self.folder = folder
        self.policy = policy
        self.agreed = agreed
        self.line = Line()
        self.http = httpx.Client(transport=self.line)
        enrol(owner, folder)
        self.device = self.open()
        owner.confirm(owner.waiting())
        self.uploader = Uploader(self.device, now, 60.0, now, lambda: 0.5)
        self.id = self.device.trust.state.device

    def open(self) -> Device:
        return Device.open(
            self.folder, self.http, now, self.policy, consented=lambda person, _: self.agreed and person != "Nobody"
        )

    def restart(self) -> None:
        self.device.close()
        self.device = self.open()
        self.uploader = Uploader(self.device, now, 60.0, now, lambda: 0.5)

    def picture(self, note: str = "", at: int = 0) -> str | None:
        data = note.encode() + os.urandom(2_000)
        caption = {"app": "Writer", "title": note, "monitor": 0}
        return self.device.record(Record("screenshot", "image/webp", at or now(), "Otti Marsh", caption, data))

    def write(self, text: str, person: str = "Otti Marsh") -> bool:
        return self.device.record_text(person, "text", Text(now(), "Writer", "Letter", "", text))

    def upload(self) -> None:
        self.uploader.once()
        assert self.uploader.problem is None, self.uploader.problem

    def opened(self) -> list[Any]:
        return opened(self.owner, self.id)

    def close(self) -> None:
        self.device.close()
        self.http.close()


@pytest.fixture(scope="module")
def owner(account: Callable[..., Owner]) -> Owner:
    return account("records")


@pytest.fixture
def desk(owner: Owner, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(owner, tmp_path / "agent")
    made.upload()
    yield made
    made.close()


def test_what_was_recorded_is_opened_by_the_owner(desk: Desk) -> None:
    at = now()
    hashed = desk.picture(CANARY, at)
    assert desk.write("Dear Mr. Ridgeway,")
    assert desk.write("thank you for the looms.")
    desk.upload()
    desk.upload()
    picture, text = desk.opened()
    assert (picture.kind, picture.media, picture.at, picture.person) == ("screenshot", "image/webp", at, "Otti Marsh")
    assert picture.caption == {"app": "Writer", "title": CANARY, "monitor": 0}
    assert picture.sha256 == hashed
    assert picture.data.startswith(CANARY.encode())
    # One blob for all text of a batch.
    assert [record.text for record in text.texts()] == ["Dear Mr. Ridgeway,", "thank you for the looms."]
    assert text.texts()[0].app == "Writer"
    assert desk.device.records.waiting() == 0


def test_nothing_readable_lies_on_the_disk(desk: Desk) -> None:
    desk.picture(CANARY)
    desk.write(CANARY)
    for path in desk.folder.iterdir():
        assert CANARY.encode() not in path.read_bytes(), path
    desk.upload()
    for path in desk.folder.iterdir():
        assert CANARY.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("kind", get_args(SealedKind))
def test_nothing_is_kept_that_is_not_allowed(owner: Owner, tmp_path: Path, kind: SealedKind) -> None:
    def tries(desk: Desk) -> None:
        record = Record(kind, "image/webp", now(), "Otti Marsh", {}, b"x")
        assert desk.device.record(record) is None
        for text in ("text", "clipboard", "chat"):
            if text == kind:
                assert not desk.device.record_text("Otti Marsh", kind, Text(now(), "", "", "", "x"))  # type: ignore[arg-type]  # it is one
        assert desk.device.records.waiting() == 0

    desk = Desk(owner, tmp_path / "one")
    tries(desk)
    assert desk.device.mode == "anonymous", "before the agent holds a grant"
    desk.upload()
    desk.policy = Policy(records=frozenset(get_args(SealedKind)) - {kind})
    desk.restart()
    tries(desk)
    desk.policy, desk.agreed = EVERYTHING, False
    desk.restart()
    tries(desk)
    desk.agreed = True
    assert desk.device.record(Record(kind, "image/webp", now(), "Nobody", {}, b"x")) is None
    assert desk.device.record(Record(kind, "image/webp", now(), "Otti Marsh", {}, b"x")) is not None
    desk.close()


@pytest.mark.parametrize("kind", get_args(SealedKind))
def test_nothing_is_asked_of_a_source_that_is_not_allowed(owner: Owner, tmp_path: Path, kind: SealedKind) -> None:
    desk = Desk(owner, tmp_path / "agent")
    at = [now()]
    private = [0]

    def recorder() -> Recorder:
        session = desk.device.session(1000, "Otti Marsh")
        made = Recorder(desk.device, session, lambda: at[0], lambda: private[0])
        made.take(HERE)
        return made

    def taken(gate: Gate) -> bool:
        """Ask for the kind, and try to give one all the same."""
        given = gate.captured(kind, "image/webp", at[0], {}, b"x", ())
        if kind in ("text", "clipboard", "chat"):
            given = gate.written(kind, at[0], HERE.window or Window("", ""), "x") or given  # type: ignore[arg-type]  # it is one
        assert gate.wanted().has(kind) == bool(given)
        return bool(given)

    assert not taken(recorder().gate), "before the agent holds a grant"
    desk.upload()
    desk.policy = Policy(records=EVERYTHING.records - {kind})
    desk.restart()
    assert not taken(recorder().gate), "the policy does not have it"
    desk.policy, desk.agreed = EVERYTHING, False
    desk.restart()
    assert not taken(recorder().gate), "the person did not agree"
    desk.agreed = True
    seen = recorder()
    assert taken(seen.gate)
    for look in (Look(HERE.window, 0, True), Look(HERE.window, 600_000, False), Look(SECRET, 0, False)):
        seen.take(look)
        assert not seen.gate.wanted().has(kind), look
        if kind not in ("text", "clipboard", "chat"):
            assert not taken(seen.gate), look
    seen.take(HERE)
    private[0] = at[0] + 1_000
    assert not taken(seen.gate), "private time"
    private[0] = 0
    assert taken(seen.gate)
    at[0] += FRESH_MS + 1
    assert not taken(seen.gate), "nobody looked for a while"
    desk.close()


def test_a_new_epoch_seals_with_its_own_key(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert desk.write("under the first")
    fresh = make_rsa()
    key = desk.device.trust.sealing()
    assert key is not None
    monkeypatch.setattr(desk.device.trust, "sealing", lambda: (fresh.public(), 2))
    assert desk.write("under the second")
    desk.upload()
    desk.owner.bundle.keyring["2"] = EpochKeys(desk.owner.bundle.keyring["1"].master, fresh)  # type: ignore[index]  # for this test
    try:
        texts = [[text.text for text in record.texts()] for record in desk.opened()]
    finally:
        del desk.owner.bundle.keyring["2"]  # type: ignore[attr-defined]  # for this test
    assert sorted(texts) == [["under the first"], ["under the second"]]


def test_a_server_restored_from_an_older_backup_is_told_again(
    make_server: Callable[[], RealServer], tmp_path: Path
) -> None:
    server = make_server()
    owner = Owner.sign_up(server.url, "restored@company.example", PASSWORD, "Works", now=now)
    desk = Desk(owner, tmp_path / "agent")
    desk.upload()
    desk.picture("in the backup")
    desk.upload()
    server.stop()
    shutil.copytree(server.data, tmp_path / "backup")
    server.start()
    desk.picture("lost with the server")
    desk.upload()
    # Listed in a batch that the server has, not yet sent.
    desk.picture("still here")
    desk.device.flush()
    desk.device.sync.push_all()
    assert desk.device.records.waiting() == 1
    server.stop()
    shutil.rmtree(server.data)
    (tmp_path / "backup").rename(server.data)
    server.start()
    desk.device.feed(Sample(now() - 1_000, duration=500, person="Otti Marsh", app="Writer"))
    desk.upload()
    desk.upload()
    assert [record.caption["title"] for record in desk.opened()] == ["in the backup", "still here"]
    assert desk.device.records.waiting() == 0
    desk.close()
    owner.close()


def test_it_waits_while_the_server_is_away_and_over_a_restart(desk: Desk) -> None:
    desk.line.cut = "before"
    for number in range(3):
        desk.picture(f"Picture {number}")
        desk.write(f"Text {number}")
        desk.uploader.once()
    desk.restart()
    desk.line.cut = "after"
    desk.uploader.once()
    desk.line.cut = ""
    desk.upload()
    records = desk.opened()
    assert [record.data[:9] for record in records if record.kind == "screenshot"] == [
        b"Picture 0", b"Picture 1", b"Picture 2",
    ]  # fmt: skip
    assert [text.text for record in records if record.kind == "text" for text in record.texts()] == [
        "Text 0", "Text 1", "Text 2",
    ]  # fmt: skip
    assert desk.device.records.waiting() == 0


def test_text_begins_anew_when_it_grows_large(desk: Desk) -> None:
    piece = "ä" * 8_000
    for _ in range(TEXTS_BYTES // 16_000 + 2):
        desk.write(piece)
    desk.write("x" * 50_000)
    desk.upload()
    records = desk.opened()
    assert len(records) > 1
    texts = [text.text for record in records for text in record.texts()]
    assert texts[:-1] == [piece] * (TEXTS_BYTES // 16_000 + 2)
    assert texts[-1] == "x" * 16_384


def test_two_people_do_not_share_a_blob(desk: Desk) -> None:
    desk.write("mine")
    desk.write("yours", "Pim Heron")
    desk.upload()
    assert {(record.person, record.texts()[0].text) for record in desk.opened()} == {
        ("Otti Marsh", "mine"), ("Pim Heron", "yours"),
    }  # fmt: skip


def answers(desk: Desk, code: str, status: int) -> Callable[[httpx.Request], httpx.Response]:
    """Answer uploads of sealed content so, and let everything else through."""
    real = Line.handle_request

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            return httpx.Response(status, json={"code": code, "message": "no"})
        return real(desk.line, request)

    return handle


def test_what_the_server_never_takes_is_given_up_and_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.picture()
    monkeypatch.setattr(desk.line, "handle_request", answers(desk, "blob_refused", 400))
    desk.upload()
    assert desk.device.records.waiting() == 0
    assert noticed(desk.device) == [("records_lost", "Otti Marsh", 1)]


def test_what_the_server_does_not_know_waits_then_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.picture()
    monkeypatch.setattr(desk.line, "handle_request", answers(desk, "blob_unknown", 404))
    for _ in range(TRIES - 1):
        desk.upload()
    assert (desk.device.records.waiting(), noticed(desk.device)) == (1, [])
    monkeypatch.undo()
    desk.upload()
    assert len(desk.opened()) == 1
    desk.picture()
    monkeypatch.setattr(desk.line, "handle_request", answers(desk, "blob_unknown", 404))
    for _ in range(TRIES):
        desk.upload()
    assert desk.device.records.waiting() == 0
    assert noticed(desk.device) == [("records_lost", "Otti Marsh", 1)]


def test_a_proxy_without_room_costs_that_record_only(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Line.handle_request

    def small(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT" and int(request.headers["content-length"]) > 20_000:
            return httpx.Response(413, text="<html>413 Request Entity Too Large</html>")
        return real(desk.line, request)

    monkeypatch.setattr(desk.line, "handle_request", small)
    desk.device.record(Record("screenshot", "image/webp", now(), "Otti Marsh", {}, os.urandom(30_000)))
    desk.picture("small")
    desk.upload()
    assert [record.data[:5] for record in desk.opened()] == [b"small"]
    assert (desk.device.records.waiting(), noticed(desk.device)) == (0, [("records_lost", "Otti Marsh", 1)])


def test_a_busy_server_is_waited_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.picture()
    monkeypatch.setattr(desk.line, "handle_request", answers(desk, "busy", 503))
    for _ in range(3):
        assert desk.uploader.once() == 60.0, "events, policies and rules do not wait for it"
        assert desk.uploader.problem is not None
        assert desk.uploader.problem.code == "busy"
    monkeypatch.undo()
    desk.upload()
    assert len(desk.opened()) == 1


def test_a_removed_computer_stops(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.picture()
    monkeypatch.setattr(desk.line, "handle_request", answers(desk, "device_removed", 403))
    desk.uploader.once()
    assert desk.uploader.stopped is not None
    assert desk.device.trust.state.stopped == "device_removed"


def test_too_much_gives_up_the_oldest_and_tells(desk: Desk) -> None:
    desk.line.cut = "before"
    desk.device._spool.blobs._most = 20_000
    for number in range(6):
        desk.picture(f"Picture {number}")
    assert noticed(desk.device) == [("records_lost", "Otti Marsh", 2)]
    desk.line.cut = ""
    desk.upload()
    assert [record.data[:9] for record in desk.opened()] == [f"Picture {number}".encode() for number in range(2, 6)]


def test_a_record_larger_than_any_blob_is_told_as_lost(desk: Desk) -> None:
    large = bytes(16 * 1024 * 1024 + 1)
    assert desk.device.record(Record("sound", "audio/flac", now(), "Otti Marsh", {}, large)) is None
    assert noticed(desk.device) == [("records_lost", "Otti Marsh", 1)]


def test_a_long_queue_lets_batches_pass(desk: Desk) -> None:
    for _ in range(70):
        desk.picture()
    desk.device.feed(Sample(now() - 10_000, duration=5_000, person="Otti Marsh", app="Writer", title="Meanwhile"))
    assert desk.uploader.once() == 0.0
    assert desk.device.records.waiting() == 6
    assert desk.uploader.once() == 60.0
    assert desk.device.records.waiting() == 0
    assert len(listed(desk.owner, desk.id)) == 70
