"""What a device may send, by its state and by the mode of its account (spec 9.4, server page)."""

from __future__ import annotations

from typing import Literal, Protocol

from reteamz.wire.batch import Batch, Restart, Void, refused


class Sender(Protocol):
    """What the server knows of a device; ``reteamz.server.devices.directory.DeviceRecord`` is one."""

    @property
    def account(self) -> str: ...
    @property
    def device(self) -> str: ...
    @property
    def state(self) -> Literal["waiting", "confirmed", "removed"]: ...
    @property
    def mode(self) -> Literal["plain", "encrypted"]: ...
    @property
    def epoch(self) -> int: ...
    @property
    def signing_key(self) -> bytes: ...


def check_known(sender: Sender | None) -> Sender:
    """Return the device when it may send at all. Raises ``device_unknown``, ``device_removed``."""
    if sender is None:
        raise refused("device_unknown", "This device is not enrolled here; enrol it with a new code.")
    if sender.state == "removed":
        raise refused("device_removed", "The owner removed this device; stop the agent or enrol it again.")
    return sender


def check_admitted(sender: Sender, message: Batch | Void | Restart) -> None:
    """Check that this device may send this message.

    Anonymous batches stay welcome from confirmed devices: they may have waited in the spool since before the confirmation.

    Raises:
        ReteamzError: ``batch_malformed`` (another account or device), ``plain_refused``, ``epoch_refused``.
    """
    if message.account != sender.account or message.device != sender.device:
        raise refused("batch_malformed", "The batch names another account or device; enrol this device again.")
    if not isinstance(message, Batch) or message.mode == "anonymous":
        return
    if message.mode == "plain":
        if sender.mode == "encrypted":
            raise refused("plain_refused", "This account is encrypted: readable names are not taken; update the agent.")
        if sender.state != "confirmed":
            raise refused("plain_refused", "This device is not confirmed: names are not taken yet; confirm it first.")
    elif sender.mode != "encrypted" or sender.state != "confirmed" or message.epoch > sender.epoch:
        raise refused("epoch_refused", "This device holds no key of that epoch; confirm the device, or let it poll.")
