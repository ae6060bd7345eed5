"""``PUT /api/agent/blob/…`` (spec 11.4) and ``GET /api/blobs/…``."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from litestar import Request, Response, get, put
from litestar.params import Parameter

from reteamz.server.accounts.access import Viewer
from reteamz.server.audit.record import record
from reteamz.server.blobs.store import BlobStore
from reteamz.server.devices.directory import DeviceDirectory
from reteamz.server.ingest.admission import check_known
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire.encoding import b64decode, b64encode, joined
from reteamz.wire.errors import ReteamzError
from reteamz.wire.signing import BLOB, verify_request


@put("/api/agent/blob/{digest:str}", status_code=201, opt={"exclude_from_csrf": True}, request_max_body_size=None)
async def store_blob(
    request: Request[Any, Any, Any],
    digest: str,
    directory: DeviceDirectory,
    activity: ActivityStore,
    blobs: BlobStore,
    device: Annotated[str, Parameter(header="Reteamz-Device")] = "",
    signature: Annotated[str, Parameter(header="Reteamz-Signature")] = "",
) -> Response[None]:
    """Take a blob that a committed batch of this device lists."""
    sender = check_known(await directory.get(device))
    try:
        sha256 = b64encode(bytes.fromhex(digest))
    except ValueError:
        sha256 = ""
    if len(sha256) != 43 or digest != b64decode(sha256).hex():
        raise ReteamzError("input_invalid", "A blob is named by its SHA-256 in hex; update the agent.")
    key = Ed25519PublicKey.from_public_bytes(sender.signing_key)
    verify_request(key, BLOB, joined(sender.account, sender.device, sha256), signature)
    listed = await asyncio.to_thread(activity.listed_blob, sender.device, sha256)
    if listed is None:
        raise ReteamzError("blob_unknown", "No batch of this device lists the blob; send the batch first.")
    if await blobs.has(sender.account, sha256):
        return Response(None, status_code=200)
    data = await _read(request, listed.bytes)
    if len(data) != listed.bytes or hashlib.sha256(data).digest() != b64decode(sha256):
        raise ReteamzError("blob_refused", "The blob is not the one that the batch lists; send it again.")
    await blobs.put(sender.account, sha256, data)
    return Response(None, status_code=201)


@get("/api/blobs/{sha256:str}", media_type="application/octet-stream")
async def read_blob(sha256: str, viewer: Viewer, control: ControlStore, blobs: BlobStore, now: Now) -> Response[bytes]:
    """Return a sealed blob of the viewer's account; every look is audited."""
    viewer.require_right("sealed")
    if len(sha256) != 43:
        raise ReteamzError("not_found", "There is no such record; load the page again.")
    data = await blobs.get(viewer.account, sha256)
    if data is None:
        raise ReteamzError("not_found", "There is no such record; load the page again.")
    async with control.session() as session:
        record(session, now(), viewer.account, viewer.member, "sealed_opened", sha256)
    return Response(data, media_type="application/octet-stream")


async def _read(request: Request[Any, Any, Any], most: int) -> bytes:
    """Return the body, or stop as soon as it is longer than the batch said."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            break
        chunks.append(chunk)
    return b"".join(chunks)


handlers = [store_blob, read_blob]
