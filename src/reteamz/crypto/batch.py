"""Verification of a device's journal: every rule of the chain in one class without I/O (spec 9, 10)."""

from __future__ import annotations

from reteamz.wire.batch import Batch, Head, Restart, Void, decode_body
from reteamz.wire.encoding import sha256
from reteamz.wire.errors import Code, ReteamzError
from reteamz.wire.jwk import PublicOkp, ed25519_key, thumbprint
from reteamz.wire.prune import PruneMark
from reteamz.wire.roster import DeviceEntry
from reteamz.wire.signing import verify_batch


class ChainVerifier:
    """Walks the journal of one device, entry by entry, and names the first that is wrong (spec 10.1)."""

    def __init__(
        self,
        account: str,
        entry: DeviceEntry,
        signing: PublicOkp,
        head: Head | None = None,
        mark: PruneMark | None = None,
    ) -> None:
        """Start at the beginning, or after ``head`` out of a receipt (spec 10.3). Up to ``mark`` restatements are expected (spec 13.4).

        Raises:
            ReteamzError: ``batch_forged`` when the key is not the one of the verified roster.
        """
        if thumbprint(signing) != entry.signing:
            raise ReteamzError("batch_forged", "The server names another key for a device; do not trust this server.")
        self._account = account
        self._device = entry.id
        self._key = ed25519_key(signing)
        self.head = head or Head(0, "")
        self.lost: list[tuple[int, int]] = []
        """First and last number of every run that the server lost (spec 9.8)."""
        self.restated = 0
        """Number of entries that the owner's signature vouches for, not the device's (spec 13.4)."""
        self._mark = mark if mark is not None and mark.seq > self.head.seq else None

    def add(self, seq: int, body: bytes, signature: str) -> Batch | Void | Restart:
        """Verify the entry that the server says has number ``seq``, and return it.

        Raises:
            ReteamzError: ``batch_forged``, ``batch_altered``, ``batch_missing``, ``batch_reordered``.
        """
        mark = self._mark
        if mark is None:
            try:
                verify_batch(self._key, body, signature)
            except ReteamzError:
                raise self._wrong("batch_forged", seq, "is not signed by the device") from None
        try:
            batch = decode_body(body)
        except ReteamzError:
            raise self._wrong("batch_altered", seq, "is not of the agreed form") from None
        if (batch.account, batch.device) != (self._account, self._device):
            raise self._wrong("batch_forged", seq, "is another device's")
        if batch.seq != seq or seq <= self.head.seq:
            raise self._wrong("batch_reordered", seq, "is not in its place")
        if isinstance(batch, Restart):
            self._restart(batch)
        elif seq != self.head.seq + 1:
            raise self._wrong("batch_missing", self.head.seq + 1, "is missing")
        elif batch.prev != self.head.sha256:
            raise self._wrong("batch_altered", seq, "does not follow from the one before")
        self.head = Head(seq, sha256(body))
        if mark is not None:
            self.restated += 1
            self._reach(mark)
        return batch

    def _reach(self, mark: PruneMark) -> None:
        """Go on from what the device signed, once the restatements turn out to be those that the owner vouches for."""
        if self.head.seq < mark.seq:
            return
        if self.head != Head(mark.seq, mark.restated):
            raise self._wrong("batch_altered", self.head.seq, "is not what the owner signed when history was encrypted")
        self.head, self._mark = Head(mark.seq, mark.sha256), None

    def finish(self, head: Head) -> None:
        """Require the journal to reach ``head``, as shown or as receipted (spec 10.1, 10.3). Raises ``tail_withheld``."""
        if (
            self._mark is not None
            or self.head.seq < head.seq
            or (self.head.seq == head.seq and self.head.sha256 != head.sha256)
        ):
            raise ReteamzError("tail_withheld", "The server withholds the last batches; do not trust this server.")

    def _restart(self, batch: Restart) -> None:
        if (batch.lost.after, batch.lost.sha256) != (self.head.seq, self.head.sha256):
            raise self._wrong("batch_missing", self.head.seq + 1, "is missing")
        if batch.seq == self.head.seq + 1:
            if batch.prev != self.head.sha256:
                raise self._wrong("batch_altered", batch.seq, "does not follow from the one before")
        else:
            self.lost.append((self.head.seq + 1, batch.seq - 1))

    def _wrong(self, code: Code, seq: int, what: str) -> ReteamzError:
        return ReteamzError(code, f"Batch {seq} of device {self._device} {what}; do not trust this server's reports.")
