"""The shape of tokens and plain entries, as far as one can tell without a key (spec 4)."""

from __future__ import annotations

import re
from typing import Final, Literal, get_args

from reteamz.wire import limits

Field = Literal["app", "title", "url", "site", "doc", "person", "computer", "user", "label"]

FIELDS: Final[tuple[Field, ...]] = get_args(Field)
BUCKETS: Final = (16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096)
LENGTHS: Final = frozenset(-(-(bucket + 16) * 4 // 3) for bucket in BUCKETS)
"""Lengths of the base64 part, in characters (spec 4.6)."""

_FIELD = "|".join(FIELDS)
TOKEN: Final = re.compile(rf"rtz1\.({_FIELD})\.([1-9][0-9]{{0,4}})\.([A-Za-z0-9_-]+)")
BASE64: Final = re.compile(r"[A-Za-z0-9_-]*")
PLAIN: Final = re.compile(rf"({_FIELD}):(.+)", re.DOTALL)


def split_token(token: str) -> tuple[Field, int, str] | None:
    """Return field, epoch and base64 part of a well-formed token, else None (spec 4.4, 4.6)."""
    match = TOKEN.fullmatch(token)
    if match is None or len(match[3]) not in LENGTHS or int(match[2]) > limits.EPOCH_MOST:
        return None
    return match[1], int(match[2]), match[3]  # type: ignore[return-value]  # the pattern admits fields only


def split_plain(entry: str) -> tuple[Field, str] | None:
    """Return field and text of a plain entry, else None (spec 4.7)."""
    match = PLAIN.fullmatch(entry)
    if match is None or len(match[2].encode("utf-8", "surrogatepass")) > limits.TEXT_BYTES:
        return None
    return match[1], match[2]  # type: ignore[return-value]  # the pattern admits fields only


def is_token(text: str) -> bool:
    """Tell whether the whole text is one well-formed token."""
    return split_token(text) is not None


def field_of(entry: str) -> str:
    """Return the field of a token or plain entry, "" for what is neither."""
    return (split_token(entry) or split_plain(entry) or ("",))[0]
