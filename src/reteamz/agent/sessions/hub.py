"""The service's end of the socket: who connects is who the kernel says, and gets their own session, whatever they claim."""

from __future__ import annotations

import errno
import socket
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from reteamz.agent.control import answered
from reteamz.agent.endpoint import Endpoint, endpoint, unblock
from reteamz.agent.samples import Clock
from reteamz.agent.sessions.link import Closed, Link
from reteamz.agent.sessions.messages import (
    CAPTURE_BYTES,
    FRAME_BYTES,
    TO_SERVICE,
    Answered,
    Asked,
    Captured,
    Failed,
    Goodbye,
    Hello,
    Seen,
    Taken,
    Tell,
    Written,
)
from reteamz.agent.sessions.rates import Bucket
from reteamz.agent.work import Seat, Work
from reteamz.wire.errors import ReteamzError

CONNECTIONS: Final = 4
"""Most connections of one user: two desktops and two questions."""
MESSAGES_PER_S: Final = 20.0
BYTES_PER_S: Final = 1024.0 * 1024.0
BURST_S: Final = 40.0
"""How many seconds' worth may come at once."""
SILENCE_S: Final = 60.0
"""A helper that says nothing for so long is gone."""
STALE_MS: Final = 10_000
"""From here on another desktop of the same user counts."""
_EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED)
IDLE_MOST_MS: Final = 366 * 86_400_000
LATE_MS: Final = 600_000
"""How old a record may be that arrives."""
INPUT_MOST: Final = 1_000
"""Most keys and clicks between two looks."""


class Helper:
    """One connected helper."""

    def __init__(self, link: Link, uid: int, hello: Hello) -> None:
        self.link: Final = link
        self.uid: Final = uid
        self.hello: Final = hello
        self.seen_at = 0
        self.idle = IDLE_MOST_MS
        self.told: Tell | None = None


class Hub:
    """Listens for helpers and questions of every user of this computer."""

    def __init__(
        self,
        path: Path,
        work: Work,
        now: Clock,
        steady: Callable[[], float],
    ) -> None:
        """``steady`` counts seconds and never goes back. Raises ``folder_unusable``, ``already_running``."""
        self._path = path
        self._work = work
        self._people = work.people
        self._now = now
        self._steady = steady
        self._lock = threading.RLock()
        self._helpers: list[Helper] = []
        self._open: Counter[int] = Counter()
        self._links: dict[Link, threading.Thread] = {}
        self._rates: dict[int, tuple[Bucket, Bucket]] = {}
        self._closed = threading.Event()
        self._way = endpoint()
        self._socket = _listening(path, self._way)
        self._thread = threading.Thread(target=self._accept, name="hub", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end every connection."""
        self._closed.set()
        unblock(self._socket, self._way, self._path)
        self._socket.close()
        self._thread.join(10)
        with self._lock:
            links = dict(self._links)
        for link, thread in links.items():
            link.close()
            thread.join(10)
        with suppress(FileNotFoundError):
            self._path.unlink()

    def tell(self) -> None:
        """Tell every helper what changed; called by one thread about once a second."""
        with self._lock:
            helpers = list(self._helpers)
        for helper in helpers:
            fresh = self._work.tell(helper.uid)
            if fresh != helper.told:
                with suppress(Closed):
                    helper.link.send_now(fresh)
                    helper.told = fresh

    def seat(self, uid: int) -> Seat:
        """Return what a user's desktops are and cannot tell."""
        with self._lock:
            helpers = [helper for helper in self._helpers if helper.uid == uid]
        if not helpers:
            return Seat(problem="No session of yours is connected: `reteamz agent session` records inside a desktop.")
        unsupported = {what: why for helper in helpers for what, why in helper.hello.unsupported.items()}
        unsupported |= {str(kind): why for kind, why in self._people.recorder(uid).gate.reasons.items()}
        return Seat(", ".join(helper.hello.desktop for helper in helpers), unsupported)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    return
                # Somebody used up what the system has of descriptors or memory: later, then.
                self._closed.wait(1)
                continue
            if self._closed.is_set():
                connection.close()
                return
            uid, link = self._way.peer(connection), Link(connection)
            if uid is None:
                # Nobody whom the system names.
                link.close()
                continue
            with self._lock:
                if self._open[uid] >= CONNECTIONS:
                    link.close()
                    continue
                connection.settimeout(SILENCE_S)
                thread = threading.Thread(target=self._serve, args=(link, uid), name=f"user-{uid}", daemon=True)
                self._open[uid] += 1
                self._links[link] = thread
            thread.start()

    def _serve(self, link: Link, uid: int) -> None:
        helper: Helper | None = None
        try:
            first = self._message(link, uid, FRAME_BYTES)
            if isinstance(first, Asked):
                link.send(Answered(answered(self._work.answer, first.request, uid)))
            elif isinstance(first, Hello):
                helper = Helper(link, uid, first)
                with self._lock:
                    self._helpers.append(helper)
                self._listen(helper)
            else:
                raise _unasked()
        except Closed:
            pass
        except ReteamzError as error:
            with suppress(Closed):
                link.send_now(Goodbye(error.code, error.message))
        finally:
            link.close()
            with self._lock:
                self._links.pop(link, None)
                self._open[uid] -= 1
                if helper is not None:
                    self._left(helper)

    def _left(self, helper: Helper) -> None:
        self._helpers.remove(helper)
        if all(other.uid != helper.uid for other in self._helpers):
            self._people.recorder(helper.uid).session.left()

    def _listen(self, helper: Helper) -> None:
        while True:
            wanted = helper.told is not None and helper.told.wanted.kinds
            message = self._message(helper.link, helper.uid, CAPTURE_BYTES if wanted else FRAME_BYTES)
            match message:
                case Seen():
                    self._seen(helper, message)
                case Captured() | Written():
                    helper.link.send_now(Taken(message.number, self._take(helper.uid, message)))
                case Failed():
                    gate = self._people.recorder(helper.uid).gate
                    (gate.unsupported if message.ever else gate.failed)(message.kind, message.reason)
                case _:
                    raise _unasked()

    def _take(self, uid: int, message: Captured | Written) -> str | None:
        """Keep a record, where policy, consent and the window allow it; return what a thumbnail of it names."""
        gate, now = self._people.recorder(uid).gate, self._now()
        at = min(max(message.at, now - LATE_MS), now)
        of: str | None = None
        with self._people.problems():
            if isinstance(message, Captured):
                caption = _caption(message.caption)
                of = gate.captured(message.kind, message.media, at, caption, message.data, message.windows)
            elif gate.written(message.kind, at, message.window, message.text):
                of = ""
        return of

    def _seen(self, helper: Helper, seen: Seen) -> None:
        idle = min(max(seen.look.idle or 0, 0), IDLE_MOST_MS)
        look = msgspec.structs.replace(
            seen.look,
            idle=None if seen.look.idle is None else idle,
            input=min(max(seen.look.input, 0), INPUT_MOST),
        )
        with self._lock:
            helper.seen_at, helper.idle = self._now(), IDLE_MOST_MS if seen.look.locked else idle
            if helper is self._busiest(helper.uid):
                self._people.saw(helper.uid, look, seen.offset)

    def _busiest(self, uid: int) -> Helper:
        """Return the desktop of a user that counts: the one they touched last, while it tells anything."""
        now = self._now()
        return min(
            (helper for helper in self._helpers if helper.uid == uid),
            key=lambda helper: (abs(now - helper.seen_at) > STALE_MS, helper.idle),
        )

    def _message(self, link: Link, uid: int, most: int) -> object:
        """Return the next message of a user. Raises :class:`Closed`, ``input_invalid``, ``rate_limited``."""
        body = link.receive(most)
        with self._lock:
            messages, volume = self._rates.setdefault(
                uid, (Bucket(MESSAGES_PER_S, BURST_S, self._steady), Bucket(BYTES_PER_S, BURST_S, self._steady))
            )
            if not (messages.take(1) and volume.take(len(body))):
                raise ReteamzError("rate_limited", "Too much came at once; wait a little.")
        try:
            return TO_SERVICE.decode(body)
        except msgspec.MsgspecError:
            raise _unasked() from None


def _caption(said: dict[str, Any]) -> dict[str, Any]:
    """Return what a helper may say about a picture or sound; names are the service's to tell."""
    numbers = {name: said[name] for name in ("monitor", "width", "height", "length_ms") if type(said.get(name)) is int}
    if said.get("thumbnail") is True and isinstance(said.get("of"), str):
        return {**numbers, "thumbnail": True, "of": said["of"][:43]}
    return numbers


def _unasked() -> ReteamzError:
    return ReteamzError("input_invalid", "This is no message of the agreed form.")


def _listening(path: Path, way: Endpoint) -> socket.socket:
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with suppress(FileNotFoundError, ConnectionRefusedError):
            # Whoever has too much to do to answer listens as well.
            with suppress(TimeoutError, BlockingIOError):
                way.connect(path, 1).close()
            raise ReteamzError("already_running", f"An agent's service listens on {path} already.")
        return way.listen(path, True, 64)
    except OSError as error:
        raise ReteamzError(
            "folder_unusable", f"{path} cannot be a socket ({error.strerror}); name another with --socket."
        ) from None
