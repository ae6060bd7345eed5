"""What is stored of a batch, and that a batch that is refused leaves nothing behind."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from tests.loops import in_a_loop
from tests.server.ingest.support import NOW_MS, Device, Server, Signed, identifier, serving, token

from reteamz.wire.encoding import b64encode
from reteamz.wire.limits import BATCH_BYTES

EVENT = (0, 0, NOW_MS - 10_000, 1_000, 60, 1, -1, -1, -1, -1, 5, -1)
TOKENS = (token("person", "p"), token("app", "writer"))
NOTHING = {"batch": 0, "event": 0, "dictionary": 0, "blob": 0, "alarm": 0}


@in_a_loop
async def test_a_batch_is_on_disk_when_it_is_acknowledged(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        device = server.enrol(Device())
        first, second = device.work(), device.work()
        answer = await server.send(first)
        assert answer.json() == {"seq": 1, "sha256": first.sha256}
        assert (await server.send(second)).status_code == 200
        assert server.sizes() == {"batch": 2, "event": 6, "dictionary": 4, "blob": 0, "alarm": 0}
        before = server.sizes()
    async with serving(tmp_path) as server:
        assert server.sizes() == before
        head = server.store.head(device.id)
        assert (head.seq, head.sha256) == (2, second.sha256)
        kept = server.store.journal(device.account, device.id, 0, 10)
        assert [(entry.body, b64encode(entry.signature)) for entry in kept] == [
            (signed.body, signed.signature) for signed in (first, second)
        ]


@in_a_loop
async def test_events_are_columns_with_ids_of_the_dictionary(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        device = server.enrol(Device())
        event = (0, 3, NOW_MS - 10_000, 1_000, -120, 1, -1, -1, -1, -1, 7, 2)
        await server.send(device.next(TOKENS, [event]))
        with server.store.cursor() as cursor:
            row = cursor.execute(
                "SELECT person, kind, start_ms, duration_ms, utc_offset, app, site, input, rating, seq, day FROM event"
            ).fetchone()
        assert row is not None
        assert row[:10] == (1, 1, NOW_MS - 10_000, 1_000, -120, 2, 0, 7, 2, 1), "meetings are kind 1 of the store"
        assert str(row[10]) == "2025-10-09", "the local day, two hours behind"
        assert server.store.name(device.account, 2) == TOKENS[1]
        assert server.store.id_of(device.account, TOKENS[1]) == 2


@in_a_loop
async def test_bodies_travel_compressed(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        device = server.enrol(Device())
        for encoding, squeeze in (("gzip", gzip.compress), ("zstd", zstandard.compress), ("identity", bytes)):
            signed = device.work()
            answer = await server.send(signed, squeeze(signed.body), content_encoding=encoding)
            assert answer.status_code == 200, answer.text
        assert server.count("batch") == 3


@in_a_loop
async def test_a_body_that_is_not_what_its_encoding_says(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        device = server.enrol(Device())
        signed = device.sign(device.batch(TOKENS, [EVENT]))
        whole = gzip.compress(signed.body)
        framed = zstandard.compress(signed.body)
        bomb = gzip.compress(bytes(64 * 1024 * 1024))
        zbomb = zstandard.compress(bytes(64 * 1024 * 1024))
        for encoding, content, status in (
            ("gzip", signed.body, 400),
            ("gzip", whole[:-3], 400),
            ("gzip", whole + b"more", 400),
            ("zstd", signed.body, 400),
            ("zstd", framed[:-3], 400),
            ("br", signed.body, 400),
            ("gzip, gzip", whole, 400),
            ("gzip", bomb, 413),
            ("zstd", zbomb, 413),
            ("identity", bytes(BATCH_BYTES + 1), 413),
        ):
            answer = await server.send(signed, content, content_encoding=encoding)
            assert answer.status_code == status, (encoding, answer.text)
            assert answer.json()["code"] == ("batch_too_large" if status == 413 else "batch_malformed")
        assert server.sizes() == NOTHING
        assert (await server.send(signed)).status_code == 200


def changed(**changes: Any) -> Callable[[Device], Signed]:
    return lambda device: device.sign(device.batch(TOKENS, [EVENT]) | changes)


def with_event(**places: int) -> Callable[[Device], Signed]:
    event = list(EVENT)
    for place, value in places.items():
        event[int(place[1:])] = value
    return changed(events=[event])


def raw(body: bytes) -> Callable[[Device], Signed]:
    return lambda device: device.sign(body)


REFUSED: dict[str, tuple[Callable[[Device], Signed], int, str]] = {
    "not JSON": (raw(b"hello"), 400, "batch_malformed"),
    "nothing": (raw(b""), 400, "batch_malformed"),
    "too deep": (raw(b"[" * 200_000), 400, "batch_malformed"),
    "not UTF-8": (raw(b'{"mode":"\xff"}'), 400, "batch_malformed"),
    "unknown member": (changed(extra=1), 400, "batch_malformed"),
    "another version": (changed(v=2), 400, "batch_malformed"),
    "unknown mode": (changed(mode="clear"), 400, "batch_malformed"),
    "number 0": (changed(seq=0), 400, "batch_malformed"),
    "another account": (changed(account=identifier("other")), 400, "batch_malformed"),
    "another device": (changed(device=identifier("other")), 400, "batch_malformed"),
    "no epoch": (changed(epoch=0), 400, "batch_malformed"),
    "later epoch": (
        lambda d: d.sign(d.batch([token("person", "p", 2), token("app", "w", 2)], [EVENT], epoch=2)), 403, "epoch_refused",
    ),
    "no roster": (changed(roster=None), 400, "batch_malformed"),
    "readable names": (changed(tokens=["person:Ann", "app:Writer"]), 400, "token_malformed"),
    "plain": (changed(mode="plain", epoch=0, roster=None, tokens=["person:Ann", "app:Writer"]), 403, "plain_refused"),
    "a damaged token": (changed(tokens=[TOKENS[0], TOKENS[1][:-1] + "!"]), 400, "token_malformed"),
    "a short token": (changed(tokens=[TOKENS[0], TOKENS[1][:30]]), 400, "token_malformed"),
    "a token of an unknown field": (changed(tokens=[TOKENS[0], "rtz1.name.1." + "A" * 43]), 400, "token_malformed"),
    "a token of another epoch": (changed(tokens=[TOKENS[0], token("app", "w", 7)]), 400, "token_malformed"),
    "one token twice": (changed(tokens=[TOKENS[0], TOKENS[0]]), 400, "batch_malformed"),
    "an index beyond": (with_event(p5=2), 400, "batch_malformed"),
    "an index of another field": (with_event(p0=1), 400, "batch_malformed"),
    "an index below": (with_event(p5=-2), 400, "batch_malformed"),
    "an unknown kind": (with_event(p1=5), 400, "batch_malformed"),
    "a negative duration": (with_event(p3=-1), 400, "batch_malformed"),
    "a week and more": (with_event(p3=7 * 24 * 3_600_000 + 1), 400, "batch_malformed"),
    "another planet": (with_event(p4=1_081), 400, "batch_malformed"),
    "the future": (with_event(p2=NOW_MS + 24 * 3_600_000), 400, "clock_ahead"),
    "a fraction": (changed(events=[[*EVENT[:2], 1.5, *EVENT[3:]]]), 400, "batch_malformed"),
    "too short an event": (changed(events=[EVENT[:-1]]), 400, "batch_malformed"),
    "too many events": (changed(events=[EVENT] * 2_001), 413, "batch_too_large"),
    "too many tokens": (changed(tokens=[token("app", str(n)) for n in range(4_001)]), 413, "batch_too_large"),
    "anonymous with names": (changed(mode="anonymous", epoch=0, roster=None), 400, "batch_malformed"),
    "anonymous with an offset": (
        changed(mode="anonymous", epoch=0, roster=None, tokens=[], events=[[-1, 0, NOW_MS - 9, 1, 60, -1, -1, -1, -1, -1, 0, -1]]),
        400, "batch_malformed",
    ),
    "a blob of nobody": (
        changed(blobs=[{"sha256": "A" * 43, "bytes": 1, "kind": "camera", "media": "image/webp", "person": 1, "at": 1}]),
        400, "batch_malformed",
    ),
    "an empty blob": (
        changed(blobs=[{"sha256": "A" * 43, "bytes": 0, "kind": "camera", "media": "image/webp", "person": 0, "at": 1}]),
        400, "batch_malformed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
@in_a_loop
async def test_a_refused_batch_leaves_nothing(tmp_path: Path, case: str) -> None:
    make, status, code = REFUSED[case]
    async with serving(tmp_path) as server:
        device = server.enrol(Device())
        answer = await server.send(make(device))
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert server.sizes() == NOTHING
        assert (await server.send(device.work())).status_code == 200, "the device goes on"


@in_a_loop
async def test_a_batch_that_its_device_did_not_sign(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        mine, other = server.enrol(Device()), server.enrol(Device(name="other"))
        signed = mine.sign(mine.batch(TOKENS, [EVENT]))
        forged = other.sign(mine.batch(TOKENS, [EVENT]))
        altered = bytes([signed.body[0], signed.body[1] ^ 1]) + signed.body[2:]
        for attempt, content in (
            (Signed(mine.id, 1, forged.body, forged.signature), None),
            (Signed(mine.id, 1, signed.body, ""), None),
            (Signed(mine.id, 1, signed.body, "!" * 86), None),
            (Signed(mine.id, 1, signed.body, signed.signature[:-1]), None),
            (signed, altered),
        ):
            answer = await server.send(attempt, content)
            assert (answer.status_code, answer.json()["code"]) == (401, "signature_invalid")
        assert server.sizes() == NOTHING


@in_a_loop
async def test_only_enrolled_devices_send_and_only_confirmed_ones_send_names(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        device = Device()
        assert await refusal(server, device.sign(device.batch())) == (403, "device_unknown")
        server.enrol(device, state="waiting")
        assert await refusal(server, device.sign(device.batch(TOKENS, [EVENT]))) == (403, "epoch_refused")
        assert server.sizes() == NOTHING
        anonymous = {"mode": "anonymous", "epoch": 0, "roster": None}
        bare = [-1, 1, NOW_MS - 10_000, 1_000, 0, -1, -1, -1, -1, -1, 0, -1]
        assert (await server.send(device.next([], [bare], **anonymous))).status_code == 200
        server.change(device, state="confirmed")
        assert (await server.send(device.next([], [bare], **anonymous))).status_code == 200, "from the spool"
        assert (await server.send(device.work())).status_code == 200
        server.change(device, state="removed")
        assert await refusal(server, device.sign(device.batch())) == (403, "device_removed")


@in_a_loop
async def test_a_plain_account_takes_readable_names(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        device = server.enrol(Device(), mode="plain", epoch=0)
        plain = {"mode": "plain", "epoch": 0, "roster": None}
        names = ["person:Ann", "app:Writer"]
        assert (await server.send(device.next(names, [EVENT], **plain))).status_code == 200
        assert server.store.name(device.account, 2) == "app:Writer"
        assert await refusal(server, device.sign(device.batch(TOKENS, [EVENT]))) == (403, "epoch_refused")
        for bad in (["person:Ann", "Writer"], ["person:Ann", "thing:Writer"], ["person:Ann", TOKENS[1]]):
            assert await refusal(server, device.sign(device.batch(bad, [EVENT], **plain))) == (400, "token_malformed")
        server.change(device, state="waiting")
        assert await refusal(server, device.sign(device.batch(names, [EVENT], **plain))) == (403, "plain_refused")
        server.change(device, state="confirmed", mode="encrypted", epoch=1)
        assert await refusal(server, device.sign(device.batch(names, [EVENT], **plain))) == (403, "plain_refused")


@in_a_loop
async def test_tokens_of_two_accounts_never_meet(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        one, two = server.enrol(Device("one")), server.enrol(Device("two"))
        for device in (one, two):
            assert (await server.send(device.next(TOKENS, [EVENT]))).status_code == 200
        assert server.count("dictionary") == 4
        assert [entry.id for entry in server.store.entries(one.account)] == [1, 2]
        assert server.store.journal(one.account, two.id, 0, 10) == []


async def refusal(server: Server, signed: Signed) -> tuple[int, str]:
    answer = await server.send(signed)
    return answer.status_code, msgspec.json.decode(answer.content)["code"]
