"""What the owner opens of the sealed content that verified batches list (spec 5.5)."""

from __future__ import annotations

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


def listed(owner: Owner, device: str) -> list[tuple[Blob, str]]:
    """Return every blob that a device's batches list, with its person in the clear; each listing once."""
    reader = owner.reader()
    found: dict[str, tuple[Blob, str]] = {}
    after = 0
    while entries := owner.connection.get(f"/api/journal/{device}", dict, after=after)["entries"]:
        for entry in entries:
            after = entry["seq"]
            batch = decode_body(b64decode(entry["body"]))
            for blob in batch.blobs if isinstance(batch, Batch) else ():
                assert isinstance(batch, Batch)
                person = reader.replace(batch.tokens[blob.person]) if blob.person >= 0 else ""
                found.setdefault(blob.sha256, (blob, person))
    return list(found.values())


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
