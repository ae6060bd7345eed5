"""How the body of a batch lies on disk: compressed, without its tokens when the very same bytes can be made again.

Tokens do not compress, and the dictionary has them anyway. A body of the usual form holds its ``tokens`` list as the exact JSON
of the dictionary's texts; then it is stored as what comes before and after, the place of the cut, and the dictionary ids. Whether the
signed bytes come back is proved before the commit, by the same function that reads them later; otherwise the body is kept whole.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import zstandard

from reteamz.wire.limits import BATCH_BYTES

WHOLE: Final = -1
_LABEL: Final = b'"tokens":'


class Packer:
    """Compresses bodies. Used by one thread."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdCompressor(level=1, write_content_size=True, write_checksum=False)

    def pack(self, body: bytes, tokens: list[str], ids: list[int]) -> tuple[bytes, int, bytes]:
        """Return compressed body, place of the cut (``WHOLE`` for none) and the ids as little-endian 32-bit integers."""
        packed_ids = np.array(ids, dtype="<i4").tobytes()
        if tokens:
            listed = msgspec.json.encode(tokens)
            label = body.find(_LABEL)
            cut = label + len(_LABEL)
            if label >= 0 and body.startswith(listed, cut):
                return self._zstd.compress(body[:cut] + body[cut + len(listed) :]), cut, packed_ids
        return self._zstd.compress(body), WHOLE, packed_ids


def token_numbers(packed: bytes) -> list[int]:
    """Return the dictionary ids of a packed batch, in the order of its tokens."""
    numbers: list[int] = np.frombuffer(packed, dtype="<i4").tolist()
    return numbers


def unpack(packed: bytes, cut: int, tokens: list[str]) -> bytes:
    """Return the signed bytes of a batch; ``tokens`` are the dictionary texts that its ids stood for when it was stored."""
    rest = zstandard.ZstdDecompressor().decompress(packed, max_output_size=BATCH_BYTES)
    if cut == WHOLE:
        return rest
    return rest[:cut] + msgspec.json.encode(tokens) + rest[cut:]
