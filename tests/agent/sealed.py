"""What the owner reads of batches: the sealed content that they list (spec 5.5), and notices (spec 17)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from reteamz.agent.records.record import Text, Texts
from reteamz.crypto.keyring import sealing_keys
from reteamz.crypto.sealing import Context, unseal
from reteamz.owner.client import Owner
from reteamz.wire.batch import Batch, Blob, decode_body
from reteamz.wire.encoding import b64decode, sha256
from reteamz.wire.errors import ReteamzError


@dataclass
class Opened:
    """One record in the clear."""

    kind: str
    media: str
    at: int
    person: str
    caption: dict[str, Any]
    data: bytes
    sha256: str

    def texts(self) -> list[Text]:
        return msgspec.json.decode(self.data, type=Texts).records


def batches(owner: Owner, device: str) -> Iterator[Batch]:
    """Yield what a device signed, voids and restarts left out."""
    after = 0
    while entries := owner.connection.get(f"/api/journal/{device}", dict, after=after)["entries"]:
        for entry in entries:
            after = entry["seq"]
            batch = decode_body(b64decode(entry["body"]))
            if isinstance(batch, Batch):
                yield batch


def listed(owner: Owner, device: str) -> list[tuple[Blob, str]]:
    """Return every blob that a device's batches list, with its person in the clear; each listing once."""
    reader = owner.reader()
    found: dict[str, tuple[Blob, str]] = {}
    for batch in batches(owner, device):
        for blob in batch.blobs:
            person = reader.replace(batch.tokens[blob.person]) if blob.person >= 0 else ""
            found.setdefault(blob.sha256, (blob, person))
    return list(found.values())


def signed_notices(owner: Owner, device: str) -> list[tuple[str, str, int]]:
    """Return code, person in the clear and count of every notice that a device signed, in order."""
    reader = owner.reader()
    return [
        (notice.code, reader.replace(batch.tokens[notice.person]) if notice.person >= 0 else "", notice.count)
        for batch in batches(owner, device)
        for notice in batch.notices
    ]


def opened(owner: Owner, device: str) -> list[Opened]:
    """Open what has arrived, oldest first."""
    keys = sealing_keys(owner.bundle.keyring)
    records = []
    for blob, person in listed(owner, device):
        try:
            data = owner.connection.bytes(f"/api/blobs/{blob.sha256}")
        except ReteamzError:
            # Listed, and not here yet.
            continue
        assert (sha256(data), len(data)) == (blob.sha256, blob.bytes)
        context = Context(owner.account, device, blob.kind, blob.at, blob.media)
        caption, content = unseal(keys, data, context)
        records.append(Opened(blob.kind, blob.media, blob.at, person, caption, content, blob.sha256))
    return sorted(records, key=lambda record: record.at)
