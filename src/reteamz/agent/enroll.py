"""Enrolment: a code from the owner makes this computer part of an account (spec 7, 11.1)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import httpx
import msgspec

from reteamz.agent.folder import prepare
from reteamz.agent.keys import load_keys, make_keys, save_keys
from reteamz.agent.samples import Clock
from reteamz.agent.state import State, load_state, save_state
from reteamz.agent.sync.client import Client
from reteamz.crypto.bundle import new_id
from reteamz.crypto.enrolment import decode_code, enrolment_mac
from reteamz.crypto.signing import sign_request
from reteamz.wire.encoding import b64encode
from reteamz.wire.enrolment import Enroll
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import thumbprint
from reteamz.wire.signing import ENROLL


def enroll(folder: Path, code: str, http: httpx.Client, now: Clock) -> State:
    """Make keys, pin owner and mode, redeem the ticket. May be repeated with the same code after a failure.

    Args:
        folder: the agent's folder.
        code: as the owner's browser showed it.
        http: the connection.
        now: the clock.

    Raises:
        ReteamzError: ``code_mistyped``, ``code_expired``, ``already_enrolled``, ``ticket_unknown``, ``ticket_spent``, ``device_exists``,
            ``server_unreachable``, ``folder_unusable``, ``key_corrupt``, ``state_corrupt``.
    """
    said = decode_code(code, now())
    if said.type != "device":
        raise ReteamzError("code_mistyped", "This code invites a person; ask the owner for a code for a computer.")
    prepare(folder)
    state, keys = load_state(folder), load_keys(folder)
    if state is not None and state.redeemed and state.stopped is None:
        raise ReteamzError(
            "already_enrolled", "This computer belongs to an account already; see `reteamz agent status`."
        )
    if state is None or keys is None or state.ticket != said.ticket or state.redeemed:
        keys = make_keys()
        if state is not None:
            set_aside(folder, state.device)
        state = State(
            v=1,
            account=said.account,
            device=new_id(),
            ticket=said.ticket,
            server=said.server,
            fingerprint=b64encode(said.owner),
            mode=said.mode,
            redeemed=False,
        )
        # On disk before the server hears of them: whatever happens next, the same keys try again.
        save_keys(folder, keys)
        save_state(folder, state)
    signing, exchange = keys.signing.public(), keys.exchange.public()
    mac = enrolment_mac(said.secret, said.account, said.ticket, "device", thumbprint(signing), thumbprint(exchange))
    body = msgspec.json.encode(Enroll(1, said.account, said.ticket, state.device, signing, exchange, mac, platform()))
    Client(http, said.server).enroll(body, sign_request(keys.signing, ENROLL, body))
    state = msgspec.structs.replace(state, redeemed=True)
    save_state(folder, state)
    return state


def set_aside(folder: Path, device: str) -> None:
    """Keep the spool of a device that was enrolled here before: its batches carry its own signature."""
    for suffix in ("", "-wal", "-shm"):
        path = folder / f"spool.db{suffix}"
        if path.exists():
            path.rename(folder / f"spool-{device}.db{suffix}")


def platform() -> Literal["linux", "windows", "macos"]:
    """Return the platform as the server is told."""
    if sys.platform == "win32":
        return "windows"
    return "macos" if sys.platform == "darwin" else "linux"
