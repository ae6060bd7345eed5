"""Normalisation of names before they are encrypted (spec 4.1, 4.2)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import ada_url

from reteamz.wire import limits
from reteamz.wire.tokens import Field

SPACES: Final = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_USER_INFO: Final = re.compile(r"^([^/?#]*?://)([^/?#]*)@")
_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def normalise(field: Field, text: str) -> str:
    """Return the text that is encrypted for ``field``; empty when there is no name (spec 4.1)."""
    text = unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", text)).strip(SPACES)
    if field == "app":
        text = text.translate(_LOWER)
    elif field == "site":
        text = _host(text)
    elif field == "url":
        text = _USER_INFO.sub(r"\1", text.partition("#")[0])
    return _cut(unicodedata.normalize("NFC", text))


def _host(text: str) -> str:
    """Return the host as the WHATWG URL standard serialises it, "" for what its parser refuses (spec 4.2)."""
    if not text:
        return ""
    try:
        host: str = ada_url.URL(text if _SCHEME.match(text) else f"http://{text}").hostname
    except ValueError:
        return ""
    # Browsers disagree here: Chromium escapes what the standard refuses, and takes an IPv6 address in full-width digits.
    strange = "%" in host or "*" in host or (host.startswith("[") and not text.partition("]")[0].isascii())
    return "" if strange else host


def _cut(text: str) -> str:
    """Cut at a character boundary to 4 095 bytes."""
    data = text.encode()
    return text if len(data) <= limits.TEXT_BYTES else data[: limits.TEXT_BYTES].decode(errors="ignore")
