"""Seals records at once, lists them in batches and delivers them; nothing but ciphertext is kept (spec 5, 9.3, 11.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from reteamz.agent.records.record import TEXTS_BYTES, Record, Text, TextKind, Texts, clipped
from reteamz.agent.spool.blobs import Blobs, Listing, Waiting
from reteamz.agent.sync.client import Client, Refusal
from reteamz.agent.sync.sync import STOPPING
from reteamz.crypto.sealing import Context, seal
from reteamz.crypto.signing import sign_request
from reteamz.wire import limits
from reteamz.wire.batch import SealedKind
from reteamz.wire.encoding import b64decode, joined, sha256
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicRsa
from reteamz.wire.signing import BLOB

if TYPE_CHECKING:
    from reteamz.agent.device import Device

Consented = Callable[[str, SealedKind], bool]
"""Tells whether a person accepted the notice that names this kind."""

ROUND: Final = 64
"""Most blobs that are sent between two looks at what else there is to send."""
LISTED: Final = 4 * limits.BATCH_BLOBS
"""Most blobs that are listed at a time."""


class _Open(msgspec.Struct):
    """Text records that no batch lists yet: sealed together again with every one that comes."""

    number: int
    epoch: int
    texts: list[Text]
    bytes: int


class Records:
    """The sealed content of one device. ``take``, ``take_text`` and ``unlisted`` are called under the device's lock, ``push`` is not."""

    def __init__(self, device: Device, blobs: Blobs, client: Client, consented: Consented) -> None:
        self._device = device
        self._blobs = blobs
        self._client = client
        self._consented = consented
        self._open: dict[tuple[str, TextKind], _Open] = {}

    def allowed(self, person: str, kind: SealedKind) -> bool:
        """Tell whether a kind may be recorded of a person: confirmed device, the owner's policy, the person's consent."""
        device = self._device
        return (
            device.mode == "encrypted" and kind in device.policy_for(person).records and self._consented(person, kind)
        )

    def take(self, record: Record) -> str | None:
        """Seal and keep a record; return its hash, or None for what may not be recorded or cannot be kept.

        Raises:
            ReteamzError: those of the spool; ``disk_full`` only when there was nothing older to give up.
        """
        key = self._device.trust.sealing()
        if key is None or not self.allowed(record.person, record.kind):
            return None
        try:
            sealed = self._sealed(key, record)
        except ReteamzError:
            self._gave_up(record.person, 1)
            return None
        self._put(record, sealed, None)
        return sha256(sealed)

    def take_text(self, person: str, kind: TextKind, text: Text) -> bool:
        """Seal and keep a text record, together with those of its kind that no batch lists yet; tell whether it may be recorded.

        Raises those of the spool.
        """
        key = self._device.trust.sealing()
        if key is None or not self.allowed(person, kind):
            return False
        text = msgspec.structs.replace(text, text=clipped(text.text))
        size = len(msgspec.json.encode(text)) + 1
        before = self._open.get((person, kind))
        if before is not None and before.epoch == key[1] and before.bytes + size <= TEXTS_BYTES:
            texts, size = [*before.texts, text], before.bytes + size
            number = self._put_texts(key, person, kind, texts, before.number)
            if number is not None:
                self._open[person, kind] = _Open(number, key[1], texts, size)
                return True
            # A batch lists the others meanwhile: this one begins anew.
            size -= before.bytes
        number = self._put_texts(key, person, kind, [text], None)
        if number is not None:
            self._open[person, kind] = _Open(number, key[1], [text], size)
        return True

    def _put_texts(
        self, key: tuple[PublicRsa, int], person: str, kind: TextKind, texts: list[Text], instead_of: int | None
    ) -> int | None:
        data = msgspec.json.encode(Texts(1, texts))
        record = Record(kind, "application/json", texts[0].at, person, {}, data)
        return self._put(record, self._sealed(key, record), instead_of)

    def unlisted(self) -> list[Listing]:
        """Return what the next batches list."""
        return self._blobs.unlisted(LISTED)

    def push(self, most: int = ROUND) -> bool:
        """Send what acknowledged batches list, oldest first; tell whether more waits that may be sent now.

        Raises:
            ReteamzError: ``server_unreachable``, refusals to wait out, and those that stop (spec 11.5).
        """
        for _ in range(most):
            waiting = self._blobs.next()
            if waiting is None or not self._sent(waiting):
                return False
        return True

    def waiting(self) -> int:
        """Return how many blobs wait for the server."""
        return self._blobs.count()

    def lost(self, listings: list[Listing]) -> None:
        """Tell the owner of sealed content that was given up."""
        for person, count in Counter(listing.person for listing in listings).items():
            self._gave_up(person, count)

    def _sent(self, waiting: Waiting) -> bool:
        """Send one blob; False when the others must wait as well."""
        device, listing = self._device, waiting.listing
        state = device.trust.state
        if sha256(waiting.data) != listing.sha256:
            # The disk gave back something else than was written.
            self._give_up(waiting)
            return True
        signature = sign_request(device.signing, BLOB, joined(state.account, state.device, listing.sha256))
        try:
            self._client.blob(state.device, b64decode(listing.sha256).hex(), waiting.data, signature)
        except Refusal as refusal:
            return self._refused(waiting, refusal)
        self._blobs.delete(waiting.number)
        return True

    def _refused(self, waiting: Waiting, refusal: Refusal) -> bool:
        """Do what the code asks for (spec 11.6), or raise it."""
        match refusal.code:
            case "blob_unknown" | "blob_too_large":
                # Unknown: a restart comes first, which lists it again. Too large: for something between here and the server.
                if self._blobs.tried(waiting.number):
                    self.lost([waiting.listing])
                return refusal.code == "blob_too_large"
            case "blob_refused" | "input_invalid":
                self._give_up(waiting)
                return True
            case code if code in STOPPING:
                self._device.stop(refusal)
        raise refusal

    def _give_up(self, waiting: Waiting) -> None:
        self.lost([waiting.listing])
        self._blobs.delete(waiting.number)

    def _sealed(self, key: tuple[PublicRsa, int], record: Record) -> bytes:
        state = self._device.trust.state
        context = Context(state.account, state.device, record.kind, record.at, record.media)
        caption: dict[str, Any] = {name: value for name, value in record.caption.items() if value != ""}
        return seal(*key, context, caption, record.data)

    def _put(self, record: Record, sealed: bytes, instead_of: int | None) -> int | None:
        listing = Listing(sha256(sealed), len(sealed), record.kind, record.media, record.person, record.at)
        try:
            number, lost = self._blobs.put(listing, sealed, instead_of)
        except ReteamzError as error:
            if error.code != "disk_full":
                raise
            # What is freed is written again: the oldest makes room for the new.
            self.lost(self._blobs.free(2 * len(sealed)))
            number, lost = self._put_at_last(listing, sealed, instead_of)
        self.lost(lost)
        return number

    def _put_at_last(self, listing: Listing, sealed: bytes, instead_of: int | None) -> tuple[int | None, list[Listing]]:
        try:
            return self._blobs.put(listing, sealed, instead_of)
        except ReteamzError:
            self._gave_up(listing.person, 1)
            raise

    def _gave_up(self, person: str, count: int) -> None:
        self._device.notice("records_lost", person, count)
