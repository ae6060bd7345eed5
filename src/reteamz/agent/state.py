"""What this computer remembers about its account: pinned fingerprint and mode, grants, and why it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from reteamz.agent.folder import read_private, write_private
from reteamz.wire.encoding import Hash, Id
from reteamz.wire.errors import Code, ReteamzError
from reteamz.wire.jwk import PublicOkp
from reteamz.wire.policy import PolicyHead
from reteamz.wire.rules import RulesHead


class KeptRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last rule set that was believed, as it was signed: names and patterns in it are tokens."""

    head: RulesHead
    jws: str
    signer: PublicOkp


class KeptPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last policy that was believed, as it was signed: patterns in it are tokens, and persons hashes of tokens."""

    head: PolicyHead
    jws: str
    signer: PublicOkp


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Written at enrolment; afterwards grants are added and never removed.

    ``fingerprint`` is the owner's (spec 1.11), ``mode`` the account's as the code said. ``confirmed`` is what the
    server said last, believed only where no key depends on it: in a plain account. ``owner`` is the identity key that has the fingerprint, ``grants``
    are those accepted, in order. ``private_until`` is the end of private time in milliseconds. ``rules`` and ``policy``
    follow the grants: they are in force while the last grant names their signer. ``refused`` are what is remembered of
    the policies and rules that were refused last.
    """

    v: Literal[1]
    account: Id
    device: Id
    ticket: Id
    server: str
    fingerprint: Hash
    mode: Literal["plain", "encrypted"]
    redeemed: bool
    confirmed: bool = False
    owner: PublicOkp | None = None
    grants: tuple[str, ...] = ()
    stopped: Code | None = None
    private_until: int = 0
    rules: KeptRules | None = None
    policy: KeptPolicy | None = None
    refused: tuple[Hash, ...] = ()


def state_path(folder: Path) -> Path:
    """Return where the state of a folder lies."""
    return folder / "state.json"


def load_state(folder: Path) -> State | None:
    """Return the state, None before enrolment.

    Raises:
        ReteamzError: ``state_corrupt``, ``folder_unusable``.
    """
    path = state_path(folder)
    return read_private(
        path,
        lambda data: msgspec.json.decode(data, type=State),
        ReteamzError("state_corrupt", f"The file {path} is damaged; keep a copy of it and enrol this computer again."),
    )


def save_state(folder: Path, state: State) -> None:
    """Replace the state on disk. Raises ``folder_unusable``, ``disk_full``."""
    write_private(state_path(folder), msgspec.json.format(msgspec.json.encode(state)))


def not_enrolled() -> ReteamzError:
    """Return the error for a computer that belongs to no account."""
    return ReteamzError(
        "not_enrolled",
        "This computer belongs to no account yet; run `reteamz agent enroll CODE` with the owner's code.",
    )
