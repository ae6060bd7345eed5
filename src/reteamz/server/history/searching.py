"""Looks for plain entries in files: an erasure is done only when none is found (server page, "Dictionary")."""

from __future__ import annotations

from collections.abc import Iterable, Set
from pathlib import Path
from typing import Final

import msgspec

from reteamz.wire.tokens import FIELDS

CHUNK: Final = 1024 * 1024
OVERLAP: Final = 16 * 1024
"""More than any entry has, escaped."""
_HEAD: Final = 12
_STARTS: Final = tuple(f"{field}:".encode() for field in FIELDS)


class Search:
    """Finds entries as bytes: as they are, and as JSON writes them. Every entry begins with its field, which finds the places to look at."""

    def __init__(self, entries: Set[str]) -> None:
        self._by_head: dict[bytes, list[bytes]] = {}
        for entry in entries:
            as_it_is = entry.encode("utf-8", "surrogatepass")
            for pattern in {as_it_is, msgspec.json.encode(as_it_is.decode("utf-8", "replace"))[1:-1]}:
                self._by_head.setdefault(pattern[:_HEAD], []).append(pattern)
        self._lengths = sorted({len(head) for head in self._by_head})

    def within(self, data: bytes) -> bool:
        """Tell whether some bytes hold an entry."""
        for start in _STARTS:
            place = data.find(start)
            while place >= 0:
                for length in self._lengths:
                    for pattern in self._by_head.get(data[place : place + length], ()):
                        if data.startswith(pattern, place):
                            return True
                place = data.find(start, place + 1)
        return False

    def in_file(self, path: Path) -> bool:
        """Tell whether a file holds an entry; one that is gone meanwhile does not. Blocks."""
        kept = b""
        try:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    if self.within(kept + chunk):
                        return True
                    kept = (kept + chunk)[-OVERLAP:]
        except FileNotFoundError:
            return False
        return False


def files_of(data: Path, stores: Iterable[Path], but: Path) -> list[Path]:
    """Return the files of the data folder, and those that belong to stores elsewhere, without one of them."""
    places = [data.rglob("*"), *(store.parent.glob(f"{store.name}*") for store in stores)]
    found = {path.resolve() for place in places for path in place if path.is_file()}
    return sorted(found - {but.resolve()})
