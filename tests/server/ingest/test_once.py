"""Exactly once: whatever is repeated, reordered or sent at the same time, every batch is stored once and in order."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.loops import in_a_loop
from tests.server.ingest.support import Device, Server, Signed, serving

from reteamz.server.store.activity import Stored

LENGTH = 4
sends = st.lists(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, LENGTH - 1)), min_size=1, max_size=6), min_size=1, max_size=8
)


@settings(max_examples=30, deadline=None)
@given(sends)
def test_any_interleaving_stores_every_batch_once(rounds: list[list[tuple[int, int]]]) -> None:
    """Rounds of requests at the same time; afterwards each device does what agents do: go on from the head."""

    @in_a_loop
    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with serving(Path(folder), wait_s=0.001) as server:
                devices = [server.enrol(Device(name=str(number))) for number in range(3)]
                chains = [[device.work() for _ in range(LENGTH)] for device in devices]
                for group in rounds:
                    answers = await asyncio.gather(*(server.send(chains[device][seq]) for device, seq in group))
                    for answer, (device, seq) in zip(answers, group, strict=True):
                        if answer.status_code == 200:
                            assert answer.json()["sha256"] == chains[device][seq].sha256
                        else:
                            assert answer.json()["code"] == "chain_gap"
                            assert answer.json()["head"]["seq"] < seq + 1
                for device, chain in zip(devices, chains, strict=True):
                    for signed in chain[server.store.head(device.id).seq :]:
                        assert (await server.send(signed)).status_code == 200
                    await stored_once(server, device, chain)
                assert server.count("alarm") == 0

    run()


async def stored_once(server: Server, device: Device, chain: list[Signed]) -> None:
    kept = server.store.journal(device.account, device.id, 0, 100)
    assert [entry.body for entry in kept] == [signed.body for signed in chain]
    number = server.store.device_numbers(device.account)[device.id]
    with server.store.cursor() as cursor:
        rows = cursor.execute(
            f"SELECT seq, count(*) FROM event WHERE device = {number} GROUP BY seq ORDER BY seq"
        ).fetchall()
    assert rows == [(signed.seq, 3) for signed in chain]


@in_a_loop
async def test_the_same_batch_at_the_same_time_is_one(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        device = server.enrol(Device())
        signed = device.work()
        answers = await asyncio.gather(*(server.send(signed) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert server.sizes() == {"batch": 1, "event": 3, "dictionary": 3, "blob": 0, "alarm": 0}


@in_a_loop
async def test_a_gap_is_told_with_the_head(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        device = server.enrol(Device())
        first, second, third = device.work(), device.work(), device.work()
        answer = await server.send(second)
        assert (answer.status_code, answer.json()["code"]) == (409, "chain_gap")
        assert answer.json()["head"] == {"seq": 0, "sha256": ""}
        await server.send(first)
        answer = await server.send(third)
        assert answer.json()["head"] == {"seq": 1, "sha256": first.sha256}


@in_a_loop
async def test_a_fork_is_refused_kept_out_and_told_to_the_owner(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        device = server.enrol(Device())
        first = device.sign(device.batch())
        forked = device.sign(device.batch(policy=1))
        assert (await server.send(first)).status_code == 200
        for attempt in (forked, forked, device.sign(device.batch(seq=2, prev=forked.sha256))):
            answer = await server.send(attempt)
            assert (answer.status_code, answer.json()["code"]) == (409, "chain_fork")
            assert answer.json()["head"] == {"seq": 1, "sha256": first.sha256}
        alarms = server.store.alarms(device.account)
        assert [(alarm.code, alarm.seq) for alarm in sorted(alarms, key=lambda one: one.seq)] == [
            ("chain_fork", 1),
            ("chain_fork", 2),
        ]
        assert server.count("batch") == 1


@in_a_loop
async def test_of_two_forks_at_the_same_time_one_is_stored(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        device = server.enrol(Device())
        rivals = [device.sign(device.batch(policy=number)) for number in range(8)]
        answers = await asyncio.gather(*(server.send(rival) for rival in rivals))
        assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
        assert server.count("batch") == 1


@in_a_loop
async def test_a_void_keeps_the_chain_whole(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        device = server.enrol(Device())
        bad = device.sign(device.batch(["person:Ann"]))
        assert (await server.send(bad)).status_code == 400
        void = {
            "v": 1, "mode": "void", "account": device.account, "device": device.id, "seq": 1, "prev": "",
            "refused": {"sha256": bad.sha256, "code": "token_malformed"},
        }  # fmt: skip
        assert (await server.send(device.follow(device.sign(void)))).status_code == 200
        assert (await server.send(device.work())).status_code == 200
        assert server.count("batch") == 2


@in_a_loop
async def test_a_restart_names_exactly_the_loss(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        device = server.enrol(Device())
        first = device.work()
        await server.send(first)
        for _ in range(3):
            device.work()
        restart = {
            "v": 1, "mode": "restart", "account": device.account, "device": device.id, "seq": 5, "prev": device.prev,
            "lost": {"after": 1, "sha256": "A" * 43},
        }  # fmt: skip
        answer = await server.send(device.sign(restart))
        assert (answer.status_code, answer.json()["code"]) == (409, "chain_gap"), "not the head that the server has"
        right = restart | {"lost": {"after": 1, "sha256": first.sha256}}
        assert (await server.send(device.follow(device.sign(right)))).status_code == 200
        assert (await server.send(device.work())).status_code == 200
        assert [entry.seq for entry in server.store.journal(device.account, device.id, 0, 10)] == [1, 5, 6]


@in_a_loop
async def test_who_goes_away_takes_nothing_from_the_others(tmp_path: Path) -> None:
    async with serving(tmp_path, wait_s=0.05) as server:
        device = server.enrol(Device())
        signed = device.work()
        going, staying = (asyncio.create_task(server.send(signed)) for _ in range(2))
        while not server.committer.waiting:
            await asyncio.sleep(0)
        going.cancel()
        assert (await staying).status_code == 200
        assert server.count("batch") == 1


@in_a_loop
async def test_more_than_it_can_take_is_refused_and_taken_later(tmp_path: Path) -> None:
    async with serving(tmp_path, queue_batches=3, wait_s=0.05) as server:
        devices = [server.enrol(Device(name=str(number))) for number in range(8)]
        batches = [device.work() for device in devices]
        answers = await asyncio.gather(*(server.send(signed) for signed in batches))
        busy = [answer for answer in answers if answer.status_code == 503]
        assert len(busy) == 5
        assert {(answer.json()["code"], answer.headers["retry-after"]) for answer in busy} == {("busy", "2")}
        for signed in batches:
            while (await server.send(signed)).status_code == 503:
                pass
        assert server.count("batch") == 8


@in_a_loop
async def test_a_stopping_server_commits_what_it_took_and_takes_no_more(tmp_path: Path) -> None:
    async with serving(tmp_path, wait_s=5.0) as server:
        device = server.enrol(Device())
        taken = asyncio.create_task(server.send(device.work()))
        while not server.committer.waiting:
            await asyncio.sleep(0)
        await server.committer.stop()
        assert (await taken).status_code == 200
        assert (await server.send(device.work())).status_code == 503
        assert server.count("batch") == 1


@pytest.mark.parametrize(("group_events", "groups"), [(1_000, [16]), (3, [1] * 16), (7, [2] * 8), (1, [1] * 16)])
@in_a_loop
async def test_waiting_requests_share_transactions_of_bounded_size(
    tmp_path: Path, group_events: int, groups: list[int]
) -> None:
    async with serving(tmp_path, wait_s=0.2, group_events=group_events) as server:
        devices = [server.enrol(Device(name=str(number))) for number in range(16)]
        written: list[int] = []
        write = server.store.write

        def counted(batches: Sequence[Stored]) -> None:
            written.append(len(batches))
            write(batches)

        with patch.object(server.store, "write", counted):
            answers = await asyncio.gather(*(server.send(device.work()) for device in devices))
        assert {answer.status_code for answer in answers} == {200}
        assert written == groups


def test_the_answer_has_no_more_than_it_says() -> None:
    @in_a_loop
    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with serving(Path(folder)) as server:
                device = server.enrol(Device())
                answer = await server.send(device.work())
                assert set(msgspec.json.decode(answer.content)) == {"seq", "sha256"}

    run()
