"""``GET /api/records`` and ``GET /api/records/…``: what sealed records there are, and the batches that list them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.tables import Account
from reteamz.server.blobs.store import BlobStore
from reteamz.server.devices.directory import DeviceDirectory
from reteamz.server.looks.keep import Looks, whom_of
from reteamz.server.records.show import Wish, prove, require_records, show
from reteamz.server.records.types import Proof, RecordsPage
from reteamz.server.reports.filters import PersonsOf
from reteamz.server.reports.routes import Departments, Devices, First, HoursOf, Last, Persons, chosen
from reteamz.server.store.activity import ActivityStore
from reteamz.server.store.control import ControlStore
from reteamz.server.types import Now
from reteamz.wire.batch import SealedKind

MOST: Final = 200
"""Most moments on a page: each blob is looked for."""

Kinds = Annotated[list[SealedKind] | None, QueryParameter(name="kind", description="Kinds of records, all without")]


@get("/api/records")
async def records(
    request: Request[Any, Any, Any],
    viewer: NamedDependency[Viewer],
    control: NamedDependency[ControlStore],
    activity: NamedDependency[ActivityStore],
    blobs: NamedDependency[BlobStore],
    persons_of: NamedDependency[PersonsOf],
    looks: NamedDependency[Looks],
    now: NamedDependency[Now],
    first: First,
    last: Last,
    persons: Persons = None,
    devices: Devices = None,
    departments: Departments = None,
    hours: HoursOf = None,
    kinds: Kinds = None,
    at: Annotated[
        int | None,
        QueryParameter(name="at", ge=0, le=2**53, description="Without page: the page nearest to this time, ms"),
    ] = None,
    page: Annotated[int | None, QueryParameter(name="page", ge=1, le=1_000_000)] = None,
    limit: Annotated[int, QueryParameter(name="limit", ge=1, le=MOST)] = 60,
) -> RecordsPage:
    """Sealed records that batches list, moment by moment; days are those of the account's time zone."""
    require_records(viewer)
    found = await chosen(
        request, viewer, persons_of, activity, control, looks, now, first, last, persons, devices, departments, None, hours
    )  # fmt: skip
    async with control.session() as session:
        zone = (await session.get_one(Account, viewer.account)).timezone
    return await show(found, zone, Wish(tuple(kinds or ()), page, at, limit), activity, blobs)


@get("/api/records/{device:str}/{seq:int}")
async def proof(
    viewer: NamedDependency[Viewer],
    directory: NamedDependency[DeviceDirectory],
    activity: NamedDependency[ActivityStore],
    persons_of: NamedDependency[PersonsOf],
    looks: NamedDependency[Looks],
    now: NamedDependency[Now],
    device: FromPath[str],
    seq: FromPath[int],
) -> Proof:
    """Return a batch that lists sealed records as it was signed, with the key of its computer, if it speaks of nobody but those the viewer may see."""
    found, persons = await prove(viewer, device, seq, directory, activity, persons_of)
    await looks.note(viewer, "journal", whom_of(viewer, persons, (), persons), now())
    return found


handlers = [records, proof]
