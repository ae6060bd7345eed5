"""Group commit: many requests, one thread that writes, one transaction for all that wait (server page, "Ingestion")."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from reteamz.server.ingest.chain import Place, place
from reteamz.server.store.activity import ActivityStore, Alarm, Stored, StoreFailure
from reteamz.wire.batch import Batch, Head, Restart, Void
from reteamz.wire.encoding import b64encode
from reteamz.wire.errors import Code, ReteamzError

T = TypeVar("T")

WAIT_S: Final = 0.005
"""How long the first batch of a group waits for company, in seconds."""
QUEUE_BATCHES: Final = 2_048
QUEUE_BYTES: Final = 64 * 1024 * 1024
"""Most that may wait to be committed; more is refused with ``busy``."""
GROUP_EVENTS: Final = 50_000
"""Most events in one transaction."""


class ChainError(ReteamzError):
    """A batch that does not follow; ``head`` is what the server has (spec 11.3)."""

    def __init__(self, code: Code, message: str, head: Head) -> None:
        super().__init__(code, message)
        self.head = head


@dataclass(slots=True, eq=False)
class _Item:
    batch: Stored
    head: Head
    future: asyncio.Future[StoreFailure | None]


@dataclass(slots=True, eq=False)
class _Work:
    """Something else that changes the store, between two groups."""

    work: Callable[[], Any]
    future: asyncio.Future[Any]


@dataclass(slots=True)
class _Line:
    """What waits, and where each device's chain will stand once it is committed. Guarded by the committer's lock."""

    items: list[_Item] = field(default_factory=list)
    bytes: int = 0
    since: float = 0.0


class Committer:
    """Takes checked batches on the event loop and has them committed in groups by one thread.

    Args:
        store: where to. Nobody else may call what writes; other changes go through ``perform``.
        wait_s: how long a group's first batch waits for others, in seconds.
        queue_batches, queue_bytes: what may wait at most.
        group_events: most events in one transaction; a single batch may have more.
        committed: told of every group that is on disk, after its senders were answered.
        monotonic: clock for the wait, in seconds.
    """

    def __init__(
        self,
        store: ActivityStore,
        *,
        wait_s: float = WAIT_S,
        queue_batches: int = QUEUE_BATCHES,
        queue_bytes: int = QUEUE_BYTES,
        group_events: int = GROUP_EVENTS,
        committed: Callable[[Sequence[Stored]], None] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._wait_s = wait_s
        self._queue_batches = queue_batches
        self._queue_bytes = queue_bytes
        self._group_events = group_events
        self._committed = committed
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._arrived = threading.Event()
        self._stopping = threading.Event()
        self._line = _Line()
        self._works: list[_Work] = []
        # Batches on their way, waiting or being committed: by device and number, and the newest of each device.
        self._on_way: dict[tuple[str, int], _Item] = {}
        self._tails: dict[str, _Item] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; to be called on the event loop that will submit."""
        self._loop = asyncio.get_running_loop()
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Commit what waits, refuse what comes, and end the thread."""
        with self._lock:
            self._stopping.set()
            self._arrived.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    def head(self, device: str) -> Head:
        """Return number and hash of the last committed batch of a device; 0 and "" for none."""
        return self._store.head(device)

    @property
    def waiting(self) -> int:
        """Number of batches that wait for the next commit."""
        return len(self._line.items)

    async def submit(self, message: Batch | Void | Restart, batch: Stored) -> Head:
        """Have a batch committed, once, and return when it is on disk.

        Args:
            message: decoded and checked (``seq``, ``prev`` and a restart's ``lost`` are read).
            batch: what to store.

        Returns:
            Number and hash of the batch, also when it had been stored before.

        Raises:
            ReteamzError: ``busy``, ``disk_full``; ``ChainError`` with ``chain_gap`` or ``chain_fork``.
        """
        own = Head(batch.seq, b64encode(batch.sha256))
        with self._lock:
            tail = self._tails.get(batch.device)
            committed = self._store.head(batch.device)
            where = place(committed if tail is None else tail.head, message)
            item = None
            if where is Place.NEXT:
                item = self._enqueue(batch, own)
            elif where is Place.EARLIER:
                item = self._on_way.get((batch.device, batch.seq))
        if item is not None and item.head == own:
            # Shielded: one caller that goes away must not take the batch from the others.
            failure = await asyncio.shield(item.future)
            if failure is not None:
                raise refusal(failure)
            return await self._stored(message, batch, own)
        if where is Place.GAP:
            raise ChainError("chain_gap", "Batches before this one are missing; send them from the head on.", committed)
        if item is None and where is Place.EARLIER:
            if own == committed:
                return await self._stored(message, batch, own)
            try:
                stored = await asyncio.to_thread(self._store.batch_hash, batch.device, batch.seq)
            except StoreFailure as failure:
                raise refusal(failure) from failure
            if stored == own.sha256:
                return own
        await self._alarm("chain_fork", batch, own)
        raise ChainError("chain_fork", "Another batch of this number is stored; enrol this device again.", committed)

    async def perform(self, work: Callable[[], T]) -> T:
        """Run something that changes the store in the thread that writes, between two commits; batches wait meanwhile.

        Args:
            work: blocks as long as it needs; what it raises is raised here.

        Raises:
            ReteamzError: ``busy``, ``disk_full``.
        """
        with self._lock:
            if self._loop is None or self._stopping.is_set():
                raise ReteamzError("busy", "The server is stopping; try again in a moment.")
            item = _Work(work, self._loop.create_future())
            self._works.append(item)
            self._arrived.set()
        try:
            # Shielded: the work is done, or not, whether or not its caller stays.
            result: T = await asyncio.shield(item.future)
        except StoreFailure as failure:
            raise refusal(failure) from failure
        return result

    def _enqueue(self, batch: Stored, own: Head) -> _Item:
        if self._loop is None or self._stopping.is_set():
            raise ReteamzError("busy", "The server is stopping; try again in a moment.")
        line = self._line
        if len(line.items) >= self._queue_batches or line.bytes + len(batch.body) > self._queue_bytes:
            raise ReteamzError("busy", "The server has more to store than it can take; try again in a moment.")
        item = _Item(batch, own, self._loop.create_future())
        if not line.items:
            line.since = self._monotonic()
            self._arrived.set()
        line.items.append(item)
        line.bytes += len(batch.body)
        self._on_way[batch.device, batch.seq] = item
        self._tails[batch.device] = item
        return item

    async def _stored(self, message: Batch | Void | Restart, batch: Stored, own: Head) -> Head:
        """Return the head; tell the owner of a restart, which says that batches are lost (spec 9.8)."""
        if isinstance(message, Restart):
            await self._alarm("chain_gap", batch, own)
        return own

    async def _alarm(self, code: Code, batch: Stored, own: Head) -> None:
        """Tell the owner of a fork or a gap."""
        alarm = Alarm(batch.device, code, own.seq, own.sha256, batch.received_at)
        try:
            await asyncio.to_thread(self._store.raise_alarm, batch.account, alarm)
        except StoreFailure as failure:
            raise refusal(failure) from failure

    # The committer's own thread

    def _run(self) -> None:
        while True:
            self._arrived.wait()
            self._work()
            left = self._line.since + self._wait_s - self._monotonic()
            if left > 0:
                self._stopping.wait(left)
            # Asked before taking: after it is set nothing is queued any more, so that an empty line is the end.
            stopping = self._stopping.is_set()
            group = self._take()
            if group:
                failure = self._commit(group)
                self._settle(group, failure)
                if failure is None:
                    self._committed([item.batch for item in group])
            elif stopping:
                self._work()
                return

    def _work(self) -> None:
        with self._lock:
            works, self._works = self._works, []
        for item in works:
            try:
                result, failure = item.work(), None
            except Exception as error:
                # The caller is told; the thread must live on.
                result, failure = None, error
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(_tell, item.future, result, failure)

    def _take(self) -> list[_Item]:
        with self._lock:
            line = self._line
            events = taken = 0
            for item in line.items:
                events += len(item.batch.events)
                if taken and events > self._group_events:
                    break
                taken += 1
            group, line.items = line.items[:taken], line.items[taken:]
            line.bytes = sum(len(item.batch.body) for item in line.items)
            if not line.items and not self._works and not self._stopping.is_set():
                self._arrived.clear()
            return group

    def _commit(self, group: list[_Item]) -> StoreFailure | None:
        try:
            self._store.write([item.batch for item in group])
        except StoreFailure as failure:
            return failure
        except Exception as error:
            # Whatever it was, nothing was stored; callers must get an answer and the thread must live on.
            return StoreFailure("busy", repr(error))
        return None

    def _settle(self, group: list[_Item], failure: StoreFailure | None) -> None:
        """Answer a group. After a failure all that waits fails as well: it would follow batches that are not there."""
        with self._lock:
            if failure is not None:
                group = group + self._line.items
                self._line = _Line()
                if not self._works and not self._stopping.is_set():
                    self._arrived.clear()
            for item in group:
                del self._on_way[item.batch.device, item.batch.seq]
                if self._tails.get(item.batch.device) is item:
                    del self._tails[item.batch.device]
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(_answer, group, failure)


def _answer(group: list[_Item], failure: StoreFailure | None) -> None:
    for item in group:
        if not item.future.done():
            item.future.set_result(failure)


def _tell(future: asyncio.Future[Any], result: object, failure: Exception | None) -> None:
    if future.done():
        return
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)


def refusal(failure: StoreFailure) -> ReteamzError:
    """Return what to tell of a commit that did not happen."""
    if failure.code == "disk_full":
        return ReteamzError("disk_full", "The server's disk is full; its operator must make room. Try again later.")
    return ReteamzError("busy", "The server could not store the batch just now; try again in a moment.")
