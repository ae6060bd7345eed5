"""What a hostile server tells an agent (quality page, "What the hostile server does"): the agent refuses and says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.adversary.conftest import Computer
from tests.web.conftest import now

from reteamz.crypto.grant import sign_agent_grant
from reteamz.crypto.keyring import new_epoch
from reteamz.crypto.keys import PrivateOkp, make_okp
from reteamz.crypto.signing import sign_jws
from reteamz.owner.client import Owner
from reteamz.wire.batch import RosterHead
from reteamz.wire.encoding import b64encode, sha256
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import ed25519_key
from reteamz.wire.signing import verify_jws

POLL = "/api/agent/poll"


def forged(owner: Owner, computer: Computer, signer: PrivateOkp, epoch: int = 1, seq: int = 9, **other: Any) -> str:
    """Return a grant for the computer's key that somebody else, or the owner's stolen hand, would sign."""
    keys = owner.bundle.keyring.get(str(epoch)) or new_epoch()
    exchange = next(key.exchange for key in owner.keys().devices if key.id == computer.device.trust.state.device)
    return sign_agent_grant(
        signer,
        other.get("exchange", exchange),
        other.get("account", owner.account),
        other.get("roster", owner.roster.head),
        epoch,
        seq,
        [],
        keys.master,
        keys.sealing.public(),
    )


def refuses(computer: Computer, code: str, lie: Callable[[dict[str, Any]], None]) -> None:
    """Poll a lying server: the agent raises the code and goes on as it was."""
    mode, grants = computer.device.mode, computer.device.trust.state.grants
    computer.lying.lies[POLL] = lie
    with pytest.raises(ReteamzError) as caught:
        computer.device.sync.poll_once()
    assert caught.value.code == code
    assert (computer.device.mode, computer.device.trust.state.grants) == (mode, grants)
    computer.lying.lies.clear()


def test_2_another_owner(owner: Owner, computer: Computer) -> None:
    stranger = make_okp()
    grant = forged(owner, computer, stranger)

    def lie(told: dict[str, Any]) -> None:
        told.update(state="confirmed", owner=msgspec.to_builtins(stranger.public()), grant=grant)

    refuses(computer, "owner_mismatch", lie)


def test_3_a_grant_of_the_servers_own_making(owner: Owner, computer: Computer) -> None:
    grant = forged(owner, computer, make_okp())
    refuses(computer, "signature_invalid", lambda told: told.update(state="confirmed", grant=grant))


def test_5_an_old_grant_again(owner: Owner, computer: Computer) -> None:
    identity = owner.bundle.identity
    old = forged(owner, computer, identity, seq=1)
    new = forged(owner, computer, identity, seq=2)
    computer.lying.lies[POLL] = lambda told: told.update(state="confirmed", grant=new)
    computer.device.sync.poll_once()
    assert computer.device.mode == "encrypted"
    refuses(computer, "grant_replayed", lambda told: told.update(grant=old))


def test_5_an_older_epoch_and_an_older_roster(owner: Owner, computer: Computer) -> None:
    identity = owner.bundle.identity
    later = RosterHead(7, sha256(b"seven"))
    current = forged(owner, computer, identity, epoch=2, seq=2, roster=later)
    computer.lying.lies[POLL] = lambda told: told.update(state="confirmed", grant=current)
    computer.device.sync.poll_once()
    back = forged(owner, computer, identity, epoch=1, seq=3, roster=later)
    refuses(computer, "epoch_rollback", lambda told: told.update(grant=back))
    roster = forged(owner, computer, identity, epoch=2, seq=3, roster=RosterHead(6, sha256(b"six")))
    refuses(computer, "roster_rollback", lambda told: told.update(grant=roster))
    fork = forged(owner, computer, identity, epoch=2, seq=3, roster=RosterHead(7, sha256(b"another")))
    refuses(computer, "roster_fork", lambda told: told.update(grant=fork))


def test_6_a_grant_for_another_computer(owner: Owner, computer: Computer, tmp_path: Path) -> None:
    other = Computer(owner, tmp_path / "other")
    grants = forged(owner, other, owner.bundle.identity)
    other.close()
    refuses(computer, "grant_mismatch", lambda told: told.update(state="confirmed", grant=grants))


def test_6_a_grant_of_another_account(owner: Owner, computer: Computer) -> None:
    grant = forged(owner, computer, owner.bundle.identity, account=b64encode(bytes(16)))
    refuses(computer, "grant_mismatch", lambda told: told.update(state="confirmed", grant=grant))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "typ": "reteamz-grant+1"},
        {"alg": "HS256", "typ": "reteamz-grant+1"},
        {"alg": "EdDSA", "typ": "reteamz-grant+1"},
        {"alg": "Ed25519", "typ": "reteamz-roster+1"},
        {"alg": "Ed25519", "typ": "reteamz-grant+1", "crit": ["exp"]},
        {"alg": "Ed25519", "typ": "reteamz-grant+1", "jwk": {"kty": "OKP"}},
        {"alg": "Ed25519", "typ": "reteamz-grant+1", "jku": "https://evil.example"},
        {"alg": "Ed25519", "typ": "reteamz-grant+1", "kid": "1"},
        {"alg": "Ed25519"},
    ],
)
def test_9_headers_that_are_not_allowed(owner: Owner, computer: Computer, header: dict[str, Any]) -> None:
    _, payload, signature = forged(owner, computer, owner.bundle.identity).split(".")
    grant = f"{b64encode(json.dumps(header).encode())}.{payload}.{signature}"
    refuses(computer, "header_refused", lambda told: told.update(state="confirmed", grant=grant))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "RSA1_5", "enc": "A256GCM", "typ": "reteamz-key+1"},
        {"alg": "RSA-OAEP", "enc": "A256GCM", "typ": "reteamz-key+1"},
        {"alg": "RSA-OAEP-256", "enc": "A256GCM", "typ": "reteamz-key+1", "zip": "DEF"},
        {"alg": "RSA-OAEP-256", "enc": "A128CBC-HS256", "typ": "reteamz-key+1"},
    ],
)
def test_9_keys_wrapped_in_another_way(owner: Owner, computer: Computer, header: dict[str, Any]) -> None:
    identity = owner.bundle.identity
    payload = json.loads(
        verify_jws(ed25519_key(identity.public()), "reteamz-grant+1", forged(owner, computer, identity))
    )
    _, *rest = payload["key"].split(".")
    payload["key"] = ".".join([b64encode(json.dumps(header).encode()), *rest])
    grant = sign_jws(identity, "reteamz-grant+1", msgspec.json.encode(payload))
    refuses(computer, "header_refused", lambda told: told.update(state="confirmed", grant=grant))


def test_10_the_account_is_not_encrypted_it_says(owner: Owner, computer: Computer) -> None:
    """Confirmed, but without a grant: an agent whose code said "encrypted" tells kinds and times, never names."""
    computer.lying.lies[POLL] = lambda told: told.update(state="confirmed", grant=None)
    computer.device.sync.poll_once()
    assert computer.device.mode == "anonymous"
    computer.tell("Canary 7706")
    bodies = b"".join(body for _, body in computer.lying.asked)
    assert b"Canary" not in bodies


def test_10_no_way_back_to_plain_text(owner: Owner, computer: Computer, tmp_path: Path) -> None:
    """After a grant: no grant any more, "waiting" again, batches refused as not plain; names stay tokens all the same."""
    owner.confirm(owner.waiting())
    computer.device.sync.poll_once()
    assert computer.device.mode == "encrypted"
    for state in ("confirmed", "waiting"):
        computer.lying.lies[POLL] = lambda told, state=state: told.update(state=state, grant=None)
        computer.device.sync.poll_once()
        assert computer.device.mode == "encrypted"
    computer.tell("Canary 7707")
    folder = tmp_path / "agent"
    computer.device.close()
    again = type(computer.device).open(folder, computer.http, now)
    assert again.mode == "encrypted"
    computer.device = again


def test_a_server_that_confirms_something_else_gets_the_batch_again(owner: Owner, computer: Computer) -> None:
    owner.confirm(owner.waiting())
    computer.device.sync.poll_once()
    computer.lying.lies["/api/agent/batch"] = lambda told: told.update(sha256=sha256(b"another"))
    with pytest.raises(ReteamzError, match="server_unreachable"):
        computer.tell("Offer 4711")
    assert computer.device.waiting() == 1
    computer.lying.lies.clear()
    # The server has it already: the same bytes are stored once.
    computer.device.sync.push_all()
    assert computer.device.waiting() == 0
