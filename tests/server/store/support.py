"""Batches as the committer gives them to the store."""

from __future__ import annotations

from tests.server.ingest.support import NOW_MS, Signed

from reteamz.server.store.activity import Stored
from reteamz.wire.batch import Batch, check_batch, decode_body
from reteamz.wire.encoding import b64decode


def stored(signed: Signed) -> Stored:
    """Return a signed batch as it is stored."""
    message = decode_body(signed.body)
    assert isinstance(message, Batch)
    return Stored(
        message.account, message.device, message.seq, b64decode(signed.sha256), signed.body, b64decode(signed.signature), NOW_MS,
        message.tokens, check_batch(message, NOW_MS * 2), message.events, message.blobs, message.notices,
    )  # fmt: skip
