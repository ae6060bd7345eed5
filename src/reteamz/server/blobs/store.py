"""The blob store: a folder or a bucket, one object a blob."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

from reteamz.wire.encoding import b64decode


class BlobStore:
    """Keeps sealed blobs under account and hash.

    Args:
        url: ``file:///…`` or ``s3://…``.
    """

    def __init__(self, url: str) -> None:
        self._store: ObjectStore
        if url.startswith("file:///"):
            self._store = LocalStore(Path("/" + url.removeprefix("file:///")), mkdir=True)
        else:
            self._store = from_url(url)

    async def has(self, account: str, sha256: str) -> bool:
        """Tell whether a blob is here; ``sha256`` in base64."""
        try:
            await obstore.head_async(self._store, _path(account, sha256))
        except FileNotFoundError:
            return False
        return True

    async def put(self, account: str, sha256: str, data: BinaryIO | bytes) -> None:
        """Store a blob whole, or not at all."""
        await obstore.put_async(self._store, _path(account, sha256), data)

    async def get(self, account: str, sha256: str) -> bytes | None:
        """Return a blob, None when it is not here."""
        try:
            found = await obstore.get_async(self._store, _path(account, sha256))
        except FileNotFoundError:
            return None
        return bytes(await found.bytes_async())


def _path(account: str, sha256: str) -> str:
    name = b64decode(sha256).hex()
    return f"{b64decode(account).hex()}/{name[:2]}/{name}"
