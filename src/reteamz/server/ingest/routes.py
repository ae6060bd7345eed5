"""``POST /api/agent/batch`` (spec 11.3)."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter

from reteamz.server.ingest.committer import ChainError
from reteamz.server.ingest.receiver import Receiver
from reteamz.wire.batch import refused
from reteamz.wire.enrolment import BatchStored, Problem
from reteamz.wire.errors import Code, ReteamzError
from reteamz.wire.limits import BATCH_BYTES

_STATUS: Final[dict[Code, int]] = {
    "batch_malformed": 400,
    "token_malformed": 400,
    "clock_ahead": 400,
    "signature_invalid": 401,
    "device_unknown": 403,
    "device_removed": 403,
    "plain_refused": 403,
    "epoch_refused": 403,
    "chain_gap": 409,
    "chain_fork": 409,
    "batch_too_large": 413,
    "busy": 503,
    "disk_full": 503,
}
_RETRY_AFTER: Final[dict[Code, str]] = {"busy": "2", "disk_full": "60"}
"""Seconds to wait before the next try."""

_JSON: Final = "application/json"
_encode = msgspec.json.Encoder().encode


@post(
    "/api/agent/batch",
    status_code=200,
    summary="Store one signed batch",
    responses={
        200: ResponseSpec(BatchStored, description="The batch is on disk"),
        400: ResponseSpec(Problem, description="Malformed; the agent sends a void"),
        401: ResponseSpec(Problem, description="The signature does not fit"),
        403: ResponseSpec(Problem, description="Not from this device, or not in this mode"),
        409: ResponseSpec(Problem, description="Does not follow the head, which is told"),
        413: ResponseSpec(Problem, description="Too large"),
        503: ResponseSpec(Problem, description="Nothing was stored; try again"),
    },
    opt={"exclude_from_csrf": True},
    # The route itself stops reading above its own limit, with a code that agents know.
    request_max_body_size=None,
)
async def store_batch(
    request: Request[Any, Any, Any],
    receiver: NamedDependency[Receiver],
    device: Annotated[str, HeaderParameter(name="Reteamz-Device")] = "",
    signature: Annotated[str, HeaderParameter(name="Reteamz-Signature")] = "",
    encoding: Annotated[str, HeaderParameter(name="Content-Encoding")] = "",
) -> Response[bytes]:
    """Take a batch, void or restart by spec 9; answered when it is on disk."""
    try:
        head = await receiver.receive(device, signature, encoding, await _read(request))
    except ReteamzError as error:
        return _problem(error)
    return Response(_encode(BatchStored(head.seq, head.sha256)), media_type=_JSON)


async def _read(request: Request[Any, Any, Any]) -> bytes:
    """Return the body, or stop reading as soon as it is larger than any batch may be."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BATCH_BYTES:
            raise refused("batch_too_large", "A batch has at most 1 MiB; send smaller batches.")
        chunks.append(chunk)
    return b"".join(chunks)


def _problem(error: ReteamzError) -> Response[bytes]:
    head = error.head if isinstance(error, ChainError) else None
    headers = {"Retry-After": _RETRY_AFTER[error.code]} if error.code in _RETRY_AFTER else {}
    return Response(
        _encode(Problem(error.code, error.message, head)),
        status_code=_STATUS.get(error.code, 400),
        media_type=_JSON,
        headers=headers,
    )


handlers = [store_batch]
