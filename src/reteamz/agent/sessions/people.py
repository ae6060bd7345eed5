"""The people at one computer, by user: what is recorded of each, what each is told, what each decided."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

import msgspec

from reteamz.agent.control import LastSeen, Recording, Status
from reteamz.agent.desktop.base import Look
from reteamz.agent.device import Device
from reteamz.agent.history.past import Brought, Past
from reteamz.agent.person import person as name_of
from reteamz.agent.policy import Policy
from reteamz.agent.recorder import Recorder
from reteamz.agent.samples import Clock, Sample
from reteamz.agent.sessions import consent
from reteamz.agent.sessions.memory import Memory
from reteamz.agent.sessions.session import NOBODY, Session
from reteamz.agent.status import described
from reteamz.wire.batch import SealedKind
from reteamz.wire.errors import ReteamzError

DAY_MS: Final = 86_400_000
"""Longest private time."""


class People:
    """Every method may be called from any thread, for any user; none tells one user of another."""

    def __init__(self, device: Device, memory: Memory, now: Clock) -> None:
        self._device = device
        self._memory = memory
        self._now = now
        self._lock = threading.Lock()
        self._recorders: dict[int, Recorder] = {}
        self.problem: ReteamzError | None = None
        """Why nothing can be kept just now; recording goes on in memory."""

    def recorder(self, uid: int, person: str | None = None) -> Recorder:
        """Return what records a user, begun when there is none; ``person`` is the name they get, the system's when None."""
        with self._lock:
            found = self._recorders.get(uid)
            if found is None:
                session = self._device.session(uid, person if person is not None else name_of(uid))
                found = Recorder(self._device, session, self._now, lambda: self.private_until(uid), self.settled)
                self._recorders[uid] = found
            return found

    def saw(self, uid: int, seen: Look, offset: int | None = None) -> None:
        """Take in what was just seen of a user; ``offset`` as :meth:`Recorder.take` has it. Calls of one user come one after another."""
        recorder = self.recorder(uid)
        if (seen.window, seen.idle, seen.locked) == (None, None, None):
            # A desktop that tells nothing itself: its watchers do.
            seen = recorder.session.feeds.look(self._now())
        with self.problems():
            recorder.take(seen, offset)

    def keep(self) -> None:
        """Put on disk what should be there by now; called about once a second."""
        with self._lock:
            unkept = [recorder for recorder in self._recorders.values() if recorder.unkept]
        if not unkept:
            return
        with self.problems():
            self._device.keep()
            self.problem = None
            for recorder in unkept:
                recorder.unkept = False

    @contextmanager
    def problems(self) -> Iterator[None]:
        """Remember what went wrong until something was kept again."""
        try:
            yield
        except ReteamzError as error:
            self.problem = error

    def settled(self, session: Session) -> None:
        """Put into a session what its person accepted, before a look is taken."""
        session.addresses = "url" in self.accepted(session.uid)

    def policy(self, uid: int) -> Policy:
        """Return what may be recorded of a user, had they accepted all of it."""
        return self._device.policy_for(self._person(uid))

    def private_until(self, uid: int) -> int:
        """Return the end of a user's private time, in milliseconds; 0 for none."""
        until = self._memory.of(uid).private_until
        return until if until > self._now() else 0

    def take_private(self, uid: int, until: int) -> None:
        """Record nothing of a user but "private" until then (ms); 0 ends it.

        Raises:
            ReteamzError: ``forbidden`` when the policy has no private time, ``input_invalid``, ``disk_full``, ``folder_unusable``.
        """
        if until:
            if not self.policy(uid).private:
                raise ReteamzError("forbidden", "The owner's policy has no private time.")
            if not 0 <= until - self._now() <= DAY_MS + 3_600_000:
                raise ReteamzError("input_invalid", "Private time ends within a day.")
        self._memory.change(uid, msgspec.structs.replace(self._memory.of(uid), private_until=until))

    def bring(self, uid: int, past: Sequence[Past]) -> Brought:
        """Take past time of a user that another program recorded. Raises ``forbidden``, ``input_invalid`` and those of the spool."""
        session = self.recorder(uid).session
        self.settled(session)
        return self._device.bring(past, session)

    def clock_jumped(self, by: int) -> None:
        """Go on after the clock was set: nobody's private time gets shorter by it."""
        for session in self._device.sessions():
            kept = self._memory.of(session.uid)
            if kept.private_until and by > 0:
                self._memory.change(session.uid, msgspec.structs.replace(kept, private_until=kept.private_until + by))

    def decide(self, uid: int, accept: bool, shown: Collection[str]) -> None:
        """Take a user's answer to the sentences that they were shown. Raises ``disk_full``, ``folder_unusable``."""
        policy, kept = self.policy(uid), self._memory.of(uid)
        fresh = consent.answered(policy, kept, accept, shown, self._now())
        if (fresh.accepted, fresh.declined) == (kept.accepted, kept.declined):
            return
        self._memory.change(uid, fresh)
        self._device.notice("consent_given" if accept else "consent_refused", self._person(uid))

    def accepted(self, uid: int) -> frozenset[consent.Beyond]:
        """Return the kinds beyond the default that the policy asks for and this user accepted."""
        return consent.accepted(self.policy(uid), self._memory.of(uid))

    def consented(self, person: str, kind: SealedKind) -> bool:
        """Tell whether a kind may be recorded of a person: in every session of that name it was accepted."""
        users = [
            session.uid for session in self._device.sessions() if session.uid != NOBODY and session.person == person
        ]
        return bool(users) and all(kind in self.accepted(uid) for uid in users)

    def asked(self, uid: int) -> list[str]:
        """Return the sentences that a user must still answer; nothing is asked before the owner confirmed this computer."""
        if self._device.mode == "anonymous":
            return []
        return consent.unanswered(self.policy(uid), self._memory.of(uid))

    def recording(self, uid: int) -> Recording:
        """Return whether something is recorded of a user now."""
        session = self._session(uid)
        if session is None or not session.here:
            return "paused"
        if self.private_until(uid):
            return "private"
        return "paused" if session.skipped else "recording"

    def status(self, uid: int) -> Status:
        """Return what a user is told: of the computer, and of themselves."""
        policy, kept, session = self.policy(uid), self._memory.of(uid), self._session(uid)
        status = described(self._device, running=True)
        named = self._device.mode != "anonymous"
        beyond = consent.sentences(policy) if named else {}
        accepted = [sentence for sentence in beyond.values() if sentence in kept.accepted]
        private = self.private_until(uid)
        recent = [] if private or session is None else [_seen(sample) for sample in reversed(session.recent)]
        return msgspec.structs.replace(
            status,
            recording=self.recording(uid),
            person=self._person(uid),
            recorded=[*_default(policy).described(), *accepted] if named else status.recorded,
            private_until=private,
            may_be_private=policy.private,
            asked=self.asked(uid),
            accepted=accepted,
            declined=[sentence for sentence in beyond.values() if sentence in kept.declined],
            recent=recent,
            last=recent[0] if recent else None,
        )

    def _person(self, uid: int) -> str:
        session = self._session(uid)
        return session.person if session is not None else name_of(uid)

    def _session(self, uid: int) -> Session | None:
        return next((session for session in self._device.sessions() if session.uid == uid), None)


def _default(policy: Policy) -> Policy:
    """Return what a policy records without anybody's consent."""
    return msgspec.structs.replace(policy, urls=False, records=frozenset())


def _seen(sample: Sample) -> LastSeen:
    return LastSeen(sample.app, sample.title, sample.site, sample.at, sample.kind)


def end_of_day(now: int) -> int:
    """Return the next local midnight, in milliseconds."""
    tomorrow = datetime.fromtimestamp(now / 1000).astimezone() + timedelta(days=1)
    return int(tomorrow.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
