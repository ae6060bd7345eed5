"""Delivers the spool exactly once and asks for grants (spec 9.5-9.9, 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from reteamz import __version__
from reteamz.agent.batches import ANONYMOUS, BatchMaker
from reteamz.agent.samples import Clock, Event
from reteamz.agent.spool.notices import Noticed
from reteamz.agent.spool.spool import Make, Outgoing, Spool
from reteamz.agent.sync.client import Client, Refusal
from reteamz.agent.trust import refusal_of
from reteamz.crypto.signing import sign_request
from reteamz.wire.batch import RETIRING, Batch, Refused, decode_body
from reteamz.wire.enrolment import DeviceState, Poll, Polled
from reteamz.wire.errors import Code, ReteamzError
from reteamz.wire.policy import PolicyView
from reteamz.wire.rules import RulesView
from reteamz.wire.signing import POLL
from reteamz.wire.tokens import split_plain

if TYPE_CHECKING:
    from reteamz.agent.device import Device

STOPPING: Final[frozenset[Code]] = frozenset(("signature_invalid", "device_unknown", "device_removed", "chain_fork"))
"""Codes after which only a person can help (spec 11.5)."""

REFUSED_MOST: Final = 32
"""So many policies and rules that were refused are remembered: they are no news, and the owner is told of a policy once."""

_NAMES: Final[tuple[tuple[int, Literal["person", "app", "site", "title", "url", "document"]], ...]] = (
    (0, "person"), (5, "app"), (6, "site"), (7, "title"), (8, "url"), (9, "document"),
)  # fmt: skip


class Sync:
    """Talks to the server for one device."""

    def __init__(self, device: Device, client: Client, spool: Spool, maker: BatchMaker, now: Clock) -> None:
        self._device = device
        self._client = client
        self._spool = spool
        self._maker = maker
        self._now = now
        self.rules_problem: ReteamzError | None = None
        """Why the rules that the server sent last are not obeyed, None when they are."""
        self.policy_problem: ReteamzError | None = None
        """Why the policy that the server sent last is not obeyed, None when it is."""

    def poll_once(self) -> DeviceState:
        """Ask for what concerns this device; a grant of the pinned owner is accepted.

        Raises:
            ReteamzError: a code of spec 8.3 when the server sent something that must not be believed; ``server_unreachable`` and refusals.
        """
        device = self._device
        computer = None
        if device.mode != "anonymous":
            computer = device.trust.names().entry("computer", device.computer)
        try:
            try:
                polled = self._poll(computer)
            except Refusal as refusal:
                # The account was encrypted since: ask without a name, the grant is on its way.
                if refusal.code not in RETIRING or computer is None:
                    raise
                polled = self._poll(None)
        except Refusal as refusal:
            self._stop_on(refusal)
            raise
        if polled.state == "removed":
            self._stop_on(
                ReteamzError("device_removed", "The owner removed this computer; enrol it again if it belongs.")
            )
            return "removed"
        if device.trust.news(polled):
            # What was recorded so far is told as it was allowed then; else what a later look may still change stays here.
            device.flush()
        device.believe(lambda: device.trust.poll_answered(polled.state == "confirmed", polled.owner, polled.grant))
        self._take_rules(polled.rules)
        self._take_policy(polled.policy)
        return polled.state

    def _take_rules(self, told: RulesView | None) -> None:
        """Obey new rules, or remember why not: whatever is wrong with them, what was recorded is still sent."""
        self.rules_problem = None
        if told is None:
            return
        try:
            self._device.believe(lambda: self._device.trust.rules_answered(told))
        except ReteamzError as error:
            if error.code in ("disk_full", "folder_unusable"):
                raise
            self.rules_problem = error
            self._remember(refusal_of(told))

    def _take_policy(self, told: PolicyView | None) -> None:
        """Obey a new policy, or keep the one before and say why, once for each such policy."""
        self.policy_problem = None
        if told is None:
            return
        try:
            self._device.believe(lambda: self._device.trust.policy_answered(told))
        except ReteamzError as error:
            if error.code in ("disk_full", "folder_unusable"):
                raise
            self.policy_problem = error
            refused = refusal_of(told)
            if refused not in self._device.trust.state.refused:
                # Rather twice than never, should the agent end in between.
                self._device.notice("policy_refused")
                self._remember(refused)

    def _remember(self, refused: str) -> None:
        """Remember what was refused."""
        known = self._device.trust.state.refused
        if refused not in known:
            listed = (*known, refused)[-REFUSED_MOST:]
            self._device.change_state(lambda state: msgspec.structs.replace(state, refused=listed))

    def _poll(self, computer: str | None) -> Polled:
        trust = self._device.trust
        state = trust.state
        body = msgspec.json.encode(
            Poll(
                1,
                state.account,
                state.device,
                self._now(),
                __version__,
                computer,
                trust.rules,
                trust.policy,
                trust.grant,
            )
        )
        return self._client.poll(body, sign_request(self._device.signing, POLL, body))

    def push_once(self) -> bool:
        """Send the oldest batch; False when none waits.

        Raises:
            ReteamzError: ``server_unreachable``, refusals to wait out, and those that stop (spec 11.5).
        """
        oldest = self._spool.oldest()
        if oldest is None:
            return False
        try:
            stored = self._client.batch(self._device.trust.state.device, oldest.packed, oldest.signature)
        except Refusal as refusal:
            self._refused(oldest, refusal)
            return True
        if (stored.seq, stored.sha256) != (oldest.seq, oldest.sha256):
            raise ReteamzError(
                "server_unreachable", "The server confirmed something else than was sent; it is sent again."
            )
        self._spool.acknowledge(oldest.seq)
        return True

    def push_all(self) -> int:
        """Send everything that waits, and return how many requests that took."""
        count = 0
        while self.push_once():
            count += 1
        return count

    def _refused(self, oldest: Outgoing, refusal: Refusal) -> None:
        """Do what the code asks for, or raise it."""
        if refusal.code in RETIRING:
            void = self._maker.void(Refused(oldest.sha256, refusal.code))
            lost = self._spool.replace_oldest(
                void,
                lambda replaced: self._again(replaced, refusal.code),
                lambda replaced: self._noticed(replaced, refusal.code),
            )
            self._device.records.lost(lost)
        elif refusal.code == "chain_gap" and refusal.head is not None:
            head = refusal.head
            if self._spool.made(head):
                # The server has it: only its acknowledgement was lost.
                self._spool.acknowledge(head.seq)
            elif self._spool.knows(head) and head != self._spool.acknowledged():
                self._spool.restart(self._maker.restart(head), head.seq)
            else:
                fork = ReteamzError("chain_fork", "The server's record of this computer is another; enrol it again.")
                self._stop_on(fork)
                raise fork
        else:
            self._stop_on(refusal)
            raise refusal

    def _again(self, replaced: Outgoing, code: Code) -> list[Make]:
        """Tell the times of a refused batch in a form that the server takes; names again only as tokens."""
        batch = decode_body(replaced.body)
        if not isinstance(batch, Batch) or code == "clock_ahead" or batch.mode == "anonymous":
            return []
        terms = self._device.trust.terms(batch.policy)
        named = batch.mode == "plain" and terms.mode == "encrypted"
        events = [self._event(batch, row, named) for row in batch.events]
        if not named:
            terms = ANONYMOUS
        trust = self._device.trust
        return list(self._maker.batches(terms, trust.names(), trust.rate, events))

    def _noticed(self, replaced: Outgoing, code: Code) -> list[Noticed]:
        """Return the notices of a refused batch that another may tell; a server that takes no notices is not asked again (spec 17.3)."""
        batch = decode_body(replaced.body)
        if not isinstance(batch, Batch) or code not in ("plain_refused", "epoch_refused"):
            return []
        return [
            Noticed(notice.at, notice.code, self._person(batch, notice.person), notice.count)
            for notice in batch.notices
        ]

    def _person(self, batch: Batch, index: int) -> str:
        if index < 0:
            return ""
        plain = split_plain(batch.tokens[index])
        return self._device.trust.reader().decrypt(batch.tokens[index]) if plain is None else plain[1]

    def _event(self, batch: Batch, row: tuple[int, ...], named: bool) -> Event:
        event = Event(row[2], row[2] + row[3], row[1], row[4], "", "", "", "", "", "", row[10])
        if named:
            for column, attribute in _NAMES:
                plain = split_plain(batch.tokens[row[column]]) if row[column] >= 0 else None
                if plain is not None:
                    setattr(event, attribute, plain[1])
        return event

    def _stop_on(self, error: ReteamzError) -> None:
        if error.code in STOPPING:
            self._device.stop(error)
