"""What a server checks of a roster before it stores it: an honest end's mistake is refused; a dishonest server is the ends' matter (spec 6)."""

from __future__ import annotations

from reteamz.wire.encoding import sha256, strict_decode
from reteamz.wire.errors import ReteamzError
from reteamz.wire.grant import Grant
from reteamz.wire.jwk import PublicOkp, ed25519_key, rsa_key, thumbprint
from reteamz.wire.roster import DeviceEntry, DeviceList, MemberEntry, Roster
from reteamz.wire.signing import verify_jws


def check_first(account: str, owner: PublicOkp, jws: str, devices: str) -> Roster:
    """Return the first roster of a new account. Raises ``roster_refused`` and those of a bad signature."""
    roster, _ = _read(account, owner, jws, devices)
    if roster.version != 1 or roster.prev:
        raise _refused("The first roster has version 1 and none before it")
    return roster


def check_next(
    account: str, owner: PublicOkp, last: tuple[Roster, list[DeviceEntry]], last_sha256: str, jws: str, devices: str
) -> tuple[Roster, list[DeviceEntry]]:
    """Return the next roster and its devices (spec 6.4, 6.5); ``last`` is the version before, with its devices.

    Raises:
        ReteamzError: ``roster_conflict`` when it does not follow the last one, ``roster_refused``.
    """
    before, devices_before = last
    roster, listed = _read(account, owner, jws, devices)
    if roster.version != before.version + 1 or roster.prev != last_sha256:
        raise ReteamzError(
            "roster_conflict", "The account was changed somewhere else; load the page again, then repeat."
        )
    if before.mode == "encrypted" and roster.mode == "plain":
        raise _refused("Encryption cannot be switched off")
    if roster.epoch < before.epoch:
        raise _refused("The epoch cannot fall")
    members = {entry.id: entry for entry in roster.members}
    for old in before.members:
        _check_kept(old, members.get(old.id))
    known = {entry.id: entry for entry in listed}
    for device in devices_before:
        _check_kept(device, known.get(device.id))
    return roster, listed


def _check_kept(old: MemberEntry | DeviceEntry, entry: MemberEntry | DeviceEntry | None) -> None:
    if entry is None or _keys(entry) != _keys(old):
        raise _refused("A member or device cannot disappear or change keys")
    if old.state == "removed" and entry.state != "removed":
        raise _refused("A removed member or device cannot come back")


def _keys(entry: MemberEntry | DeviceEntry) -> tuple[str, ...]:
    if isinstance(entry, MemberEntry):
        return entry.identity, entry.settings, entry.exchange, entry.alg
    return entry.signing, entry.exchange, entry.alg


def check_grant(account: str, owner: PublicOkp, recipient: str, jws: str) -> Grant:
    """Return the outside of a grant. Raises ``input_invalid`` and those of a bad signature."""
    try:
        grant = strict_decode(verify_jws(ed25519_key(owner), "reteamz-grant+1", jws), Grant)
    except ReteamzError as error:
        if error.code == "json_invalid":
            raise ReteamzError("input_invalid", "A grant is not of the agreed form; load the page again.") from None
        raise
    if grant.account != account or grant.recipient != recipient:
        raise ReteamzError("input_invalid", "A grant is for somebody else; load the page again.")
    return grant


def _read(account: str, owner: PublicOkp, jws: str, devices: str) -> tuple[Roster, list[DeviceEntry]]:
    payload = verify_jws(ed25519_key(owner), "reteamz-roster+1", jws)
    try:
        roster = strict_decode(payload, Roster)
        listed = strict_decode(devices.encode(), DeviceList)
    except ReteamzError:
        raise _refused("A roster is not of the agreed form") from None
    if roster.account != account or listed.account != account or listed.version != roster.version:
        raise _refused("The roster is another account's or version's")
    if sha256(devices.encode()) != roster.devices.sha256 or len(listed.devices) != roster.devices.count:
        raise _refused("The device list is not the one that the roster names")
    if (roster.mode == "encrypted") != (roster.epoch > 0) or (roster.epoch > 0) != (roster.sealing is not None):
        raise _refused("Mode, epoch and sealing key do not fit together")
    if roster.sealing is not None:
        rsa_key(roster.sealing)
    for entries in (roster.members, listed.devices):
        if len({entry.id for entry in entries}) != len(entries):
            raise _refused("The roster names somebody twice")
    owners = [member for member in roster.members if member.role == "owner" and member.state == "active"]
    if len(owners) != 1 or owners[0].identity != thumbprint(owner):
        raise _refused("A roster has exactly one owner, the one who signs it")
    return roster, listed.devices


def _refused(reason: str) -> ReteamzError:
    return ReteamzError("roster_refused", f"{reason}; load the page again.")
