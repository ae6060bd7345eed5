"""Sealed content: only what a committed batch announced, and no look without an entry in the audit log."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from tests.server.company import Computer, Owner, Site, code_of
from tests.server.ingest.support import NOW_MS, identifier, token

from reteamz.server.accounts.access import Viewer
from reteamz.server.blobs.looking import look
from reteamz.wire.encoding import sha256
from reteamz.wire.errors import ReteamzError

BLOB = os.urandom(5_000)


def announce(site: Site, computer: Computer, blob: bytes = BLOB, size: int | None = None) -> None:
    """Send a batch that lists a blob of one person."""
    listed = {
        "sha256": sha256(blob), "bytes": len(blob) if size is None else size, "kind": "screenshot",
        "media": "image/webp", "person": 0, "at": NOW_MS,
    }  # fmt: skip
    signed = computer.next([token("person", computer.id)], blobs=[listed])
    assert site.post_batch(signed).status_code == 200


def stored(folder: Path) -> list[Path]:
    return [path for path in (folder / "data" / "blobs").rglob("*") if path.is_file()]


def test_a_listed_blob_is_stored_once_and_given_back(
    site: Site, owner: Owner, computer: Computer, tmp_path: Path
) -> None:
    announce(site, computer)
    assert computer.put_blob(site, BLOB).status_code == 201
    assert computer.put_blob(site, BLOB).status_code == 200
    assert [path.read_bytes() for path in stored(tmp_path)] == [BLOB]
    answer = site.client.get(f"/api/blobs/{sha256(BLOB)}")
    assert (answer.content, answer.headers["content-type"]) == (BLOB, "application/octet-stream")
    assert answer.headers["x-content-type-options"] == "nosniff"
    seen = site.told("/api/audit")["entries"][0]
    assert (seen["action"], seen["subject"]) == ("sealed_opened", sha256(BLOB))


def test_what_no_batch_announced_is_not_taken(site: Site, owner: Owner, computer: Computer, tmp_path: Path) -> None:
    assert code_of(computer.put_blob(site, BLOB)) == (404, "blob_unknown")
    other = Computer(owner, "other")
    other.enroll(site, owner.make_ticket(site, "other"))
    owner.confirm(site, other)
    announce(site, computer)
    assert code_of(other.put_blob(site, BLOB)) == (404, "blob_unknown"), "it is another device's"
    assert stored(tmp_path) == []


def test_a_blob_that_is_not_the_announced_one_is_not_stored(
    site: Site, owner: Owner, computer: Computer, tmp_path: Path
) -> None:
    announce(site, computer)
    digest = bytes.fromhex(__import__("hashlib").sha256(BLOB).hexdigest()).hex()

    def put(body: bytes, name: str = digest, signer: Computer | None = None) -> Any:
        headers = _headers(computer, signer)
        return site.client.put(f"/api/agent/blob/{name}", content=body, headers=headers)

    def _headers(device: Computer, signer: Computer | None) -> dict[str, str]:
        from reteamz.wire.encoding import joined
        from reteamz.wire.signing import BLOB as LABEL

        named = joined(device.account, device.id, sha256(BLOB))
        return (signer or device)._signed(LABEL, named) | {"Reteamz-Device": device.id}

    assert code_of(put(BLOB[:-1] + bytes([BLOB[-1] ^ 1]))) == (400, "blob_refused")
    assert code_of(put(BLOB[:-1])) == (400, "blob_refused")
    assert code_of(put(BLOB + b"x")) == (413, "blob_too_large")
    assert code_of(put(BLOB, signer=Computer(owner, "stranger"))) == (401, "signature_invalid")
    for name in (digest.upper(), digest[:-2], "..%2f" + digest, "zz" * 32):
        assert code_of(put(BLOB, name))[1] in ("input_invalid", "not_found")
    assert stored(tmp_path) == []
    assert code_of(site.client.get(f"/api/blobs/{sha256(BLOB)}")) == (404, "not_found"), "announced, not here yet"
    assert put(BLOB).status_code == 201


def test_a_removed_device_stores_nothing(site: Site, owner: Owner, computer: Computer, tmp_path: Path) -> None:
    announce(site, computer)
    owner.next(devices=[computer.entry(state="removed", last=computer.last())])
    assert owner.post(site).status_code == 201
    assert code_of(computer.put_blob(site, BLOB)) == (403, "device_removed")
    assert stored(tmp_path) == []


def test_another_account_sees_nothing_of_it(site: Site, owner: Owner, computer: Computer) -> None:
    announce(site, computer)
    computer.put_blob(site, BLOB)
    Owner("other").sign_up(site)
    for name in (sha256(BLOB), "short", "A" * 43, "..%2f..%2fcontrol.sqlite"):
        assert code_of(site.client.get(f"/api/blobs/{name}")) == (404, "not_found")
    assert "sealed_opened" not in [entry["action"] for entry in site.told("/api/audit")["entries"]]


def test_a_manager_needs_the_right_and_the_person(site: Site, owner: Owner, computer: Computer) -> None:
    announce(site, computer)
    computer.put_blob(site, BLOB)
    department = site.call("POST", "/api/departments", {"name": token("label", "Sales")}).json()["id"]
    person = site.told("/api/people")[0]["id"]
    parts = [
        site.client.app.dependencies[name].dependency()
        for name in ("control", "activity", "blobs", "persons_of", "looks")
    ]

    def looks(**what: Any) -> bytes:
        viewer = Viewer(owner.account, identifier("manager"), "manager", **what)
        with site.client.portal() as portal:
            return portal.call(lambda: asyncio.wait_for(look(viewer, sha256(BLOB), *parts, NOW_MS), 30))

    here, sealed = frozenset([department]), frozenset(["sealed"])
    with pytest.raises(ReteamzError) as refused:
        looks(departments=here)
    assert refused.value.code == "forbidden"
    with pytest.raises(ReteamzError) as hidden:
        looks(departments=here, rights=sealed)
    assert hidden.value.code == "not_found"
    site.call("PUT", f"/api/people/{person}", {"department": department})
    assert looks(departments=here, rights=sealed) == BLOB
    entry = site.told("/api/audit")["entries"][0]
    assert (entry["action"], entry["member"]) == ("sealed_opened", identifier("manager"))
