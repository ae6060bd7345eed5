"""Takes the sealed content that a committed batch announced (spec 5.5, 11.4)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from tempfile import TemporaryFile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from reteamz.server.blobs.store import BlobStore
from reteamz.server.ingest.admission import Sender, check_known
from reteamz.server.store.activity import ActivityStore
from reteamz.wire.encoding import b64encode, joined
from reteamz.wire.errors import ReteamzError
from reteamz.wire.signing import BLOB, verify_request


async def receive(
    sender: Sender | None,
    digest: str,
    signature: str,
    chunks: AsyncIterator[bytes],
    activity: ActivityStore,
    blobs: BlobStore,
) -> bool:
    """Store a blob, and tell whether it is new.

    Args:
        sender: the device, None for an unknown one.
        digest: SHA-256 of the blob in hex.
        signature: header ``Reteamz-Signature``.
        chunks: the body as it comes; read only once everything else is in order.

    Raises:
        ReteamzError: ``device_unknown``, ``device_removed``, ``signature_invalid``, ``input_invalid``, ``blob_unknown``,
            ``blob_refused``, ``blob_too_large``.
    """
    device = check_known(sender)
    raw = _raw(digest)
    sha256 = b64encode(raw)
    key = Ed25519PublicKey.from_public_bytes(device.signing_key)
    verify_request(key, BLOB, joined(device.account, device.device, sha256), signature)
    listed = await asyncio.to_thread(activity.listed_blob, device.device, sha256)
    if listed is None:
        raise ReteamzError("blob_unknown", "No batch of this device lists the blob; send the batch first.")
    if await blobs.has(device.account, sha256):
        return False
    size, hashed = 0, hashlib.sha256()
    # On disk, not in memory: many devices send at the same time. The name is gone already, so nothing stays behind.
    with TemporaryFile() as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > listed.bytes:
                raise ReteamzError("blob_too_large", "The blob is larger than the batch says; send it again.")
            hashed.update(chunk)
            file.write(chunk)
        if size != listed.bytes or hashed.digest() != raw:
            raise ReteamzError("blob_refused", "The blob is not the one that the batch lists; send it again.")
        file.seek(0)
        await blobs.put(device.account, sha256, file)
    return True


def _raw(digest: str) -> bytes:
    try:
        raw = bytes.fromhex(digest)
    except ValueError:
        raw = b""
    if len(raw) != 32 or raw.hex() != digest:
        raise ReteamzError("input_invalid", "A blob is named by its SHA-256 in hex; update the agent.")
    return raw
