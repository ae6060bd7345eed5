"""The dictionary in memory: dense ids for names, per account, with a way back when a commit fails."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

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
    """Names of one account. Texts are found by themselves, ids by their place in a list; 0 is the empty name."""

    number: int
    hash: KeyedHash
    texts: list[str] = field(default_factory=lambda: [""])
    ids: dict[str, int] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)

    def load(self, id: int, token_id: int, text: str) -> None:
        """Take a name that is on disk; ids come in order, without holes."""
        if id != len(self.texts):
            raise ValueError(f"dictionary id {id} does not follow {len(self.texts) - 1}")
        self.texts.append(text)
        self.ids[text] = id
        self.taken.add(token_id)

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
