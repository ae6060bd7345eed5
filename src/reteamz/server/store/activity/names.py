"""The dictionary in memory: dense ids for names, per account, with a way back when a commit fails."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from reteamz.wire.tokens import split_token

KeyedHash = Callable[[str], int]
"""64-bit hash of an entry text (its field is part of the text), keyed so that nobody can craft a collision."""


def keyed_hash(secret: bytes, account: str) -> KeyedHash:
    """Return the 64-bit hash of entry texts of one account under the server's secret (BLAKE2b, RFC 7693)."""
    start = hashlib.blake2b(account.encode(), digest_size=8, key=secret, person=b"reteamz/1/names")

    def token_id(text: str) -> int:
        state = start.copy()
        state.update(text.encode("utf-8", "surrogatepass"))
        return int.from_bytes(state.digest(), "big")

    return token_id


@dataclass(slots=True, frozen=True)
class NewName:
    """A name that the store has not seen before."""

    id: int
    token_id: int
    text: str


@dataclass(slots=True)
class AccountNames:
    """Names of one account. Texts are found by themselves, ids by their place in a list; 0 is the empty name.

    Several entries may mean one name: the plain one of before and its token. Batches keep the entries that were signed; events,
    ratings and whatever else speaks of the name hold the first id that it got.

    Attributes:
        number: dense id of the account.
        hash: of its texts.
        texts: entries by id; "" for what was erased.
        ids, taken: ids by text, and the hashes that are given out.
        same: entry → first id of its name, for entries that are joined to an older one.
        shown: first id of a name → the entry that is shown for it, for names with several.
    """

    number: int
    hash: KeyedHash
    texts: list[str] = field(default_factory=lambda: [""])
    ids: dict[str, int] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    same: dict[int, int] = field(default_factory=dict)
    shown: dict[int, int] = field(default_factory=dict)

    def load(self, id: int, token_id: int, text: str) -> None:
        """Take a name that is on disk; ids come in order, without holes."""
        if id != len(self.texts):
            raise ValueError(f"dictionary id {id} does not follow {len(self.texts) - 1}")
        self.texts.append(text)
        if text:
            self.ids[text] = id
            self.taken.add(token_id)

    def first(self, id: int) -> int:
        """Return the id that stands for the name of an entry: the first that it got."""
        return self.same.get(id, id)

    def firsts(self, ids: list[int]) -> list[int]:
        """Return the ids that stand for the names of entries."""
        same = self.same
        return [same.get(number, number) for number in ids] if same else ids

    def text(self, id: int) -> str:
        """Return what is shown for an id, "" for 0 and for ids that the account does not have."""
        first = self.same.get(id, id)
        place = self.shown.get(first, first)
        return self.texts[place] if 0 <= place < len(self.texts) else ""

    def join(self, one: int, other: int) -> tuple[int, int] | None:
        """Let two entries mean one name, in whatever order such pairs come; return the id that stays and the one that goes.

        The lower id stays. Shown is the token of the newest epoch.
        """
        stays, goes = sorted((self.first(one), self.first(other)))
        if stays == goes:
            return None
        shown = max(
            (place for first in (stays, goes) for place in {first, self.shown.get(first, first)}),
            key=lambda place: (_epoch(self.texts[place]), -place),
        )
        if goes in self.shown:
            for entry in [entry for entry, first in self.same.items() if first == goes]:
                self.same[entry] = stays
            del self.shown[goes]
        self.same[goes] = stays
        self.shown[stays] = shown
        return stays, goes

    def add(self, text: str) -> NewName:
        """Give a text the next id. Two texts that meet in one hash get neighbouring numbers."""
        token_id = self.hash(text)
        while token_id in self.taken:
            token_id = (token_id + 1) % 2**64
        name = NewName(len(self.texts), token_id, text)
        self.load(name.id, token_id, text)
        return name

    def forget(self, name: NewName) -> None:
        """Take back the newest name, whose commit failed."""
        if name.id != len(self.texts) - 1:
            raise ValueError(f"dictionary id {name.id} is not the newest")
        self.texts.pop()
        del self.ids[name.text]
        self.taken.remove(name.token_id)


def _epoch(text: str) -> int:
    parts = split_token(text)
    return 0 if parts is None else parts[1]
