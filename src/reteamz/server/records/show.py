"""Who may see lists of sealed records and the batches that list them, and what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from reteamz.server.accounts.access import Viewer
from reteamz.server.blobs.store import BlobStore
from reteamz.server.devices.directory import DeviceDirectory
from reteamz.server.records import lists
from reteamz.server.records.types import Moment, Proof, RecordsPage, SealedBlob
from reteamz.server.reports.filters import Filter, PersonsOf
from reteamz.server.store.activity import ActivityStore
from reteamz.wire.batch import Batch, SealedKind, decode_body
from reteamz.wire.encoding import b64encode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp

_ASKED: Final = 32
"""So many blobs are looked for at a time."""


def require_records(viewer: Viewer) -> None:
    """Raise ``forbidden`` for managers without the right ``sealed``; employees may see what there is of themselves, though not open it."""
    if viewer.role != "employee":
        viewer.require_right("sealed")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a list shows: kinds (none for all), the page or the time that it shall be near to (ms), and moments on a page."""

    kinds: tuple[SealedKind, ...] = ()
    page: int | None = None
    at: int | None = None
    limit: int = 60


async def show(filter: Filter, zone: str, wish: Wish, activity: ActivityStore, blobs: BlobStore) -> RecordsPage:
    """Return one page of the sealed records of a filter, with what has arrived of them."""
    counts, page, rows = await asyncio.to_thread(
        lists.listed, activity, filter, zone, wish.kinds, wish.page, wish.limit, wish.at
    )
    here = await _arrived(filter.account, [blob["sha256"] for *_, found in rows for blob in found], blobs)
    devices = {number: device for device, number in activity.device_numbers(filter.account).items()}
    pages = lists.pages(counts, wish.kinds, wish.limit)
    return RecordsPage(
        first=filter.first.isoformat(),
        last=filter.last.isoformat(),
        kinds=counts,
        rows=[
            Moment(
                device=devices[device],
                person_id=person,
                person=activity.name(filter.account, person),
                kind=kind,
                at=at,
                day=day.isoformat(),
                utc_offset_min=offset,
                blobs=[SealedBlob(**blob, arrived=blob["sha256"] in here) for blob in found],
            )
            for device, person, kind, at, day, offset, found in rows
        ],
        count=lists.count_of(counts, wish.kinds),
        page=page,
        pages=pages,
        limit=wish.limit,
        next=page + 1 if page < pages else None,
    )


async def _arrived(account: str, hashes: Collection[str], blobs: BlobStore) -> set[str]:
    """Return those of some blobs that are here."""
    few = asyncio.Semaphore(_ASKED)

    async def has(sha256: str) -> bool:
        async with few:
            return await blobs.has(account, sha256)

    wanted = sorted(set(hashes))
    return {sha256 for sha256, found in zip(wanted, await asyncio.gather(*map(has, wanted)), strict=True) if found}


async def prove(
    viewer: Viewer, device: str, seq: int, directory: DeviceDirectory, activity: ActivityStore, persons_of: PersonsOf
) -> tuple[Proof, frozenset[int]]:
    """Return a batch that lists sealed records, and the persons of whom it speaks.

    A signature is over the whole batch: where it speaks of others as well, as on a shared computer, a manager does not get it.

    Raises:
        ReteamzError: ``forbidden`` without the right ``sealed``, ``not_found`` for what is not there and for what is not theirs alike.
    """
    viewer.require_right("sealed")
    found = await signed(viewer.account, device, seq, directory, activity)
    if found is None or not found[1].blobs:
        raise _missing()
    proof, batch = found
    persons = persons_in(activity, viewer.account, batch)
    if viewer.role != "owner" and not persons <= set(await persons_of(viewer.account, viewer.departments)):
        raise _missing()
    return proof, persons - {0}


async def signed(
    account: str, device: str, seq: int, directory: DeviceDirectory, activity: ActivityStore
) -> tuple[Proof, Batch] | None:
    """Return a batch of one of the account's devices with the key that signed it, and what it says; None where there is none."""
    known = await directory.get(device)
    if known is None or known.account != account or not 1 <= seq < 2**53:
        return None
    found = await asyncio.to_thread(activity.journal, account, device, seq - 1, 1)
    batch = decode_body(found[0].body) if found and found[0].seq == seq else None
    if not isinstance(batch, Batch):
        return None
    signing = PublicOkp("OKP", "Ed25519", b64encode(known.signing_key), "Ed25519")
    return Proof(seq, b64encode(found[0].body), b64encode(found[0].signature), signing), batch


def persons_in(activity: ActivityStore, account: str, batch: Batch) -> frozenset[int]:
    """Return the persons of whom a batch speaks, 0 for nobody."""
    indexes = {event[0] for event in batch.events} | {blob.person for blob in batch.blobs}
    indexes |= {notice.person for notice in batch.notices}
    return frozenset(activity.id_of(account, batch.tokens[index]) if index >= 0 else 0 for index in indexes)


def _missing() -> ReteamzError:
    return ReteamzError("not_found", "There is no such batch with records, or it speaks of other people as well.")
