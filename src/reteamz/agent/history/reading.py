"""Reads an export of ActivityWatch, of its server in Python or in Rust, event by event: a file of any length in little memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any, Final

import ijson
import msgspec

from reteamz.agent.history.staging import Staging
from reteamz.agent.localapi import bodies
from reteamz.wire.errors import ReteamzError

_CHUNK: Final = 64 * 1024
_TEXT: Final = 4_000
"""Longest text of an event's data that is read, in characters."""
_SEVERAL: Final = ("start_map", "start_array")
_ENDS: Final = ("end_map", "end_array")
WINDOW, AFK, WEB = "currentwindow", "afkstatus", "web.tab.current"
_KEPT: Final = {WINDOW: ("app", "title"), AFK: ("status",), WEB: ("url", "title", "incognito", "audible")}
_ALL: Final = tuple({name for names in _KEPT.values() for name in names})


class Source(msgspec.Struct):
    """A bucket of the file; ``skipped`` counts what is no event."""

    number: int
    id: str
    type: str = ""
    hostname: str = ""
    skipped: int = 0


class _Counted:
    """A file that says how far it was read."""

    def __init__(self, file: IO[bytes], read: Callable[[int], object]) -> None:
        self._file = file
        self._told = read

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(_CHUNK if size < 0 else size)
        self._told(len(data))
        return data


def read(file: IO[bytes], staging: Staging, progress: Callable[[int], object] = lambda _: None) -> list[Source]:
    """Put the events of an export into the staging and return its buckets; ``progress`` is told how many bytes were read.

    Raises:
        ReteamzError: ``input_invalid`` for what is no export, or a damaged one.
    """
    tokens = ijson.basic_parse(_Counted(file, progress), buf_size=_CHUNK, use_float=True)
    sources: list[Source] = []
    try:
        _expect(next(tokens), "start_map")
        for key in _members(tokens):
            if key != "buckets":
                _skip(tokens, next(tokens)[0])
                continue
            _expect(next(tokens), "start_map")
            for id_ in _members(tokens):
                sources.append(Source(len(sources), id_))
                _bucket(tokens, sources[-1], staging)
        # Whatever stands behind the end is told as well.
        _skip(tokens, next(tokens, ("", None))[0])
    except (ijson.JSONError, StopIteration, UnicodeDecodeError, ValueError, OverflowError):
        raise _no_export() from None
    if not sources:
        raise _no_export()
    return sources


def _bucket(tokens: Iterator[tuple[str, Any]], source: Source, staging: Staging) -> None:
    _expect(next(tokens), "start_map")
    for key in _members(tokens):
        event, value = next(tokens)
        if key == "events" and event == "start_array":
            _events(tokens, source, staging)
        elif event in _SEVERAL:
            _skip(tokens, event)
        elif key in ("id", "type", "hostname") and event == "string":
            setattr(source, key, value[:_TEXT])


def _events(tokens: Iterator[tuple[str, Any]], source: Source, staging: Staging) -> None:
    for event, _ in tokens:
        if event == "end_array":
            return
        if event != "start_map":
            _skip(tokens, event)
            source.skipped += 1
            continue
        # Members of any order: what kind of bucket this is may be said after its events.
        told: dict[str, Any] = {}
        for key in _members(tokens):
            kind, value = next(tokens)
            if key == "data" and kind == "start_map":
                told["data"] = _data(tokens)
            elif kind in _SEVERAL:
                _skip(tokens, kind)
            else:
                told[key] = value
        try:
            staging.add(source.number, bodies.event(told))
        except ReteamzError:
            source.skipped += 1


def _data(tokens: Iterator[tuple[str, Any]]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key in _members(tokens):
        kind, value = next(tokens)
        if kind in _SEVERAL:
            _skip(tokens, kind)
        elif key in _ALL:
            data[key] = value[:_TEXT] if isinstance(value, str) else value
    return data


def _members(tokens: Iterator[tuple[str, Any]]) -> Iterator[str]:
    """Yield the keys of an object; each time its value is to be read."""
    for event, value in tokens:
        if event == "end_map":
            return
        _expect((event, value), "map_key")
        yield value


def _skip(tokens: Iterator[tuple[str, Any]], event: str) -> None:
    depth = 1 if event in _SEVERAL else 0
    while depth:
        event = next(tokens)[0]
        depth += (event in _SEVERAL) - (event in _ENDS)


def _expect(token: tuple[str, Any], event: str) -> None:
    if token[0] != event:
        raise _no_export()


def _no_export() -> ReteamzError:
    return ReteamzError(
        "input_invalid", "This is no export of ActivityWatch, or a damaged one; export it again there, under Raw Data."
    )
