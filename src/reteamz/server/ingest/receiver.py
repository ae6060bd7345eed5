"""One request of an agent, from bytes to acknowledgement (spec 9, 11.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from reteamz.server.ingest.admission import Sender, check_admitted, check_known
from reteamz.server.ingest.body import decoded
from reteamz.server.ingest.committer import Committer
from reteamz.server.store.activity import Stored
from reteamz.wire.batch import Batch, Head, check_batch, decode_body
from reteamz.wire.encoding import b64decode
from reteamz.wire.signing import verify_batch


class Directory(Protocol):
    """Finds a device; ``reteamz.server.devices.directory.DeviceDirectory`` is one."""

    async def get(self, device: str) -> Sender | None: ...


class Receiver:
    """Checks batches in the order that gives strangers least: device, signature, form, mode, chain.

    Args:
        directory: finds devices.
        committer: stores what passed.
        now: the server's clock, in milliseconds.
    """

    def __init__(self, directory: Directory, committer: Committer, now: Callable[[], int]) -> None:
        self._directory = directory
        self._committer = committer
        self._now = now
        self._key = lru_cache(maxsize=65_536)(Ed25519PublicKey.from_public_bytes)

    async def receive(self, device: str, signature: str, encoding: str, raw: bytes) -> Head:
        """Store one batch, void or restart.

        Args:
            device: header ``Reteamz-Device``.
            signature: header ``Reteamz-Signature``, base64.
            encoding: header ``Content-Encoding``.
            raw: the body as it travelled.

        Returns:
            Number and hash of the batch, which is on disk.

        Raises:
            ReteamzError: a code of spec 11.5; ``ChainError`` with the head for ``chain_gap`` and ``chain_fork``.
        """
        sender = check_known(await self._directory.get(device))
        body = decoded(raw, encoding)
        verify_batch(self._key(sender.signing_key), body, signature)
        message = decode_body(body)
        check_admitted(sender, message)
        now = self._now()
        sha256 = hashlib.sha256(body).digest()
        sealed = b64decode(signature)
        if isinstance(message, Batch):
            fields = check_batch(message, now)
            batch = Stored(
                message.account, message.device, message.seq, sha256, body, sealed, now,
                message.tokens, fields, message.events, message.blobs, message.notices,
            )  # fmt: skip
        else:
            batch = Stored(message.account, message.device, message.seq, sha256, body, sealed, now, [], [], [], [])
        return await self._committer.submit(message, batch)
