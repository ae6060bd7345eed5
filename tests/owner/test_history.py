"""Encrypting history, without pages: restatements verify, totals stay, and no plain name is left in any file of the server."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import zstandard
from tests.conftest import RealServer
from tests.waiting import wait_for

from reteamz.agent.device import Device
from reteamz.agent.enroll import enroll
from reteamz.agent.samples import Sample
from reteamz.crypto.batch import ChainVerifier
from reteamz.crypto.prune import TrustedPrune, sign_prune
from reteamz.owner import history
from reteamz.owner.client import Owner
from reteamz.owner.history import encrypt_history, fetch_prune
from reteamz.wire.accounts import DepartmentPost, DepartmentView, DeviceView, RatingPut
from reteamz.wire.batch import Batch, Head, Restart, RosterHead, Void
from reteamz.wire.encoding import b64decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.history import HistoryView, PrunePost

PASSWORD = "correct horse battery staple"
HOUR_MS = 3_600_000
CANARIES = ("Canary plain 4410", "canarywriter", "Otti Canary", "CANARY-PC", "Canary Department", "Canary Company")


def now() -> int:
    return time.time_ns() // 1_000_000


class Fleet:
    """A plain account with a computer that told names, for some days."""

    def __init__(self, server: RealServer, folder: Path, email: str, batches: int = 3) -> None:
        self.server = server
        self.owner = Owner.sign_up(server.url, email, PASSWORD, "Canary Company", mode="plain", now=now)
        self.http = httpx.Client()
        enroll(folder, self.owner.enrolment_code(), self.http, now)
        self.device = Device.open(folder, self.http, now)
        self.device.computer = "CANARY-PC"
        self.device.sync.poll_once()
        self.tell("Before it was confirmed")
        self.owner.confirm(self.owner.waiting())
        self.device.sync.poll_once()
        self.device.sync.poll_once()
        for number in range(batches):
            self.tell(f"Canary plain 4410 – {number}")

    def tell(self, title: str) -> None:
        at = now() - HOUR_MS
        self.device.feed(Sample(at, duration=60_000, person="Otti Canary", app="CanaryWriter.exe", title=title))
        self.device.flush()
        self.device.sync.push_all()

    def encrypt(self) -> None:
        """Enable encryption; the computer makes one more plain batch, which is refused, then goes on with tokens."""
        self.owner.enable_encryption()
        self.device.feed(
            Sample(now() - HOUR_MS // 2, duration=60_000, person="Otti Canary", title="Canary plain 4410 late")
        )
        self.device.flush()
        self.device.sync.push_all()
        self.device.sync.poll_once()
        self.tell("Canary plain 4410 – 0")

    def state(self) -> HistoryView:
        return self.owner.connection.get("/api/history", HistoryView)

    def close(self) -> None:
        self.device.close()
        self.http.close()
        self.owner.close()


@pytest.fixture
def fleet(server: RealServer, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    made = Fleet(server, tmp_path, f"{request.node.name.replace('_', '-')[:40]}@company.example")
    yield made
    made.close()


def verified(owner: Owner, prune: TrustedPrune) -> tuple[list[Batch | Void | Restart], int]:
    """Return every batch that verifies, and how many of them the owner's signature vouches for."""
    keys = {device.id: device.signing for device in owner.keys().devices}
    found: list[Batch | Void | Restart] = []
    count = 0
    for view in owner.connection.get("/api/devices", list[DeviceView]):
        entry = owner.roster.device(view.id)
        assert entry is not None
        chain = ChainVerifier(owner.account, entry, keys[view.id], None, prune.marks.get(view.id))
        entries = owner.connection.get(f"/api/journal/{view.id}", dict[str, Any])["entries"]
        found += [chain.add(one["seq"], b64decode(one["body"]), one["signature"]) for one in entries]
        chain.finish(Head(view.head.version, view.head.sha256))
        count += chain.restated
    return found, count


def titles(owner: Owner) -> dict[str, int]:
    table = owner.connection.get("/api/reports/titles", dict[str, Any], **{"from": "2020-01-01", "to": "2029-12-31"})
    reader = owner.reader()
    return {reader.decrypt(row["name"]): row["ms"] for row in table["rows"]}


def found_in(folder: Path, canary: str) -> list[str]:
    """Return the files that hold a canary: as it is, as UTF-16, or in what zstd packed."""
    needles = (canary.encode(), canary.encode("utf-16-le"))
    found = []
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if any(needle in data or needle in unpacked(data) for needle in needles):
            found.append(path.name)
    return found


def unpacked(data: bytes) -> bytes:
    """Return every zstd frame in some bytes, unpacked."""
    out = []
    place = data.find(b"\x28\xb5\x2f\xfd")
    while place >= 0:
        with suppress(zstandard.ZstdError):
            out.append(zstandard.ZstdDecompressor().decompressobj().decompress(data[place:]))
        place = data.find(b"\x28\xb5\x2f\xfd", place + 4)
    return b"\n".join(out)


def test_nothing_readable_is_left(fleet: Fleet) -> None:
    owner, server = fleet.owner, fleet.server
    owner.connection.post("/api/departments", DepartmentPost("label:Canary Department"), DepartmentView)
    writer = next(
        one["id"]
        for one in owner.connection.get("/api/dictionary", dict[str, Any])["entries"]
        if one["text"] == "app:canarywriter.exe"
    )
    owner.connection.send("PUT", f"/api/ratings/{writer}", RatingPut(2))
    fleet.encrypt()
    before, rated = titles(owner), owner.connection.get("/api/ratings", list[dict[str, Any]])
    assert before["Canary plain 4410 – 0"] == 120_000, "of both times"
    assert any(found_in(server.data, canary) for canary in CANARIES), "the search finds what is there"
    signed, _ = verified(owner, fetch_prune(owner))
    encrypt_history(owner, now())
    wait_for(lambda: fleet.state().state not in ("compacting", "cleaning", "searching"), what="erasure")
    told = fleet.state()
    assert (told.state, told.names, told.files) == ("done", 0, [])
    assert titles(owner) == before
    assert owner.connection.get("/api/ratings", list[dict[str, Any]]) == rated == [
        {"name": writer, "department": None, "rating": 2}
    ]  # fmt: skip
    restated, count = verified(owner, fetch_prune(owner))
    assert count == told.restated >= 4
    assert [getattr(one, "events", []) for one in restated] == [getattr(one, "events", []) for one in signed]
    fleet.tell("Canary plain 4410 – 0")
    assert titles(owner)["Canary plain 4410 – 0"] == 180_000, "computers go on where they were"
    server.stop()
    for canary in CANARIES:
        assert found_in(server.data, canary) == [], canary
        assert canary.encode() not in server.log.read_bytes()
    server.start()
    assert titles(owner)["Canary plain 4410 – 0"] == 180_000
    assert verified(owner, fetch_prune(owner))[1] == count


def test_it_goes_on_where_it_was(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet.encrypt()
    monkeypatch.setattr(history, "STEP", 2)
    posts = 0
    real = history._post

    def interrupted(*arguments: Any) -> TrustedPrune:
        nonlocal posts
        posts += 1
        if posts == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(history, "_post", interrupted)
    with pytest.raises(KeyboardInterrupt):
        encrypt_history(fleet.owner, now())
    half = fetch_prune(fleet.owner)
    assert [mark.seq for mark in half.marks.values()] == [2]
    assert verified(fleet.owner, half)[1] == 2, "half of it verifies as well"
    assert fleet.state().state == "readable"
    encrypt_history(fleet.owner, now())
    wait_for(lambda: fleet.state().state == "done", what="erasure")
    assert fetch_prune(fleet.owner).head.version >= 3
    verified(fleet.owner, fetch_prune(fleet.owner))


def test_a_verifier_takes_restatements_only_where_the_owner_signed(fleet: Fleet) -> None:
    owner = fleet.owner
    fleet.encrypt()
    encrypt_history(owner, now())
    prune = fetch_prune(owner)
    with pytest.raises(ReteamzError) as caught:
        verified(owner, TrustedPrune(RosterHead(0, ""), {}))
    assert caught.value.code == "batch_forged"
    with pytest.raises(ReteamzError) as caught:
        fetch_prune(owner, RosterHead(prune.head.version + 1, "A" * 43))
    assert caught.value.code == "prune_rollback"
    (mark,) = prune.marks.values()
    for changed in (
        msgspec.structs.replace(mark, restated="B" * 43),
        msgspec.structs.replace(mark, sha256="B" * 43),
        msgspec.structs.replace(mark, seq=mark.seq + 1),
        msgspec.structs.replace(mark, seq=mark.seq - 1),
    ):
        with pytest.raises(ReteamzError) as caught:
            verified(owner, TrustedPrune(prune.head, {mark.id: changed}))
        assert caught.value.code in ("batch_altered", "batch_forged")


def test_the_server_takes_no_prune_that_does_not_fit(fleet: Fleet) -> None:
    owner = fleet.owner
    fleet.encrypt()
    prune = fetch_prune(owner)
    (device,) = owner.roster.devices.devices
    mark = history.PruneMark(device.id, 2, "A" * 43, "A" * 43)

    def post(jws: str) -> str:
        with pytest.raises(ReteamzError) as caught:
            owner.connection.post("/api/history/prune", PrunePost(jws), RosterHead)
        return caught.value.code

    settings = owner.bundle.settings
    assert post(sign_prune(settings, owner.account, prune, now(), [mark])) == "prune_refused"
    assert post(sign_prune(owner.bundle.identity, owner.account, prune, now(), [mark])) == "signature_invalid"
    assert post(sign_prune(settings, "A" * 22, prune, now(), [mark])) == "prune_refused"
    later = TrustedPrune(RosterHead(4, "A" * 43), {})
    assert post(sign_prune(settings, owner.account, later, now(), [])) == "prune_conflict"
    assert fleet.state().restated == 0
    verified(owner, fetch_prune(owner))


def test_an_erasure_survives_kills(make_server: Callable[[], RealServer], tmp_path: Path) -> None:
    """The server is killed at moments of its erasure, from its first millisecond on; each start goes on."""
    server = make_server()
    fleet = Fleet(server, tmp_path, "killed@company.example")
    fleet.encrypt()
    before = titles(fleet.owner)
    for kill in range(4):
        encrypt_history(fleet.owner, now())
        states = [fleet.state().state for _ in range(3 * kill)]
        server.stop(signal.SIGKILL)
        server.start()
        if "done" in states:
            break
    wait_for(lambda: fleet.state().state == "done", what="erasure")
    assert fleet.state().names == 0
    assert titles(fleet.owner) == before
    verified(fleet.owner, fetch_prune(fleet.owner))
    fleet.close()
    server.stop()
    for canary in CANARIES:
        assert found_in(server.data, canary) == [], canary
    assert not [path for path in server.data.iterdir() if "before" in path.name or ".new" in path.name]


def test_a_file_that_the_server_does_not_know_is_found(make_server: Callable[[], RealServer], tmp_path: Path) -> None:
    # A server of its own: what another account has in the clear as well is not looked for.
    fleet = Fleet(make_server(), tmp_path, "dump@company.example")
    copy = fleet.server.data / "dump.sql"
    fleet.encrypt()
    copy.write_bytes(b"INSERT INTO department VALUES ('x', 'app:canarywriter.exe');")
    encrypt_history(fleet.owner, now())
    wait_for(lambda: fleet.state().state in ("found", "done"), what="search")
    assert (fleet.state().state, fleet.state().files) == ("found", ["dump.sql"])
    copy.unlink()
    fleet.owner.connection.send("POST", "/api/history/erase")
    wait_for(lambda: fleet.state().state == "done", what="another search")
    fleet.close()


def test_an_account_that_began_encrypted_is_asked_for_no_token(server: RealServer) -> None:
    asked: list[str] = []
    with httpx.Client(event_hooks={"request": [lambda request: asked.append(request.url.path)]}) as http:
        owner = Owner.sign_up(server.url, "born@company.example", PASSWORD, "Canary Company", now=now, http=http)
        with pytest.raises(ReteamzError) as refused:
            encrypt_history(owner, now())
        assert refused.value.code == "input_invalid"
        assert "/api/rosters" in asked
        assert not [path for path in asked if path.startswith("/api/history")]
