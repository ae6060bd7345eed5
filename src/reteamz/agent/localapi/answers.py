"""How the local API answers."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from starlette.responses import Response

from reteamz.wire.errors import ReteamzError

DEVICE_ID: Final = "reteamz"
"""Told instead of an identifier of this computer: every program on it may ask."""

Answer = Response


def json_answer(value: Any, headers: dict[str, str] | None = None) -> Answer:
    """Return an answer in JSON."""
    return Response(msgspec.json.encode(value), media_type="application/json", headers=headers)


def started(answer: Answer, fresh: bool) -> Answer:
    """Return the answer to who made something, or the one for what there was already: 304 without a body."""
    return answer if fresh else Response(status_code=304)


def nothing_here() -> ReteamzError:
    """Return the error for a path that nobody serves."""
    return ReteamzError("not_found", "There is nothing here; see ActivityWatch's REST API.")
