"""One enrolled computer, from samples to the spool; no desktop and no threads of its own."""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import httpx
import msgspec

from reteamz.agent.batches import BatchMaker
from reteamz.agent.folder import prepare
from reteamz.agent.history.past import Brought, Past
from reteamz.agent.history.taking import checked, taken
from reteamz.agent.keys import DeviceKeys, load_keys
from reteamz.agent.policy import Policy, anonymous
from reteamz.agent.records.keep import Consented, Records
from reteamz.agent.records.record import Record, Text, TextKind
from reteamz.agent.samples import Clock, Event, Sample
from reteamz.agent.sessions.session import NOBODY, Session
from reteamz.agent.spool.cipher import LocalCipher
from reteamz.agent.spool.notices import Noticed, joined
from reteamz.agent.spool.spent import union
from reteamz.agent.spool.spool import Spool
from reteamz.agent.state import State, load_state, not_enrolled, save_state
from reteamz.agent.sync.client import Client
from reteamz.agent.sync.sync import Sync
from reteamz.agent.trust import Mode, Trust
from reteamz.crypto.fingerprint import device_fingerprint, show
from reteamz.crypto.signing import sign_batch
from reteamz.wire import limits
from reteamz.wire.batch import NoticeCode
from reteamz.wire.encoding import b64decode
from reteamz.wire.errors import ReteamzError

PULSE_MS: Final = 5_000
"""A look counts for at most so long; a longer silence is a gap."""

_PENDING: Final = msgspec.json.Decoder(dict[str, list[Event]] | list[Event])
"""Events that are not yet final, by user; those of one person alone as agents wrote them before there were sessions."""


class Device:
    """Takes samples of one or more people, tells them as the owner's grant allows, keeps them until the server has them.

    Methods may be called from several threads; ``close`` once, at the end.
    """

    def __init__(
        self,
        folder: Path,
        keys: DeviceKeys,
        trust: Trust,
        spool: Spool,
        client: Client,
        now: Clock,
        policy: Policy,
        pulse: int,
        consented: Consented,
    ) -> None:
        self._folder = folder
        self._trust = trust
        self.cipher: Final = LocalCipher(b64decode(keys.local))
        """Seals what lies in this computer's folder."""
        self.signing: Final = keys.signing
        self.fingerprint: Final = show(device_fingerprint(keys.signing.public(), keys.exchange.public()))
        """What the owner compares: 12 groups of five digits (spec 1.12)."""
        self._spool = spool
        self._now = now
        self._lock = threading.RLock()
        self._pulse = pulse
        self._sessions: dict[int, Session] = {}
        self._policy = policy
        self._unsaved = False
        state = trust.state
        self._maker = BatchMaker(state.account, state.device)
        self.computer = platform.node()
        """The computer's name, told as a token after a grant."""
        self.sync = Sync(self, client, spool, self._maker, now)
        # Notices that found no room on the disk yet.
        self._unkept: list[Noticed] = []
        self.records: Final = Records(self, spool.blobs, client, consented)
        """Sealed content."""
        if pending := spool.pending():
            held = _PENDING.decode(pending)
            for uid, events in held.items() if isinstance(held, dict) else [(str(NOBODY), held)]:
                self.session(int(uid)).merger.put_back(events)

    @classmethod
    def open(
        cls,
        folder: Path,
        http: httpx.Client,
        now: Clock,
        policy: Policy | None = None,
        pulse_ms: int = PULSE_MS,
        consented: Consented = lambda _person, _kind: False,
        *,
        readable: bool = False,
    ) -> Device:
        """Open the computer that was enrolled in this folder.

        ``consented`` tells who accepted which kinds of sealed content; ``readable`` lets everybody read what lies there, but for the keys.

        Raises:
            ReteamzError: ``not_enrolled``, ``key_corrupt``, ``state_corrupt``, ``spool_corrupt``, ``disk_full``, ``folder_unusable``.
        """
        prepare(folder, readable)
        state, keys = load_state(folder), load_keys(folder)
        if state is None or not state.redeemed:
            raise not_enrolled()
        if keys is None:
            raise ReteamzError("key_corrupt", "The key file of this computer is gone; enrol it again with a new code.")
        spool = Spool(
            folder / "spool.db",
            LocalCipher(b64decode(keys.local)),
            state.device,
            lambda body: sign_batch(keys.signing, body),
        )
        client = Client(http, state.server)
        return cls(folder, keys, Trust(state, keys), spool, client, now, policy or Policy(), pulse_ms, consented)

    @property
    def trust(self) -> Trust:
        """What this computer believes."""
        return self._trust

    @property
    def mode(self) -> Mode:
        """How names are told now."""
        return self._trust.mode

    @property
    def policy(self) -> Policy:
        """What may be recorded of nobody in particular."""
        return self.policy_for("")

    def session(self, uid: int, person: str = "") -> Session:
        """Return the session of a user, begun when there is none."""
        with self._lock:
            found = self._sessions.get(uid)
            if found is None or (person and found.person != person):
                made = Session(uid, person, self._pulse)
                if found is not None:
                    made.merger.put_back(found.merger.take())
                self._sessions[uid] = found = made
            return found

    def sessions(self) -> list[Session]:
        """Return the sessions that there are, those of people who left included."""
        with self._lock:
            return list(self._sessions.values())

    def policy_for(self, person: str) -> Policy:
        """What may be recorded of a person: the signed policy, this computer's default before there is one."""
        signed = self._trust.policies
        return self._policy if signed is None else signed.of(person, self._policy)

    def record(self, record: Record) -> str | None:
        """Seal a record and keep it; return its hash, None where mode, policy or consent do not allow it. Raises those of the spool."""
        with self._lock:
            return self.records.take(record)

    def record_text(self, person: str, kind: TextKind, text: Text) -> bool:
        """Seal a text record and keep it; tell whether mode, policy and consent allow it. Raises those of the spool."""
        with self._lock:
            return self.records.take_text(person, kind, text)

    def notice(self, code: NoticeCode, person: str = "", count: int = 1) -> None:
        """Remember a fact that the owner should know; the next batches tell it, once there is a grant (spec 17.3)."""
        with self._lock:
            self._unkept = joined([*self._unkept, Noticed(max(self._now(), 0), code, person, count)])
            self._keep_notices()

    def noticed(self) -> list[Noticed]:
        """Return what waits to be told to the owner. Raises those of the spool."""
        with self._lock:
            return joined([*self._spool.noticed(), *self._unkept])

    def _keep_notices(self) -> None:
        """Put on disk what is not there yet. A full disk is what some of them tell of: they stay in memory until there is room."""
        with suppress(ReteamzError):
            if self._unkept:
                self._spool.notice(self._unkept)
                self._unkept = []

    def feed(self, sample: Sample, session: Session | None = None) -> None:
        """Take a sample of a session, of nobody's when None. What policy and mode do not allow is forgotten here.

        Raises:
            ReteamzError: those of the spool; what was fed stays in memory then.
        """
        with self._lock:
            session = session or self.session(NOBODY)
            seen = anonymous(sample) if self.mode == "anonymous" else self.policy_for(session.person).apply(sample)
            session.skipped = seen is None
            if seen is None:
                return
            if seen.url and not session.addresses:
                seen = msgspec.structs.replace(seen, url="")
            session.show(seen)
            session.merger.add(seen)
            if len(session.merger) > limits.BATCH_EVENTS:
                self._tell({session: session.merger.held()[-1].start})

    def idle_since(self, since: int, session: Session | None = None) -> None:
        """Turn what is held of a session and lies after ``since`` (ms) into idle time."""
        with self._lock:
            (session or self.session(NOBODY)).merger.idle_since(since)

    def clock_jumped(self) -> None:
        """Go on after the clock was set: what was seen before ends there, what is seen now begins anew."""
        with self._lock:
            for session in self._sessions.values():
                session.merger.cut()
            self.notice("clock_jumped")

    def keep(self) -> None:
        """Put the events that are not yet final on disk, sealed. Raises those of the spool."""
        with self._lock:
            self._spool.keep(self._pending())
            self._keep_notices()

    def flush(self, until: int | None = None) -> None:
        """Make signed batches of what lies before ``until`` (ms) and is final in its session, None for everything. Raises those of the spool."""
        with self._lock:
            self._tell({each: None if until is None else each.final(until) for each in self._sessions.values()})

    def _tell(self, until: dict[Session, int | None]) -> None:
        """Make batches of what sessions hold from before their time (ms, None for everything)."""
        taken = {session: session.merger.take(end) for session, end in until.items()}
        events, blobs = [event for each in taken.values() for event in each], self.records.unlisted()
        self._keep_notices()
        telling = self.mode != "anonymous" and bool(self._spool.noticed())
        if not events and not blobs and not telling:
            return
        try:
            terms = self._trust.terms(self.policy.version)
            tell = partial(self._maker.notices, terms, self._trust.names()) if telling else None
            makers = self._maker.batches(terms, self._trust.names(), self._trust.rate, events, blobs)
            spent = {each.uid: [(event.start, event.end) for event in part] for each, part in taken.items()}
            self._spool.append(list(makers), self._pending(), spent, tell)
        except BaseException:
            for session, part in taken.items():
                session.merger.put_back(part)
            raise

    def bring(self, past: Sequence[Past], session: Session) -> Brought:
        """Take past time that another program recorded, as the policy of now allows; no moment of a session is told twice.

        Raises:
            ReteamzError: ``forbidden`` before the owner confirmed this computer, ``input_invalid`` and those of the spool; nothing was taken then.
        """
        with self._lock:
            if self.mode == "anonymous":
                raise ReteamzError(
                    "forbidden", "The owner has not confirmed this computer yet; nothing is imported before that."
                )
            days = checked(past, self._now())
            spent = [span for day in days for span in self._spool.spent(session.uid, day)]
            known = union([*spent, *((event.start, event.end) for event in session.merger.held())])
            policy = self.policy_for(session.person)
            brought, events = taken(past, known, policy, session)
            makers = self._maker.batches(
                self._trust.terms(policy.version), self._trust.names(), self._trust.rate, events
            )
            told = {session.uid: [(event.start, event.end) for event in events]}
            self._spool.append(list(makers), self._pending(), told)
            return brought

    def believe(self, learn: Callable[[], bool]) -> None:
        """Go on under what ``learn`` takes in, if that changes anything. Nothing is told meanwhile: names and terms belong together.

        Raises:
            ReteamzError: that of ``learn``, and ``disk_full``, ``folder_unusable``.
        """
        with self._lock:
            self._unsaved |= learn()
            if self._unsaved:
                # A disk that is full now takes it with a later poll.
                save_state(self._folder, self._trust.state)
                self._unsaved = False

    def change_state(self, change: Callable[[State], State]) -> None:
        """Change what this computer remembers, on disk and then in memory. Raises ``disk_full``, ``folder_unusable``."""
        with self._lock:
            state = change(self._trust.state)
            save_state(self._folder, state)
            self._trust.state = state

    def stop(self, error: ReteamzError) -> None:
        """Remember why this computer no longer reports."""
        self.change_state(lambda state: msgspec.structs.replace(state, stopped=error.code))

    def waiting(self) -> int:
        """Return how many batches wait for the server."""
        return self._spool.waiting()

    def close(self) -> None:
        """Put on disk what is held, and close the spool."""
        with self._lock:
            try:
                self.keep()
            finally:
                self._spool.close()

    def _pending(self) -> bytes:
        held = {
            str(session.uid): [event for event in session.merger.held() if event.end > event.start]
            for session in self._sessions.values()
        }
        held = {uid: events for uid, events in held.items() if events}
        return msgspec.json.encode(held) if held else b""
