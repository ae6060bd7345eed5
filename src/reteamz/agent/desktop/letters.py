"""Characters as platforms hand them over: dead keys composed, halves of pairs put together or taken out."""

from __future__ import annotations

import unicodedata
from typing import Final

_SPACING: Final = {" \u0301": "´", " \u0300": "`", " \u0302": "^", " \u0303": "~", " \u0308": "¨"}


def composed(text: str, marks: str) -> str:
    """Return what dead keys and the character after them write; ``marks`` are combining characters."""
    if text == " ":
        spacing = unicodedata.normalize("NFKC", " " + marks)
        return _SPACING.get(spacing, spacing)
    return unicodedata.normalize("NFC", text + marks)


def well_formed(text: str) -> str:
    """Return text that every encoding takes.

    Windows and macOS count in UTF-16: what was cut off in the middle of a character ends in half of it, and what comes in two halves belongs
    together.
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
