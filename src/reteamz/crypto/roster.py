"""Who belongs to the account: every rule of a roster in one class without I/O (spec 3.3, 6)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from reteamz.crypto.bundle import MemberBundle
from reteamz.crypto.keys import PrivateOkp
from reteamz.crypto.signing import sign_jws
from reteamz.wire.batch import RosterHead
from reteamz.wire.encoding import sha256, strict_decode
from reteamz.wire.errors import Code, ReteamzError
from reteamz.wire.jwk import PublicOkp, PublicRsa, ed25519_key, thumbprint
from reteamz.wire.roster import DeviceEntry, DeviceList, DevicesHead, MemberEntry, Mode, Roster
from reteamz.wire.signing import verify_jws


class TrustedRoster:
    """A verified roster with its device list; the next one must follow from it.

    A verifier starts with :meth:`first` or :meth:`remembered`, and goes on with :meth:`update`, version by version.
    """

    def __init__(self, owner: PublicOkp, jws: str, roster: Roster, devices: DeviceList) -> None:
        self._owner = owner
        self.roster = roster
        self.devices = devices
        self.head = RosterHead(roster.version, sha256(jws.encode("ascii")))

    @classmethod
    def first(
        cls, account: str, owner: PublicOkp, pinned: str, mark: RosterHead, jws: str, devices_text: str
    ) -> TrustedRoster:
        """Accept the roster that a bundle vouches for (spec 3.3, 6.6).

        Args:
            account: the account asked for.
            owner: the owner's identity key as the server names it.
            pinned: thumbprint of that key out of the member's bundle.
            mark: least roster out of the bundle; version 0 when the bundle knows none.
            jws: a roster of version ``mark.version`` or, when the mark is 0, of version 1.
            devices_text: the device list document of the same version.

        Raises:
            ReteamzError: ``owner_mismatch``, ``header_refused``, ``signature_invalid``, ``roster_refused``, ``roster_rollback``,
                ``roster_gap``, ``roster_fork``.
        """
        if thumbprint(owner) != pinned:
            raise ReteamzError("owner_mismatch", "The server names another owner; do not trust this server.")
        trusted = cls._opened(account, owner, jws, devices_text)
        least = max(mark.version, 1)
        if trusted.head.version < least:
            raise _rollback()
        if trusted.head.version > least:
            raise _gap()
        if mark.version and trusted.head.sha256 != mark.sha256:
            raise _fork()
        if trusted.head.version == 1 and trusted.roster.prev:
            raise _refused("The first roster names one before it")
        return trusted

    @classmethod
    def _opened(cls, account: str, owner: PublicOkp, jws: str, devices_text: str) -> TrustedRoster:
        payload = verify_jws(ed25519_key(owner), "reteamz-roster+1", jws)
        try:
            roster = strict_decode(payload, Roster)
            devices = strict_decode(devices_text.encode(), DeviceList)
        except ReteamzError:
            raise _refused("A roster is not of the agreed form") from None
        trusted = cls(owner, jws, roster, devices)
        trusted._require_whole(account, devices_text)
        return trusted

    def _require_whole(self, account: str, devices_text: str) -> None:
        """Check what one roster must be by itself (spec 6.1-6.3)."""
        roster, devices = self.roster, self.devices
        if roster.account != account or devices.account != account:
            raise _refused("The roster is another account's")
        if devices.version != roster.version or sha256(devices_text.encode()) != roster.devices.sha256:
            raise _refused("The device list is not the one that the roster names")
        if len(devices.devices) != roster.devices.count:
            raise _refused("The device list is not as long as the roster says")
        encrypted = roster.mode == "encrypted"
        if encrypted != (roster.epoch > 0) or encrypted != (roster.sealing is not None):
            raise _refused("Mode, epoch and sealing key of the roster do not fit together")
        for ids in ([member.id for member in roster.members], [device.id for device in devices.devices]):
            if len(set(ids)) != len(ids):
                raise _refused("The roster names somebody twice")
        owners = [member for member in roster.members if member.role == "owner" and member.state == "active"]
        if len(owners) != 1 or owners[0].identity != thumbprint(self._owner):
            raise _refused("The roster does not have exactly one owner, the one who signed it")

    def update(self, jws: str, devices_text: str) -> TrustedRoster:
        """Return the next version, or itself for the same one again (spec 6.4, 6.5).

        Raises:
            ReteamzError: ``roster_rollback``, ``roster_fork``, ``roster_gap``, ``roster_refused`` and those of a bad signature.
        """
        new = self._opened(self.roster.account, self._owner, jws, devices_text)
        if new.head.version < self.head.version:
            raise _rollback()
        if new.head.version == self.head.version:
            if new.head.sha256 != self.head.sha256:
                raise _fork()
            return self
        if new.head.version > self.head.version + 1:
            raise _gap()
        if new.roster.prev != self.head.sha256:
            raise _fork()
        self._require_succession(new)
        return new

    def _require_succession(self, new: TrustedRoster) -> None:
        """Check what may change from one version to the next (spec 6.5)."""
        if self.roster.mode == "encrypted" and new.roster.mode == "plain":
            raise _refused("Encryption cannot be switched off")
        if new.roster.epoch < self.roster.epoch:
            raise _refused("The epoch fell")
        if new.roster.epoch == self.roster.epoch and new.roster.sealing != self.roster.sealing:
            raise _refused("The sealing key changed within an epoch")
        members = {member.id: member for member in new.roster.members}
        for old in self.roster.members:
            entry = members.get(old.id)
            if entry is None or _member_keys(entry) != _member_keys(old):
                raise _refused("A member disappeared or changed keys")
            if old.state == "removed" and entry.state != "removed":
                raise _refused("A removed member came back")
            if (old.role == "owner") != (entry.role == "owner"):
                raise _refused("The owner changed")
        devices = {device.id: device for device in new.devices.devices}
        for known in self.devices.devices:
            device = devices.get(known.id)
            if device is None or _device_keys(device) != _device_keys(known):
                raise _refused("A device disappeared or changed keys")
            if known.state == "removed" and device.state != "removed":
                raise _refused("A removed device came back")

    def require_seen(self, head: RosterHead) -> None:
        """Require a roster that somebody else knew, such as the one in a signed batch, not to be newer or another (spec 6.7).

        Raises:
            ReteamzError: ``roster_rollback``, ``roster_fork``.
        """
        if head.version > self.head.version:
            raise _rollback()
        if head.version == self.head.version and head.sha256 != self.head.sha256:
            raise _fork()

    def member(self, member: str) -> MemberEntry | None:
        """Return the active member of this id."""
        return next((entry for entry in self.roster.members if entry.id == member and entry.state == "active"), None)

    def signers(self) -> list[str]:
        """Return thumbprints of the settings keys that may sign policies and rules (spec 8.1, 12.6)."""
        active = (member for member in self.roster.members if member.state == "active")
        return [member.settings for member in active if "settings" in member.rights]

    def former_signers(self) -> list[str]:
        """Return those of removed members that had the right: what they signed last is shown to be signed again (spec 16.7)."""
        removed = (member for member in self.roster.members if member.state == "removed")
        return [member.settings for member in removed if "settings" in member.rights]

    def device(self, device: str) -> DeviceEntry | None:
        """Return the device of this id, removed or not."""
        return next((entry for entry in self.devices.devices if entry.id == device), None)

    def require_bundle(self, bundle: MemberBundle) -> None:
        """Require the keys of an opened bundle to be the ones that the roster names (spec 3.3). Raises ``bundle_mismatch``."""
        entry = self.member(bundle.member)
        keys = (bundle.identity.public(), bundle.settings.public(), bundle.exchange.public())
        if entry is None or _member_keys(entry)[:3] != tuple(thumbprint(key) for key in keys):
            raise ReteamzError(
                "bundle_mismatch", "The server sent the keys of somebody else; do not trust this server."
            )
        if self.roster.epoch:
            current = bundle.keyring.get(str(self.roster.epoch))
            sealing = None if current is None else current.sealing
            opens = entry.role == "owner" or "sealed" in entry.rights
            wrong = sealing is not None and sealing.public() != self.roster.sealing
            if current is None or wrong or (opens and sealing is None):
                raise ReteamzError(
                    "bundle_mismatch", "The server sent keys older than its roster; do not trust this server."
                )


def sign_roster(
    identity: PrivateOkp,
    account: str,
    previous: RosterHead | None,
    issued: int,
    mode: Mode,
    epoch: int,
    sealing: PublicRsa | None,
    members: Sequence[MemberEntry],
    devices: Sequence[DeviceEntry],
) -> tuple[str, str]:
    """Return the next roster as JWS and its device list as text (spec 6.1, 6.3); ``issued`` in milliseconds."""
    version = (previous.version if previous else 0) + 1
    text = msgspec.json.encode(DeviceList(1, account, version, list(devices)))
    roster = Roster(
        v=1,
        account=account,
        version=version,
        prev=previous.sha256 if previous else "",
        issued=issued,
        mode=mode,
        epoch=epoch,
        sealing=sealing,
        members=list(members),
        devices=DevicesHead(sha256(text), len(devices)),
    )
    return sign_jws(identity, "reteamz-roster+1", roster), text.decode()


def owner_entry(bundle: MemberBundle, added: int) -> MemberEntry:
    """Return the owner's entry at sign-up (spec 6.2); ``added`` in milliseconds."""
    return MemberEntry(
        id=bundle.member,
        state="active",
        role="owner",
        rights=["settings", "ratings", "sealed", "backup"],
        departments=[],
        added=added,
        identity=thumbprint(bundle.identity.public()),
        settings=thumbprint(bundle.settings.public()),
        exchange=thumbprint(bundle.exchange.public()),
        alg=bundle.exchange.alg,
    )


def device_entry(device: str, signing: PublicOkp, exchange: PublicRsa, added: int) -> DeviceEntry:
    """Return the entry of a device that is being confirmed (spec 6.3); ``added`` in milliseconds."""
    return DeviceEntry(device, "confirmed", added, thumbprint(signing), thumbprint(exchange), exchange.alg, None)


def _member_keys(entry: MemberEntry) -> tuple[str, str, str, str]:
    return entry.identity, entry.settings, entry.exchange, entry.alg


def _device_keys(entry: DeviceEntry) -> tuple[str, str, str]:
    return entry.signing, entry.exchange, entry.alg


def _refused(reason: str) -> ReteamzError:
    code: Code = "roster_refused"
    return ReteamzError(code, f"{reason}; do not trust this server.")


def _rollback() -> ReteamzError:
    return ReteamzError("roster_rollback", "The server sent an older roster than it had; do not trust this server.")


def _fork() -> ReteamzError:
    return ReteamzError("roster_fork", "The server shows two histories of the account; do not trust this server.")


def _gap() -> ReteamzError:
    return ReteamzError(
        "roster_gap", "The server left out a version of the roster; reload, then do not trust this server."
    )
