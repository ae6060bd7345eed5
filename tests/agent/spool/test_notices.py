"""Notices that wait: sealed, whole after a stop, bounded, and gone with the batch that tells them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.agent.spool.test_spool import CANARY, DEVICE, body, drained, open_spool

from reteamz.agent.batches import BatchMaker, Terms
from reteamz.agent.names import PlainNames, TokenNames
from reteamz.agent.spool.notices import NOTICES, Noticed, joined
from reteamz.agent.spool.spool import Make
from reteamz.wire.batch import Batch, NoticeCode, RosterHead, check_batch
from reteamz.wire.encoding import MAX_INTEGER
from reteamz.wire.errors import ReteamzError
from reteamz.wire.limits import BATCH_NOTICES

ENCRYPTED = Terms("encrypted", 1, RosterHead(1, "A" * 43), 7)
NAMES = TokenNames(bytes(32), 1)
MAKER = BatchMaker(DEVICE, DEVICE)
LOST = Noticed(1_000, "records_lost", CANARY, 1)

notices = st.builds(
    Noticed,
    st.integers(0, 2**50),
    st.sampled_from(get_args(NoticeCode)),
    st.sampled_from(["", *(f"Person {number}" for number in range(NOTICES))]),
    st.integers(1, 1_000),
)


def tell(found: Iterable[Noticed]) -> Iterator[Make]:
    return MAKER.notices(ENCRYPTED, NAMES, found)


def test_they_wait_over_a_stop_and_nothing_readable_lies_on_the_disk(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    spool.notice([LOST])
    assert CANARY.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    spool.close()
    spool = open_spool(tmp_path)
    assert spool.noticed() == [LOST]
    spool.append([body(1)], b"")
    assert spool.noticed() == [LOST], "without a grant they wait"


def test_they_leave_with_the_batch_that_tells_them(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    spool.notice([LOST])

    def fails(_: list[Noticed]) -> Iterator[Make]:
        raise ReteamzError("internal", "")

    with pytest.raises(ReteamzError):
        spool.append([body(1)], b"", None, fails)
    assert (spool.noticed(), spool.waiting()) == ([LOST], 0)
    for _ in range(2):
        spool.append([body(2)], b"", None, tell)
    assert spool.noticed() == []
    told = [message for message in drained(spool) if isinstance(message, Batch)]
    assert [len(batch.notices) for batch in told] == [0, 1, 0]
    assert (told[1].events, told[1].policy, told[1].tokens) == ([], 7, [NAMES.entry("person", CANARY)])


def test_what_a_refused_batch_told_waits_again(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    spool.notice([LOST])
    spool.append([], b"", None, tell)
    spool.notice([LOST])
    spool.replace_oldest(body(9), lambda _: [], lambda _: [LOST])
    assert spool.noticed() == [Noticed(1_000, "records_lost", CANARY, 2)]


def counted(some: Iterable[Noticed]) -> Counter[str]:
    found: Counter[str] = Counter()
    for notice in some:
        found[notice.code] += notice.count
    return found


@given(st.lists(notices, max_size=3 * NOTICES), st.integers(1, 50))
def test_however_many_there_are_few_wait_and_all_are_counted(found: list[Noticed], step: int) -> None:
    kept: list[Noticed] = []
    for start in range(0, len(found), step):
        kept = joined([*kept, *found[start : start + step]])
        assert len(kept) <= NOTICES
        assert len({(notice.code, notice.person) for notice in kept}) == len(kept)
    assert counted(kept) == counted(found)


def test_a_count_never_passes_what_numbers_can_say() -> None:
    whole = Noticed(0, "clock_jumped", "", MAX_INTEGER)
    assert joined([whole, whole]) == [whole]


@pytest.mark.parametrize("mode", ["encrypted", "plain"])
def test_every_batch_of_them_is_one_that_a_server_takes(tmp_path: Path, mode: str) -> None:
    found = [Noticed(number, "consent_given", "\x01" * 4_000 + str(number), 1) for number in range(NOTICES)]
    spool = open_spool(tmp_path)
    spool.notice(found)
    terms = ENCRYPTED if mode == "encrypted" else Terms("plain", 0, None, 7)
    names = NAMES if mode == "encrypted" else PlainNames()
    spool.append([], b"", None, lambda some: MAKER.notices(terms, names, some))
    told = drained(spool)
    for batch in told:
        assert isinstance(batch, Batch)
        assert len(batch.notices) <= BATCH_NOTICES
        check_batch(batch, 0)
    assert sum(len(batch.notices) for batch in told if isinstance(batch, Batch)) == NOTICES
