"""Devices in memory, so that a batch costs no query of the control database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reteamz.server.accounts.tables import Account
from reteamz.server.devices.tables import Device
from reteamz.server.store.control import ControlStore
from reteamz.wire.encoding import b64decode


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """What ingestion needs to know; ``signing_key`` is the raw Ed25519 key of 32 bytes."""

    account: str
    device: str
    state: Literal["waiting", "confirmed", "removed"]
    mode: Literal["plain", "encrypted"]
    epoch: int
    signing_key: bytes


class DeviceDirectory:
    """Looks devices up once and remembers them until their account changes."""

    def __init__(self, control: ControlStore) -> None:
        self._control = control
        self._records: dict[str, DeviceRecord] = {}
        self._changes = 0

    async def get(self, device: str) -> DeviceRecord | None:
        """Return the device, None when there is none. Only known devices are remembered, so strangers cost no memory."""
        record = self._records.get(device)
        if record is None:
            changes = self._changes
            record = await self._load(device)
            # Something changed while we looked: what we found may be old already.
            if record is not None and changes == self._changes:
                self._records[device] = record
        return record

    def forget(self, account: str) -> None:
        """Look the devices of an account up again, after anything about it changed."""
        self._changes += 1
        self._records = {device: record for device, record in self._records.items() if record.account != account}

    async def _load(self, device: str) -> DeviceRecord | None:
        async with self._control.session() as session:
            row = await session.get(Device, device)
            if row is None:
                return None
            account = await session.get_one(Account, row.account)
            return DeviceRecord(
                account=row.account,
                device=row.id,
                state=row.state,  # type: ignore[arg-type]  # one of the three is written
                mode=account.mode,  # type: ignore[arg-type]  # written from a decoded roster only
                epoch=account.epoch,
                signing_key=b64decode(row.signing["x"]),
            )
