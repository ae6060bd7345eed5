"""What lists of sealed records say."""

from __future__ import annotations

import msgspec

from reteamz.wire.jwk import PublicOkp


class SealedBlob(msgspec.Struct, frozen=True):
    """One blob, as the batch ``seq`` lists it. ``arrived`` tells whether its bytes are here."""

    sha256: str
    bytes: int
    media: str
    seq: int
    arrived: bool
    received_at: int
    """When its batch came, by the server's clock in milliseconds."""


class Moment(msgspec.Struct, frozen=True):
    """What one computer recorded of one person and kind at one time; a screenshot is a picture and its thumbnail, of each monitor.

    Attributes:
        person_id: dictionary id, 0 for none; ``person`` its entry.
        at: milliseconds.
        day, utc_offset_min: the local day, and the clock, of the account's time zone.
        blobs: the smallest first, which is the thumbnail as a rule.
    """

    device: str
    person_id: int
    person: str
    kind: str
    at: int
    day: str
    utc_offset_min: int
    blobs: list[SealedBlob]


class RecordsPage(msgspec.Struct, frozen=True):
    """One page of moments, the newest day first, and within a day person by person, the earliest first.

    ``kinds`` counts the moments of every kind that the filter meets, whichever kinds were asked for.
    """

    first: str
    last: str
    kinds: dict[str, int]
    rows: list[Moment]
    count: int
    page: int
    pages: int
    limit: int
    next: int | None


class Proof(msgspec.Struct, frozen=True):
    """A batch as it was signed, and the key that signed it: what a browser needs to believe what the batch lists (spec 5.5)."""

    seq: int
    body: str
    signature: str
    signing: PublicOkp
