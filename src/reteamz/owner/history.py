"""Names from before encryption was enabled: every one is joined with its token (spec 13.1)."""

from __future__ import annotations

from collections.abc import Callable

from reteamz.crypto.tokens import TokenCipher
from reteamz.owner.http import Connection
from reteamz.wire.history import Joined, JoinPost, ReadableNames

Told = Callable[[int, int], None]
"""Told how much of the work is done, and how much there is."""


def join_names(connection: Connection, cipher: TokenCipher, told: Told = lambda _done, _of: None) -> int:
    """Join what has an entry in the clear only, and return how many there were. Whatever interrupts it, the next call goes on.

    Raises:
        ReteamzError: ``forbidden`` for everyone but the owner, ``server_unreachable``.
    """
    after = done = 0
    while True:
        found = connection.get("/api/history/names", ReadableNames, after=after)
        if not found.entries and not found.labels:
            return done
        told(done, done + found.left)
        names = [(entry.id, cipher.token_of(entry.text)) for entry in found.entries]
        labels = [(text, cipher.token_of(text)) for text in found.labels]
        connection.post("/api/history/names", JoinPost(names, labels), Joined)
        done += len(names) + len(labels)
        after = names[-1][0] if names else after
