"""What an agent asks once a minute (spec 11.2)."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.tables import Account
from reteamz.server.devices.tables import Device
from reteamz.server.policies.versions import newest_policy
from reteamz.server.roster.post import owner_key
from reteamz.server.roster.tables import StoredGrant
from reteamz.server.rules.sets import newest
from reteamz.wire import limits
from reteamz.wire.batch import Head
from reteamz.wire.encoding import sha256, strict_decode
from reteamz.wire.enrolment import Poll, Polled
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp, ed25519_key
from reteamz.wire.signing import POLL, verify_request
from reteamz.wire.tokens import split_plain, split_token


async def answer_poll(
    session: AsyncSession, body: bytes, signature: str, head_of: Callable[[str], Head], now: int
) -> Polled:
    """Return what concerns a device; ``now`` in milliseconds.

    Raises:
        ReteamzError: ``json_invalid``, ``device_unknown``, ``signature_invalid``, ``clock_ahead``, ``plain_refused``,
            ``token_malformed``.
    """
    poll = strict_decode(body, Poll)
    device = await session.get(Device, poll.device)
    if device is None or device.account != poll.account:
        raise ReteamzError("device_unknown", "This device is not enrolled here; enrol it with a new code.")
    key = PublicOkp("OKP", "Ed25519", device.signing["x"], "Ed25519")
    verify_request(ed25519_key(key), POLL, body, signature)
    if abs(poll.at - now) > limits.POLL_CLOCK_MS:
        raise ReteamzError("clock_ahead", "The computer's clock is more than ten minutes off; set it right.")
    account = await session.get_one(Account, device.account)
    if poll.computer is not None and poll.computer != device.computer:
        check_computer(poll.computer, account, device)
        device.computer = poll.computer
    device.seen, device.version = now, poll.version
    granted = None
    if device.state == "confirmed":
        granted = await session.get(StoredGrant, (device.account, device.exchange_print))
    # Without a grant a device knows no signer, so it could obey neither rules nor policy (spec 12.12, 16.7).
    rules = await newest(session, device.account) if granted is not None else None
    policy = await newest_policy(session, device.account, poll.policy) if granted is not None else None
    return Polled(
        state=device.state,  # type: ignore[arg-type]  # one of the three is written
        owner=await owner_key(session, device.account),
        grant=granted.jws if granted is not None and sha256(granted.jws.encode()) != poll.grant else None,
        head=head_of(device.id),
        now=now,
        rules=rules if rules is not None and rules.version != poll.rules else None,
        policy=policy,
    )


def check_computer(entry: str, account: Account, device: Device) -> None:
    """Require the computer's name to be of the form that its account takes."""
    token, plain = split_token(entry), split_plain(entry)
    if device.state != "confirmed" or (account.mode == "encrypted" and token is None):
        raise ReteamzError("plain_refused", "A readable name is not taken here; confirm the device first.")
    if (token or plain or ("",))[0] != "computer" or (token is not None and token[1] > account.epoch):
        raise ReteamzError("token_malformed", "This is not the name of a computer; update the agent.")
