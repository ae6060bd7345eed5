"""Bodies of batches out of events (spec 9.1-9.4, 9.7, 9.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal, Protocol

import msgspec

from reteamz.agent.samples import Event
from reteamz.agent.spool.blobs import Listing
from reteamz.agent.spool.notices import Noticed
from reteamz.agent.spool.spool import Make
from reteamz.wire import limits
from reteamz.wire.batch import Batch, Blob, Head, Lost, Notice, Refused, Restart, RosterHead, Void
from reteamz.wire.batch import Event as Row
from reteamz.wire.errors import ReteamzError
from reteamz.wire.tokens import Field

Mode = Literal["encrypted", "anonymous", "plain"]
Rate = Callable[[Event], int]

_BODY_BYTES: Final = limits.BATCH_BYTES - 64 * 1024
_ROW_BYTES: Final = 120
"""Most that a notice, or the numbers of one event, take in JSON."""
_BLOB_BYTES: Final = 180
"""Most that the listing of a blob takes in JSON."""
_NAMES: Final = 6
"""Names that one event can add at most."""
_LATEST_MS: Final = 2**53 - 1


class Names(Protocol):
    """Turns names into entries of a batch: tokens, or plain entries."""

    def entry(self, field: Field, text: str) -> str | None:
        """Return the entry, None for a text that has none (spec 4.1)."""
        ...


class Terms(msgspec.Struct, frozen=True):
    """What a batch says about itself besides its events."""

    mode: Mode
    epoch: int
    roster: RosterHead | None
    policy: int


ANONYMOUS: Final = Terms("anonymous", 0, None, 0)


class _Columns:
    """Tokens and rows of one batch while it is filled."""

    def __init__(self, names: Names, rate: Rate) -> None:
        self._names = names
        self._rate = rate
        self._indexes: dict[Field, dict[str, int]] = {
            "person": {},
            "app": {},
            "site": {},
            "title": {},
            "url": {},
            "doc": {},
        }
        self._entries: dict[str, int] = {}
        self.tokens: list[str] = []
        self.rows: list[Row] = []
        self.blobs: list[Blob] = []
        self.notices: list[Notice] = []
        self.bytes = 0

    def full(self) -> bool:
        return (
            len(self.rows) >= limits.BATCH_EVENTS
            or len(self.blobs) >= limits.BATCH_BLOBS
            or len(self.notices) >= limits.BATCH_NOTICES
            or len(self.tokens) > limits.BATCH_TOKENS - _NAMES
            or self.bytes > _BODY_BYTES
        )

    def _index(self, field: Field, text: str) -> int:
        if not text:
            return -1
        known = self._indexes[field]
        index = known.get(text)
        if index is None:
            index = self._new(field, text, known)
        return index

    def _new(self, field: Field, text: str, known: dict[str, int]) -> int:
        entry = self._names.entry(field, text)
        if entry is None:
            index = -1
        else:
            # Two spellings of one name have one entry (spec 4.1, 9.4).
            index = self._entries.setdefault(entry, len(self.tokens))
            if index == len(self.tokens):
                self.tokens.append(entry)
                # A control character takes six characters in JSON; tokens hold none.
                self.bytes += len(entry) + 3 if entry.startswith("rtz1.") else 6 * len(entry.encode("utf-8", "replace"))
        known[text] = index
        return index

    def add(self, event: Event) -> None:
        index = self._index
        self.rows.append(
            (
                index("person", event.person),
                event.kind,
                event.start,
                event.end - event.start,
                event.offset,
                index("app", event.app),
                index("site", event.site),
                index("title", event.title),
                index("url", event.url),
                index("doc", event.document),
                event.input,
                self._rate(event),
            )
        )
        self.bytes += _ROW_BYTES

    def list(self, blob: Listing) -> None:
        person = self._index("person", blob.person)
        self.blobs.append(Blob(blob.sha256, blob.bytes, blob.kind, blob.media, person, blob.at))
        self.bytes += _BLOB_BYTES

    def tell(self, notice: Noticed) -> None:
        self.notices.append(Notice(notice.at, notice.code, self._index("person", notice.person), notice.count))
        self.bytes += _ROW_BYTES


class BatchMaker:
    """Makes bodies for one device."""

    def __init__(self, account: str, device: str) -> None:
        self._account = account
        self._device = device

    def batches(
        self, terms: Terms, names: Names, rate: Rate, events: list[Event], blobs: Sequence[Listing] = ()
    ) -> Iterator[Make]:
        """Yield one maker for every batch that events and sealed content fill; ``rate`` gives an event's rating (spec 9.2).

        Sealed content is listed in mode encrypted only (spec 9.4).
        """
        events = [event for event in events if 0 <= event.start <= _LATEST_MS]
        if terms.mode == "anonymous":
            rows: list[Row] = [
                (-1, event.kind, event.start, event.end - event.start, 0, -1, -1, -1, -1, -1, 0, -1) for event in events
            ]
            for start in range(0, len(rows), limits.BATCH_EVENTS):
                columns = _Columns(names, rate)
                columns.rows = rows[start : start + limits.BATCH_EVENTS]
                yield self._make(ANONYMOUS, columns)
            return
        columns = _Columns(names, rate)
        for event in events:
            columns.add(event)
            if columns.full():
                yield self._make(terms, columns)
                columns = _Columns(names, rate)
        for blob in blobs if terms.mode == "encrypted" else ():
            columns.list(blob)
            if columns.full():
                yield self._make(terms, columns)
                columns = _Columns(names, rate)
        if columns.rows or columns.blobs:
            yield self._make(terms, columns)

    def notices(self, terms: Terms, names: Names, found: Iterable[Noticed]) -> Iterator[Make]:
        """Yield one maker for every batch that notices fill; not for mode anonymous, which has none (spec 17.3)."""
        columns = _Columns(names, lambda _: -1)
        for notice in found:
            columns.tell(notice)
            if columns.full():
                yield self._make(terms, columns)
                columns = _Columns(names, lambda _: -1)
        if columns.notices:
            yield self._make(terms, columns)

    def _make(self, terms: Terms, columns: _Columns) -> Make:
        if terms.mode == "encrypted" and not all(entry.startswith("rtz1.") for entry in columns.tokens):
            raise ReteamzError("internal", "A name was about to be told in plain text; nothing was sent.")

        def make(seq: int, prev: str) -> bytes:
            return msgspec.json.encode(
                Batch(
                    1,
                    self._account,
                    self._device,
                    seq,
                    prev,
                    terms.epoch,
                    terms.roster,
                    terms.policy,
                    terms.mode,
                    columns.tokens,
                    columns.rows,
                    columns.blobs,
                    columns.notices,
                )
            )

        return make

    def void(self, refused: Refused) -> Make:
        """Return the maker of a void (spec 9.7)."""

        def make(seq: int, prev: str) -> bytes:
            return msgspec.json.encode(Void(1, self._account, self._device, seq, prev, refused))

        return make

    def restart(self, lost: Head) -> Make:
        """Return the maker of a restart (spec 9.8)."""

        def make(seq: int, prev: str) -> bytes:
            return msgspec.json.encode(Restart(1, self._account, self._device, seq, prev, Lost(lost.seq, lost.sha256)))

        return make
