"""Writing the store anew without plain names: what a stop at any moment leaves, and that nothing else is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from tests.server.ingest.support import NOW_MS, SECRET, Device, token
from tests.server.store.support import stored
from tests.server.store.test_joining import totals, worked

from reteamz.server.history.searching import CHUNK, Search
from reteamz.server.store.activity import ActivityStore, RestatementRefused, StoreFailure, compacting
from reteamz.server.store.activity import history as writer
from reteamz.wire.batch import decode_body
from reteamz.wire.encoding import sha256
from reteamz.wire.prune import PruneMark, restated


class Stop(BaseException):
    """A kill −9 that a test can catch."""


def token_of(entry: str) -> str:
    field, _, word = entry.partition(":")
    return token(field, word)


def mark_of(store: ActivityStore, device: Device, seq: int) -> PruneMark:
    """Return the mark that the owner's end would sign for everything up to a number."""
    prev, signed = "", ""
    for entry in store.journal(device.account, device.id, 0, seq):
        signed = sha256(entry.body)
        prev = sha256(restated(decode_body(entry.body), prev, token_of))
    return PruneMark(device.id, seq, signed, prev)


class Filled:
    """A store with plain batches of one device, joined; batches with tokens of another; another account that is plain."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = ActivityStore.open(path, SECRET)
        self.before, self.after = Device(name="before"), Device(name="after")
        self.account = self.before.account
        self.other = Device("other", "theirs")
        for _ in range(3):
            self.store.write([stored(worked(self.before, [0, 1, 2], True))])
        self.store.write([stored(worked(self.after, [0, 3], False))])
        self.store.write([stored(worked(self.other, [0, 1], True))])
        left = self.store.readable(self.account, 0, 100)
        self.store.join(self.account, [(one.id, token_of(one.text)) for one in left], [], NOW_MS)
        self.sums = totals(self.store, self.account)

    def restate(self) -> None:
        self.store.restate(self.account, mark_of(self.store, self.before, 3))

    def reopen(self) -> None:
        """Start again after a kill: nothing was closed in order."""
        self.store.close()
        self.store = ActivityStore.open(self.path, SECRET)

    def whole(self) -> bool:
        """Tell whether reports, heads and the other account are as they were."""
        (theirs,) = self.store.journal(self.other.account, self.other.id, 0, 10)
        return (
            totals(self.store, self.account) == self.sums
            and self.store.head(self.before.id).sha256 == self.before.prev
            and self.store.head(self.after.id).sha256 == self.after.prev
            and b"app:writer" in theirs.body
            and len(self.store.journal(self.account, self.after.id, 0, 10)) == 1
        )


@pytest.fixture
def filled(tmp_path: Path) -> Any:
    made = Filled(tmp_path / "activity.duckdb")
    yield made
    made.store.close()


def test_plain_names_go_and_nothing_else(filled: Filled) -> None:
    filled.store.roll_up(0)
    with pytest.raises(RestatementRefused):
        filled.store.erase_names(filled.account)
    filled.restate()
    filled.restate()
    assert filled.store.progress(filled.account) == (3, 4)
    filled.store.erase_names(filled.account)
    assert filled.whole()
    assert filled.store.count_plain(filled.account) == 0
    assert filled.store.erased_entries(filled.account) == {"app:writer", "title:Offer 1", "app:mail"}
    assert filled.store.held_by_others(filled.account, {"app:writer", "app:mail"}) == {"app:writer"}
    filled.store.forget_old_file(filled.account)
    assert sorted(path.name for path in filled.path.parent.iterdir()) == ["activity.duckdb"]
    filled.reopen()
    assert filled.whole()
    filled.store.write([stored(worked(filled.after, [0], False))])
    filled.store.write([stored(worked(filled.before, [0], False))])
    assert totals(filled.store, filled.account)[token("app", "writer")] == filled.sums[token("app", "writer")] + 120_000


def test_a_name_in_the_clear_is_not_erased_before_it_has_a_token(filled: Filled) -> None:
    filled.restate()
    filled.store.write([stored(worked(filled.before, [3], True))])
    with pytest.raises(RestatementRefused):
        filled.store.erase_names(filled.account)
    assert filled.store.count_plain(filled.account) == 4


def stop(*_: Any) -> None:
    raise Stop


def stopped_in_place(path: Path, account: int) -> None:
    """Make the link, then stop before the new file takes the old one's place."""
    with patch.object(Path, "replace", stop):
        compacting.take_its_place(path, account)


def stopped_behind(path: Path, account: int) -> None:
    """Stop once the new file has taken the old one's place."""
    compacting.take_its_place(path, account)
    raise Stop


@pytest.mark.parametrize(
    ("where", "what", "done"),
    [
        ("write_new", stop, False),
        ("take_its_place", stop, False),
        ("take_its_place", stopped_in_place, False),
        ("take_its_place", stopped_behind, True),
    ],
)
def test_a_stop_at_any_moment(filled: Filled, where: str, what: Callable[..., None], done: bool) -> None:
    filled.restate()
    with patch.object(writer, where, what), pytest.raises(Stop):
        filled.store.erase_names(filled.account)
    filled.reopen()
    assert filled.whole()
    assert (filled.store.count_plain(filled.account) == 0) is done
    filled.store.erase_names(filled.account)
    assert filled.store.count_plain(filled.account) == 0
    assert len(filled.store.erased_entries(filled.account)) == 3, "what to look for is still known"
    assert filled.whole()


def test_a_full_disk_changes_nothing(filled: Filled) -> None:
    filled.restate()
    with (
        patch.object(writer.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10})),
        pytest.raises(StoreFailure),
    ):
        filled.store.erase_names(filled.account)
    assert filled.whole()
    assert sorted(path.name for path in filled.path.parent.iterdir() if "wal" not in path.name) == ["activity.duckdb"]


def test_readers_finish_before_the_file_is_replaced(filled: Filled) -> None:
    filled.restate()
    with filled.store.cursor() as cursor:
        erasing = threading.Thread(target=filled.store.erase_names, args=[filled.account])
        erasing.start()
        while (
            not compacting.old_file(filled.path, 1).exists()
            and erasing.is_alive()
            and not filled.store._gate._replacing
        ):
            pass
        with filled.store.cursor() as another:
            assert (
                another.execute("SELECT count(*) FROM event").fetchall()
                == cursor.execute("SELECT count(*) FROM event").fetchall()
            )
        assert not compacting.old_file(filled.path, 1).exists()
    erasing.join(60)
    assert compacting.old_file(filled.path, 1).exists()
    assert filled.whole()


def test_other_restatements_than_the_owner_signed_are_refused(filled: Filled) -> None:
    good = mark_of(filled.store, filled.before, 2)
    for wanted in (
        PruneMark(good.id, 2, good.sha256, sha256(b"x")),
        PruneMark(good.id, 2, sha256(b"x"), good.restated),
        PruneMark(good.id, 9, good.sha256, good.restated),
        PruneMark(filled.other.id, 1, good.sha256, good.restated),
        PruneMark("A" * 22, 2, good.sha256, good.restated),
    ):
        with pytest.raises(RestatementRefused):
            filled.store.check_mark(filled.account, wanted)
        with pytest.raises(RestatementRefused):
            filled.store.restate(filled.account, wanted)
    assert filled.store.progress(filled.account) == (0, 4)
    filled.store.check_mark(filled.account, good)
    filled.store.restate(filled.account, good)
    assert filled.store.progress(filled.account) == (2, 4)


@pytest.mark.parametrize("place", [0, CHUNK - 7, CHUNK, 3 * CHUNK - 1])
def test_the_search_finds_entries_wherever_they_are(tmp_path: Path, place: int) -> None:
    search = Search({"title:Größe", 'title:a "b"', "app:x"})
    file = tmp_path / "file"
    for found in ("title:Größe".encode(), b'title:a \\"b\\"', b"app:x"):
        file.write_bytes(b"\0" * place + found + b"\0" * 100)
        assert search.in_file(file)
    file.write_bytes(b"title:Gr\0" * 1000 + b"app:" + b"site:x")
    assert not search.in_file(file)
    assert not search.in_file(tmp_path / "none")


def test_a_file_that_cannot_take_its_place_is_not_taken_for_one_that_did(filled: Filled) -> None:
    filled.restate()
    with patch.object(Path, "replace", side_effect=OSError("no permission")), pytest.raises(StoreFailure):
        filled.store.erase_names(filled.account)
    assert filled.whole()
    assert not compacting.old_file(filled.path, filled.store.account_number(filled.account)).exists()
    filled.store.erase_names(filled.account)
    assert filled.store.count_plain(filled.account) == 0
    assert filled.whole()
