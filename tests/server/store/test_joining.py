"""Joining entries of one name, under any interleaving with batches: totals, journal, ids, and what a failed commit leaves."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from unittest.mock import patch

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.server.ingest.support import NOW_MS, SECRET, Device, Signed, token
from tests.server.store.support import stored

from reteamz.server.store.activity import ActivityStore, JoinRefused, StoreFailure
from reteamz.server.store.activity import history as writer
from reteamz.server.store.activity.joining import move_names
from reteamz.server.store.activity.memory import Change
from reteamz.server.store.activity.schema import NAME_COLUMNS, NAMED

WORDS = ("writer", "Offer 1", "mail", "Offer 2")
FIELDS = ("app", "title")


def entry(field: str, word: str, plain: bool) -> str:
    return f"{field}:{word}" if plain else token(field, word)


def meaning(text: str) -> str:
    """Return the plain entry of an entry."""
    return {token(field, word): f"{field}:{word}" for field in FIELDS for word in WORDS}.get(text, text)


def worked(device: Device, words: list[int], plain: bool) -> Signed:
    """Return a batch of one minute for each word: an application and, for every second one, a title."""
    used = sorted({(FIELDS[word % 2], WORDS[word]) for word in words})
    entries = [entry(field, word, plain) for field, word in used]
    events = []
    for place, word in enumerate(words):
        index = used.index((FIELDS[word % 2], WORDS[word]))
        app, title = (index, -1) if word % 2 == 0 else (-1, index)
        events.append((-1, 0, NOW_MS - 3_600_000 + place * 60_000, 60_000, 0, app, -1, title, -1, -1, 0, -1))
    mode = {"mode": "plain", "epoch": 0, "roster": None} if plain else {}
    return device.next(entries, events, **mode)


def totals(store: ActivityStore, account: str) -> Counter[str]:
    """Return milliseconds by the name that is shown."""
    sums: Counter[str] = Counter()
    with store.cursor() as cursor:
        for column in ("app", "title"):
            for number, ms in cursor.execute(f"SELECT {column}, sum(duration_ms) FROM event GROUP BY 1").fetchall():
                if number:
                    sums[store.name(account, number)] += int(ms)
    return sums


word_lists = st.lists(st.integers(0, 3), min_size=1, max_size=5)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("plain"), word_lists),
        st.tuples(st.just("tokens"), word_lists),
        st.tuples(st.just("join"), st.lists(st.integers(0, 3), max_size=4)),
        st.tuples(st.just("fails"), st.lists(st.integers(0, 3), min_size=1, max_size=4)),
        st.tuples(st.just("reopen"), st.just([0])),
    ),
    max_size=14,
)


def pairs(store: ActivityStore, account: str, words: list[int]) -> list[tuple[int, str]]:
    found = []
    for word in words:
        field = FIELDS[word % 2]
        number = store.id_of(account, f"{field}:{WORDS[word]}")
        if number:
            found.append((number, token(field, WORDS[word])))
    return found


def unjoined(store: ActivityStore, account: str, words: list[int]) -> list[tuple[int, str]]:
    left = {one.id for one in store.readable(account, 0, 100)}
    return [pair for pair in pairs(store, account, words) if pair[0] in left]


def full_disk(connection: duckdb.DuckDBPyConnection, change: Change) -> None:
    """Change every row that follows, then fail."""
    move_names(connection, change)
    raise duckdb.IOException("No space left on device")


@settings(max_examples=60, deadline=None)
@given(steps)
def test_any_order_of_batches_and_joins(script: list[tuple[str, list[int]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "activity.duckdb"
        store = ActivityStore.open(path, SECRET)
        devices = {True: Device(name="before"), False: Device(name="after")}
        account = devices[True].account
        sent: list[Signed] = []
        expected: Counter[str] = Counter()
        first: dict[str, int] = {}
        for what, words in script:
            if what in ("plain", "tokens"):
                signed = worked(devices[what == "plain"], words, what == "plain")
                store.write([stored(signed)])
                sent.append(signed)
                for word in words:
                    expected[f"{FIELDS[word % 2]}:{WORDS[word]}"] += 60_000
            elif what == "join":
                store.join(account, pairs(store, account, words), [], NOW_MS)
            elif what == "fails" and (wanted := unjoined(store, account, words)):
                before = totals(store, account), [one.text for one in store.entries(account)]
                with patch.object(writer, "move_names", full_disk), pytest.raises(StoreFailure):
                    store.join(account, wanted, [], NOW_MS)
                assert (totals(store, account), [one.text for one in store.entries(account)]) == before
            elif what == "reopen":
                store.close()
                store = ActivityStore.open(path, SECRET)
            for one in store.entries(account):
                first.setdefault(meaning(one.text), one.id)
        assert sum(totals(store, account).values()) == sum(expected.values())
        left = [(one.id, token(one.field, one.text.partition(":")[2])) for one in store.readable(account, 0, 100)]
        assert len(left) == store.count_readable(account)
        store.join(account, left, [], NOW_MS)
        assert store.count_readable(account) == 0
        shown = totals(store, account)
        assert {meaning(text): ms for text, ms in shown.items()} == dict(expected), "every name once, with all its time"
        names = [one.text for one in store.entries(account)]
        assert len(set(map(meaning, names))) == len(names)
        assert all(one.id <= first[meaning(one.text)] for one in store.entries(account)), "the first id stays"
        for signed in sent:
            (entry_of,) = store.journal(account, signed.device, signed.seq - 1, 1)
            assert entry_of.body == signed.body, "what was signed comes back to the byte"
        store.close()


def test_ratings_hold_the_first_id(tmp_path: Path) -> None:
    store = ActivityStore.open(tmp_path / "activity.duckdb", SECRET)
    before, after = Device(name="before"), Device(name="after")
    store.write([stored(worked(before, [0], True))])
    number = store.id_of(before.account, "app:writer")
    store.write([stored(worked(after, [0], False))])
    other = store.id_of(before.account, token("app", "writer"))
    assert other != number
    store.join(before.account, [(number, token("app", "writer"))], [], NOW_MS)
    assert [store.first(before.account, one) for one in (number, other)] == [number, number]
    assert store.name(before.account, other) == store.name(before.account, number) == token("app", "writer")
    assert [one.id for one in store.entries(before.account, ids=[other])] == [number]
    store.close()


def test_two_spellings_of_one_name_become_one(tmp_path: Path) -> None:
    """An agent that did not normalise its plain entries told two of them; there is one token."""
    store = ActivityStore.open(tmp_path / "activity.duckdb", SECRET)
    device = Device()
    batch = device.next(
        ["app:Writer", "app:writer"],
        [(-1, 0, NOW_MS - 60_000 * (2 - one), 60_000, 0, one, -1, -1, -1, -1, 0, -1) for one in (0, 1)],
        mode="plain", epoch=0, roster=None,
    )  # fmt: skip
    store.write([stored(batch)])
    wanted = token("app", "writer")
    store.join(device.account, [(1, wanted)], [], NOW_MS)
    store.join(device.account, [(2, wanted)], [], NOW_MS)
    assert totals(store, device.account) == {wanted: 120_000}
    store.close()
    store = ActivityStore.open(tmp_path / "activity.duckdb", SECRET)
    assert totals(store, device.account) == {wanted: 120_000}
    store.close()


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, token("title", "writer")), (1, "app:writer"), (9, token("app", "writer")), (0, token("app", "writer"))],
)
def test_pairs_that_do_not_fit_change_nothing(tmp_path: Path, number: int, text: str) -> None:
    store = ActivityStore.open(tmp_path / "activity.duckdb", SECRET)
    device = Device()
    store.write([stored(worked(device, [0, 1], True))])
    good = (2, token("title", "Offer 1"))
    with pytest.raises(JoinRefused):
        store.join(device.account, [good, (number, text)], [], NOW_MS)
    assert store.count_readable(device.account) == 2
    assert len(store.entries(device.account)) == 2
    store.join(device.account, [good], [], NOW_MS)
    assert store.count_readable(device.account) == 1
    store.close()


def test_every_column_of_names_follows(tmp_path: Path) -> None:
    """A table of the store that holds ids of names is in ``NAME_COLUMNS``, or a report would show the name twice."""
    store = ActivityStore.open(tmp_path / "activity.duckdb", SECRET)
    with store.cursor() as cursor:
        columns = cursor.execute("SELECT table_name, column_name, data_type FROM duckdb_columns()").fetchall()
    found = {(table, column) for table, column, kind in columns if kind == "INTEGER" and column in NAMED}
    assert found == {(table, column) for table, listed in NAME_COLUMNS.items() for column in listed}
    store.close()


def test_a_file_of_the_version_before_opens(tmp_path: Path) -> None:
    path = tmp_path / "activity.duckdb"
    store = ActivityStore.open(path, SECRET)
    device = Device()
    store.write([stored(worked(device, [0], True))])
    store.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP TABLE link")
    store = ActivityStore.open(path, SECRET)
    store.join(device.account, [(1, token("app", "writer"))], [], NOW_MS)
    assert totals(store, device.account) == {token("app", "writer"): 60_000}
    store.close()
