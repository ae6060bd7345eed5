"""Decoding of Content-Encoding with a limit on what comes out (spec 9.5, 9.10)."""

from __future__ import annotations

import zlib
from typing import Final

import zstandard

from reteamz.wire.batch import refused
from reteamz.wire.errors import ReteamzError
from reteamz.wire.limits import BATCH_BYTES

_GZIP: Final = 31
_ZSTD_WINDOW: Final = 8 * 1024 * 1024
"""Largest window a sender may ask for, in bytes: bounds memory whatever the frame says."""


def _too_large() -> ReteamzError:
    return refused("batch_too_large", "A batch has at most 1 MiB; send smaller batches.")


def decoded(raw: bytes, encoding: str) -> bytes:
    """Return the body that was signed.

    Args:
        raw: bytes as they travelled.
        encoding: the Content-Encoding header; "" or ``identity``, ``gzip``, ``zstd``.

    Raises:
        ReteamzError: ``batch_too_large`` above 1 MiB of decoded body, ``batch_malformed`` for a damaged or unknown encoding.
    """
    match encoding.strip().lower():
        case "" | "identity":
            body = raw
        case "gzip":
            body = _gunzip(raw)
        case "zstd":
            body = _unzstd(raw)
        case _:
            raise refused("batch_malformed", "A batch travels as gzip, zstd or as it is; update the agent.")
    if len(body) > BATCH_BYTES:
        raise _too_large()
    return body


def _gunzip(raw: bytes) -> bytes:
    inflate = zlib.decompressobj(wbits=_GZIP)
    try:
        body = inflate.decompress(raw, BATCH_BYTES + 1)
    except zlib.error:
        raise refused("batch_malformed", "The batch is not the gzip that it says; send it again.") from None
    if len(body) > BATCH_BYTES:
        raise _too_large()
    if not inflate.eof or inflate.unused_data:
        raise refused("batch_malformed", "The batch was cut off or has bytes after its end; send it again.")
    return body


def _unzstd(raw: bytes) -> bytes:
    reader = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).stream_reader(raw, read_across_frames=False)
    try:
        size = zstandard.get_frame_parameters(raw).content_size
        known = size not in (zstandard.CONTENTSIZE_UNKNOWN, zstandard.CONTENTSIZE_ERROR)
        body = reader.read(BATCH_BYTES + 1)
    except zstandard.ZstdError:
        raise refused("batch_malformed", "The batch is not the zstd that it says; send it again.") from None
    if len(body) > BATCH_BYTES:
        raise _too_large()
    if known and size != len(body):
        raise refused("batch_malformed", "The batch was cut off or has bytes after its end; send it again.")
    return body
