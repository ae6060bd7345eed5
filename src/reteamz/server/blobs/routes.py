"""``PUT /api/agent/blob/…`` (spec 11.4) and ``GET /api/blobs/…``."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter

from reteamz.server.accounts.access import Viewer
from reteamz.server.blobs.looking import look
from reteamz.server.blobs.receiving import receive
from reteamz.server.blobs.store import BlobStore
from reteamz.server.devices.directory import DeviceDirectory
from reteamz.server.looks.keep import Looks
from reteamz.server.reports.filters import PersonsOf
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now


@put(
    "/api/agent/blob/{digest:str}",
    status_code=201,
    opt={"exclude_from_csrf": True},
    # The route itself stops reading above the size that the batch announced.
    request_max_body_size=None,
)
async def store_blob(
    request: Request[Any, Any, Any],
    digest: FromPath[str],
    directory: NamedDependency[DeviceDirectory],
    activity: NamedDependency[ActivityStore],
    blobs: NamedDependency[BlobStore],
    device: Annotated[str, HeaderParameter(name="Reteamz-Device")] = "",
    signature: Annotated[str, HeaderParameter(name="Reteamz-Signature")] = "",
) -> Response[None]:
    """Take a blob that a committed batch of this device lists: 201, or 200 when it is here already."""
    fresh = await receive(await directory.get(device), digest, signature, request.stream(), activity, blobs)
    return Response(None, status_code=201 if fresh else 200)


@get("/api/blobs/{sha256:str}", media_type="application/octet-stream")
async def read_blob(
    sha256: FromPath[str],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    blobs: NamedDependency[BlobStore],
    persons_of: NamedDependency[PersonsOf],
    looks: NamedDependency[Looks],
    now: NamedDependency[Now],
) -> Response[bytes]:
    """Return a sealed blob that the viewer may see; every look is audited."""
    data = await look(viewer, sha256, control, activity, blobs, persons_of, looks, now())
    return Response(data, media_type="application/octet-stream")


handlers = [store_blob, read_blob]
