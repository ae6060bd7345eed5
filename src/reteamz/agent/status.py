"""What a computer tells of itself, whether it runs or not."""

from __future__ import annotations

from collections.abc import Iterator

from reteamz.agent.control import Status
from reteamz.agent.device import Device
from reteamz.crypto.fingerprint import show
from reteamz.wire.encoding import b64decode


def described(device: Device, running: bool) -> Status:
    """Return what a status tells of a device, of nobody in particular."""
    state = device.trust.state
    return Status(
        running=running,
        mode=device.mode,
        account=state.account,
        device=state.device,
        server=state.server,
        fingerprint=device.fingerprint,
        recorded=["kinds of time"] if device.mode == "anonymous" else device.policy.described(),
        waiting=device.waiting(),
        readers=list(readers(device)),
    )


def readers(device: Device) -> Iterator[str]:
    """Yield who can read what is recorded here, in sentences."""
    state = device.trust.state
    owner = show(b64decode(state.fingerprint))
    if device.mode == "anonymous":
        yield "Nobody reads names yet: only kinds of time and hours leave this computer until the owner confirms it."
        yield f"The owner is who has the fingerprint {owner}."
    elif device.mode == "plain":
        yield f"The server {state.server} and whoever runs it: this account is not encrypted."
        yield "The owner of the account, and the members whom the owner let in."
    else:
        yield f"The owner of the account, whose fingerprint is {owner}."
        yield "Members to whom the owner granted keys; pictures, sound and text only those with the right to sealed records."
        yield f"The server {state.server} sees how long and when, and tokens in place of names; it cannot read them."
