"""What a request brings: JSON of any content type, or files of a form; read into events."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from starlette.requests import Request

from reteamz.agent.localapi.store import Told
from reteamz.agent.localapi.times import bad, to_duration, to_ms

BODY_BYTES: Final = 4 * 1024 * 1024
IMPORT_BYTES: Final = 32 * 1024 * 1024
"""Longest import by the API; ``reteamz agent import`` takes files of any length."""
_BOUNDARY: Final = re.compile(r'multipart/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,200})"|([^\s";,]{1,200}))', re.I)
_INTEGER: Final = 2**63
"""Integers from here on become numbers with a point, as browsers read them."""


async def raw(request: Request, most: int = BODY_BYTES) -> bytes:
    """Return the body of a request. Raises ``input_invalid`` when it is longer than ``most`` bytes."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            raise bad(f"A request has at most {most // 1024 // 1024} MiB; send less at a time.")
    return bytes(data)


def read(data: bytes) -> Any:
    """Return the JSON of a body, whatever content type it says; None for an empty one. Raises ``input_invalid``."""
    if not data:
        return None
    try:
        read: Any = json.loads(data, parse_constant=_refuse, parse_float=_finite, parse_int=_whole)
        return whole_characters(read)
    except (ValueError, RecursionError):
        raise bad("The request is not JSON.") from None


def files(content_type: str, data: bytes) -> list[Any]:
    """Return the JSON of every file of a form, or of the body that is no form. Raises ``input_invalid``."""
    found = _BOUNDARY.match(content_type)
    if found is None:
        return [read(data)]
    border = b"--" + (found[1] or found[2]).encode("latin-1", "replace")
    parts = (b"\r\n" + data).split(b"\r\n" + border)
    if len(parts) < 3 or not parts[-1].startswith(b"--"):
        raise bad("The form ends before its last file.")
    told = []
    for part in parts[1:-1]:
        head, blank, content = part.partition(b"\r\n\r\n")
        if not blank:
            raise bad("A part of the form has no content.")
        if re.search(rb"filename\*?=", head, re.I):
            told.append(read(content))
    if not told:
        raise bad("The form has no file.")
    return told


def whole_characters(value: Any) -> Any:
    """Return the value with U+FFFD for halves of characters: a browser's title may be cut inside one, and has no UTF-8 then."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.loads(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
    return value


def event(item: Any) -> Told:
    """Return an event; its id is ours to give. Raises ``input_invalid``."""
    if not isinstance(item, dict) or not isinstance(item.get("data"), dict):
        raise bad("An event has timestamp, duration and data.")
    start, length = to_ms(item.get("timestamp")), to_duration(item.get("duration"))
    return Told(start, length, item["data"])


def events(body: Any) -> list[Told]:
    """Return one event, or those of a list. Raises ``input_invalid``."""
    return [event(item) for item in (body if isinstance(body, list) else [body])]


def time(value: str | None) -> int | None:
    """Return the milliseconds of a time in a query, None for none. Raises ``input_invalid``."""
    return None if value is None else to_ms(value)


def integer(value: str) -> int:
    """Return a whole number from −1. Raises ``input_invalid``."""
    try:
        number = int(value)
    except ValueError:
        raise bad("This must be a whole number.") from None
    if not -1 <= number < 2**53:
        raise bad("This must be a whole number.")
    return number


def _refuse(_: str) -> Any:
    raise ValueError("not a number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("larger than a number can be")
    return number


def _whole(text: str) -> int | float:
    # As long as this no number is sensible; Python reads such texts slowly.
    number = int(text) if len(text) < 25 else _finite(text)
    return number if -_INTEGER <= number < _INTEGER else float(number)
