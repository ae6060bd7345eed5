"""Names from before encryption was enabled: joined with their tokens (spec 13.1), and encrypted where they stand (spec 13.2-13.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from reteamz.crypto.batch import ChainVerifier
from reteamz.crypto.prune import NOTHING, TrustedPrune, open_prune, sign_prune
from reteamz.crypto.roster import TrustedRoster
from reteamz.crypto.tokens import TokenCipher
from reteamz.owner.http import Connection
from reteamz.owner.rules import renew_rules
from reteamz.wire.accounts import DeviceKeysView, DeviceView, Rosters
from reteamz.wire.batch import Batch, Head, Restart, RosterHead, Void
from reteamz.wire.encoding import b64decode, sha256
from reteamz.wire.errors import ReteamzError
from reteamz.wire.history import HistoryView, Joined, JoinPost, PrunePost, ReadableNames
from reteamz.wire.jwk import thumbprint
from reteamz.wire.prune import PruneMark, must_be_restated, restated
from reteamz.wire.roster import DeviceEntry

if TYPE_CHECKING:
    from reteamz.owner.client import Owner

Told = Callable[[int, int], None]
"""Told how much of the work is done, and how much there is."""

STEP: Final = 500
"""Batches that are restated by one prune."""


def _nobody(_done: int, _of: int) -> None:
    """Tell nobody."""


def join_names(connection: Connection, cipher: TokenCipher, told: Told = _nobody) -> int:
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


def began_plain(owner: Owner) -> bool:
    """Tell whether the account began in the clear, as its owner signed in version 1 of the roster (spec 13.1).

    Only such an account has readable names: in any other the server would be asking for tokens of its guesses.
    """
    versions = owner.connection.get("/api/rosters", Rosters, since=0).rosters
    if not versions:
        return False
    identity, none = owner.bundle.identity.public(), RosterHead(0, "")
    first = TrustedRoster.first(
        owner.account, identity, owner.bundle.owner, none, versions[0].roster, versions[0].devices
    )
    return first.roster.mode == "plain"


def carry_over(owner: Owner, now: int, told: Told = _nobody) -> None:
    """Give names, labels and rules of before their tokens; ``now`` in milliseconds.

    Raises:
        ReteamzError: ``input_invalid`` for an account that began encrypted; those of roster and rules.
    """
    if not began_plain(owner):
        raise ReteamzError("input_invalid", "This account was encrypted from its start; it has no readable names.")
    join_names(owner.connection, owner.cipher(), told)
    renew_rules(owner, now)


def fetch_prune(owner: Owner, known: RosterHead = NOTHING.head) -> TrustedPrune:
    """Return what was erased, as the owner signed it. Raises ``prune_refused``, ``prune_rollback``."""
    settings = owner.bundle.settings.public()
    prune = owner.connection.get("/api/history", HistoryView).prune
    return open_prune(prune, owner.account, thumbprint(settings), settings, known)


def encrypt_history(owner: Owner, now: int, told: Told = _nobody) -> None:
    """Restate what was recorded in the clear, sign for it, and let the server erase the names. An interrupted one goes on where it was.

    Every batch is verified before its restatement is signed: nobody can do that afterwards.

    Raises:
        ReteamzError: those of a journal that is not whole, ``prune_conflict``, ``busy``, ``disk_full``.
    """
    carry_over(owner, now)
    prune = fetch_prune(owner)
    keys = {device.id: device for device in owner.keys().devices}
    heads = {device.id: device.head for device in owner.connection.get("/api/devices", list[DeviceView])}
    done = 0
    of = sum(head.version for head in heads.values()) - sum(mark.seq for mark in prune.marks.values())
    for entry in owner.roster.devices.devices:
        if entry.id not in keys or entry.id not in heads:
            raise ReteamzError("batch_missing", "The server hides a computer of the roster; do not trust this server.")
        last = 0
        chain = _chain(owner, entry, keys[entry.id], prune)
        for seq, message in _walk(owner, chain, entry.id, heads[entry.id].version):
            last = seq if must_be_restated(message) else last
            done += 1
            told(done, of)
        chain.finish(Head(heads[entry.id].version, heads[entry.id].sha256))
        of += last
        prune = _restate(owner, entry, keys[entry.id], prune, last, now)
        done += last
        told(done, of)
    owner.connection.send("POST", "/api/history/erase")


def _restate(
    owner: Owner, entry: DeviceEntry, key: DeviceKeysView, prune: TrustedPrune, last: int, now: int
) -> TrustedPrune:
    """Restate a device's batches up to ``last`` in steps, and return the prune after them."""
    cipher = owner.cipher()
    mark = prune.marks.get(entry.id)
    prev = "" if mark is None else mark.restated
    chain = _chain(owner, entry, key, prune)
    waiting = 0
    for seq, message in _walk(owner, chain, entry.id, last):
        prev = sha256(restated(message, prev, cipher.token_of))
        waiting += 1
        if waiting == STEP or seq == last:
            prune = _post(owner, prune, PruneMark(entry.id, seq, chain.head.sha256, prev), now)
            waiting = 0
    return prune


def _post(owner: Owner, prune: TrustedPrune, mark: PruneMark, now: int) -> TrustedPrune:
    settings = owner.bundle.settings
    jws = sign_prune(settings, owner.account, prune, now, [mark])
    owner.connection.post("/api/history/prune", PrunePost(jws), RosterHead)
    return open_prune(jws, owner.account, thumbprint(settings.public()), settings.public())


def _chain(owner: Owner, entry: DeviceEntry, key: DeviceKeysView, prune: TrustedPrune) -> ChainVerifier:
    """Return what verifies a device's batches after its mark."""
    mark = prune.marks.get(entry.id)
    return ChainVerifier(owner.account, entry, key.signing, None if mark is None else Head(mark.seq, mark.sha256))


def _walk(owner: Owner, chain: ChainVerifier, device: str, until: int) -> Iterator[tuple[int, Batch | Void | Restart]]:
    """Verify the batches of a device up to a number, and yield them."""
    while chain.head.seq < until:
        entries: list[dict[str, Any]] = owner.connection.get(
            f"/api/journal/{device}", dict[str, Any], after=chain.head.seq
        )["entries"]
        if not entries:
            return
        for told in entries:
            message = chain.add(told["seq"], b64decode(told["body"]), told["signature"])
            yield told["seq"], message
            if told["seq"] >= until:
                return
