"""What an owner does: sign up, enable encryption, enrol and confirm computers, invite and confirm members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import httpx
import msgspec

from reteamz.crypto import kdf as passwords
from reteamz.crypto.bundle import MemberBundle, new_bundle, new_id, seal_bundle
from reteamz.crypto.enrolment import EnrolmentCode, Ticket, check_mac, encode_code, ticket_secret
from reteamz.crypto.fingerprint import owner_fingerprint
from reteamz.crypto.grant import sign_agent_grant, sign_member_grant
from reteamz.crypto.keyring import new_epoch, sealing_public
from reteamz.crypto.membership import check_join, member_entry, read_invitation, sign_invitation
from reteamz.crypto.roster import TrustedRoster, device_entry, owner_entry, sign_roster
from reteamz.owner.history import carry_over
from reteamz.owner.http import Connection
from reteamz.owner.member import Clock, Member, entry_of
from reteamz.owner.policy import renew_policy
from reteamz.owner.rules import renew_rules_of
from reteamz.wire.accounts import DeviceKeysView, GrantPost, KeysView, LoggedIn, RosterPost, Signup, TicketPost
from reteamz.wire.batch import RosterHead
from reteamz.wire.encoding import b64decode, b64encode, sha256
from reteamz.wire.enrolment import TicketType
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import thumbprint
from reteamz.wire.members import Invitation, InvitationPost, InvitedRole, MemberView
from reteamz.wire.roster import DeviceEntry, MemberEntry, Mode, Right

CODE_LIFETIME_MS: Final = 7 * 24 * 3600 * 1000


class Owner(Member):
    """An owner with the account's keys open. Every change is signed here and stored whole.

    Use :meth:`sign_up` or :meth:`log_in`.
    """

    @classmethod
    def sign_up(
        cls,
        server: str,
        email: str,
        password: str,
        company: str,
        mode: Mode = "encrypted",
        timezone: str = "UTC",
        now: Clock = lambda: 0,
        http: httpx.Client | None = None,
    ) -> Owner:
        """Make all keys here and a new account on the server; takes a second or two.

        Raises:
            ReteamzError: ``email_taken``, ``rate_limited``, ``server_unreachable``.
        """
        bundle = new_bundle(new_id(), new_id())
        epoch = 1 if mode == "encrypted" else 0
        if epoch:
            bundle = msgspec.structs.replace(bundle, keyring={"1": new_epoch()})
        entry = owner_entry(bundle, now())
        sealing = sealing_public(bundle.keyring, epoch) if epoch else None
        roster, devices = sign_roster(bundle.identity, bundle.account, None, now(), mode, epoch, sealing, [entry], [])
        bundle = msgspec.structs.replace(bundle, roster=RosterHead(1, sha256(roster.encode())))
        kdf = passwords.new_kdf()
        stretched = passwords.stretch(password, kdf)
        wrap = passwords.wrap_key(stretched)
        text = seal_bundle(bundle, wrap, kdf)
        connection = Connection(server, http)
        signup = Signup(
            email=email,
            account=bundle.account,
            member=bundle.member,
            mode=mode,
            timezone=timezone,
            company=entry_of(bundle, epoch, "label", company),
            kdf=kdf,
            auth=b64encode(passwords.auth_key(stretched)),
            bundle=text,
            identity=bundle.identity.public(),
            settings=bundle.settings.public(),
            exchange=bundle.exchange.public(),
            roster=roster,
            devices=devices,
        )
        connection.post("/api/signup", signup, LoggedIn)
        trusted = TrustedRoster.first(
            bundle.account, bundle.identity.public(), bundle.owner, RosterHead(0, ""), roster, devices
        )
        return cls(connection, bundle, wrap, kdf, text, trusted, now)

    def enable_encryption(self) -> None:
        """Make epoch 1 and encrypt from now on; there is no way back. Computers and members get their grants, names their tokens.

        Raises:
            ReteamzError: ``input_invalid`` when it is enabled already, ``roster_conflict``.
        """
        if self.epoch:
            raise ReteamzError("input_invalid", "Encryption is enabled already.")
        bundle = msgspec.structs.replace(self.bundle, keyring={"1": new_epoch()})
        listed = self.roster.devices.devices
        members = self.roster.roster.members
        self._publish(bundle, "encrypted", 1, members, listed, [], self._granted(members))
        carry_over(self, self._now())

    def enrolment_code(self, uses: int = 1, lifetime_ms: int = CODE_LIFETIME_MS) -> str:
        """Make a ticket and return the code for computers that redeem it."""
        ticket, expires = new_id(), self._now() + lifetime_ms
        self.connection.send("POST", "/api/tickets", TicketPost(ticket, "device", expires, uses))
        return self._code("device", ticket, expires, uses)

    def _code(self, type: TicketType, ticket: str, expires: int, uses: int) -> str:
        return encode_code(
            EnrolmentCode(
                type=type,
                mode=self.roster.roster.mode,
                account=self.account,
                owner=owner_fingerprint(self.bundle.identity.public()),
                ticket=ticket,
                expires=expires,
                uses=uses,
                secret=ticket_secret(b64decode(self.bundle.enrol), ticket, type, expires, uses),
                server=self.connection.server,
            )
        )

    def keys(self) -> KeysView:
        """Return everyone's public keys as the server says; nothing is believed yet."""
        return self.connection.get("/api/keys", KeysView)

    def waiting(self) -> list[DeviceKeysView]:
        """Return the computers that wait to be confirmed."""
        return [key for key in self.keys().devices if key.state == "waiting"]

    def verify(self, device: DeviceKeysView) -> None:
        """Require the device's keys to have been made where the code was used (spec 7.4).

        Raises:
            ReteamzError: ``enrolment_forged``, ``code_expired``, ``ticket_spent``.
        """
        if device.ticket is None:
            raise ReteamzError("enrolment_forged", "The code of this device is gone; compare its fingerprint instead.")
        told = device.ticket
        ticket = Ticket(told.id, told.type, told.expires, told.uses, device.redemption)
        check_mac(
            b64decode(self.bundle.enrol),
            ticket,
            self.account,
            thumbprint(device.signing),
            thumbprint(device.exchange),
            device.mac,
            device.redeemed,
        )

    def confirm(self, devices: Sequence[DeviceKeysView]) -> None:
        """Confirm computers whose code proves their keys, and grant them the current epoch (spec 7.4, 8).

        Raises:
            ReteamzError: those of :meth:`verify`, ``roster_conflict``; nothing is granted then.
        """
        for device in devices:
            self.verify(device)
        now = self._now()
        entries = [
            *self.roster.devices.devices,
            *(device_entry(device.id, device.signing, device.exchange, now) for device in devices),
        ]
        roster = self.roster.roster
        self._publish(self.bundle, roster.mode, roster.epoch, roster.members, entries, devices)

    def invite(
        self,
        role: InvitedRole,
        *,
        person: int | None = None,
        departments: Sequence[str] = (),
        rights: Sequence[Right] = (),
        label: str | None = None,
        lifetime_ms: int = CODE_LIFETIME_MS,
    ) -> str:
        """Sign an invitation and return its code, which reaches the invited one past the server (spec 14.1).

        Args:
            role: what they will be.
            person: dictionary id of the person that an employee is.
            departments, rights: what a manager gets.
            label: how colleagues see a manager.
            lifetime_ms: how long the code is good.

        Raises:
            ReteamzError: ``not_found``, ``input_invalid``.
        """
        ticket, expires = new_id(), self._now() + lifetime_ms
        invitation = Invitation(1, self.account, ticket, role, list(rights), list(departments), person)
        signed = sign_invitation(self.bundle.identity, invitation)
        named = None if label is None else self.entry("label", label)
        self.connection.send("POST", "/api/invitations", InvitationPost(ticket, expires, signed, named))
        return self._code("member", ticket, expires, 1)

    def members(self) -> list[MemberView]:
        """Return the members as the server says; nothing is believed yet."""
        return self.connection.get("/api/members", list[MemberView])

    def verify_member(self, member: MemberView) -> MemberEntry:
        """Return the entry of somebody who waits, if their keys were made where the invitation was used (spec 14.4).

        Raises:
            ReteamzError: ``enrolment_forged``, ``code_expired``, ``ticket_spent``, ``signature_invalid``.
        """
        if member.ticket is None:
            raise ReteamzError("enrolment_forged", "This invitation was withdrawn; refuse whoever used it.")
        told = member.ticket
        ticket = Ticket(told.id, told.type, told.expires, told.uses, member.redemption)
        enrol = b64decode(self.bundle.enrol)
        join = check_join(enrol, ticket, self.account, member.id, member.join, member.joined)
        invitation = read_invitation(self.bundle.identity.public(), self.account, ticket.id, member.invitation)
        return member_entry(join, invitation, self._now())

    def welcome(self, members: Sequence[MemberView]) -> None:
        """Take in members whose code proves their keys, and grant them the keyring (spec 14.4, 14.5).

        Raises:
            ReteamzError: those of :meth:`verify_member`, ``roster_conflict``; nothing is granted then.
        """
        entries = [self.verify_member(member) for member in members]
        roster = self.roster.roster
        listed = [*roster.members, *entries]
        self._publish(self.bundle, roster.mode, roster.epoch, listed, self.roster.devices.devices, [], members)

    def remove_member(self, member: str) -> None:
        """Remove a member; the server ends their sessions. What they saw cannot be taken back (spec 14.7).

        Rules and policy that they signed last are signed again first: afterwards nobody follows their signature.

        Raises:
            ReteamzError: ``not_found``, ``roster_conflict`` and those of rules and policy.
        """
        roster = self.roster.roster
        entry = self.roster.member(member)
        if entry is None or entry.role == "owner":
            raise ReteamzError("not_found", "There is no such member; load the page again.")
        if "settings" in entry.rights:
            renew_rules_of(self, entry.settings, self._now())
            renew_policy(self, entry.settings, self._now())
        gone = msgspec.structs.replace(entry, state="removed")
        listed = [gone if one.id == member else one for one in roster.members]
        self._publish(self.bundle, roster.mode, roster.epoch, listed, self.roster.devices.devices, [])

    def _granted(self, members: Sequence[MemberEntry]) -> list[MemberView]:
        """Return the active members besides the owner, for grants. Raises ``roster_refused`` when the server hides one."""
        told = {member.id: member for member in self.members()}
        wanted = [entry.id for entry in members if entry.state == "active" and entry.role != "owner"]
        if not told.keys() >= set(wanted):
            raise ReteamzError("roster_refused", "The server hides a member; do not trust this server.")
        return [told[member] for member in wanted]

    def _confirmed(self, roster: TrustedRoster) -> list[DeviceKeysView]:
        """Return the keys of the computers that a roster confirms. Raises ``roster_refused`` when the server hides one."""
        told = {key.id: key for key in self.keys().devices}
        wanted = [entry.id for entry in roster.devices.devices if entry.state == "confirmed"]
        if not told.keys() >= set(wanted):
            raise ReteamzError("roster_refused", "The server hides a confirmed computer; do not trust this server.")
        return [told[device] for device in wanted]

    def _publish(
        self,
        bundle: MemberBundle,
        mode: Mode,
        epoch: int,
        members: Sequence[MemberEntry],
        devices: Sequence[DeviceEntry],
        recipients: Sequence[DeviceKeysView],
        granted: Sequence[MemberView] = (),
    ) -> None:
        """Sign the next roster and grants to computers and members; store roster, bundle and grants together.

        All computers get a grant when what is in theirs changes: the epoch, or who may sign rules and policies (spec 8.5).
        """
        sealing = sealing_public(bundle.keyring, epoch) if epoch else None
        roster, listed = sign_roster(
            bundle.identity, bundle.account, self.roster.head, self._now(), mode, epoch, sealing, members, devices
        )
        trusted = self.roster.update(roster, listed)
        bundle = msgspec.structs.replace(bundle, roster=trusted.head)
        text = seal_bundle(bundle, self._wrap, self._kdf)
        grants = []
        if sealing is not None:
            if epoch != self.epoch or set(trusted.signers()) != set(self.roster.signers()):
                recipients = self._confirmed(trusted)
            grants = [self._grant(bundle, trusted, device) for device in recipients]
            grants += [self._member_grant(bundle, trusted, member) for member in granted]
        post = RosterPost(roster, listed, text, sha256(self._text.encode()), grants)
        self.connection.post("/api/rosters", post, RosterHead)
        self.bundle, self.roster, self._text = bundle, trusted, text

    def _grant(self, bundle: MemberBundle, roster: TrustedRoster, device: DeviceKeysView) -> GrantPost:
        entry = roster.device(device.id)
        if entry is None or (entry.signing, entry.exchange) != (
            thumbprint(device.signing),
            thumbprint(device.exchange),
        ):
            raise ReteamzError(
                "enrolment_forged", "The server names another key for a device; do not trust this server."
            )
        epoch = roster.roster.epoch
        grant = sign_agent_grant(
            bundle.identity,
            device.exchange,
            bundle.account,
            roster.head,
            epoch,
            device.seq + 1,
            roster.signers(),
            bundle.keyring[str(epoch)].master,
            sealing_public(bundle.keyring, epoch),
        )
        return GrantPost(entry.exchange, grant)

    def _member_grant(self, bundle: MemberBundle, roster: TrustedRoster, member: MemberView) -> GrantPost:
        entry = roster.member(member.id)
        if entry is None or entry.exchange != thumbprint(member.exchange):
            raise ReteamzError(
                "enrolment_forged", "The server names another key for a member; do not trust this server."
            )
        grant = sign_member_grant(
            bundle.identity,
            member.exchange,
            bundle.account,
            roster.head,
            roster.roster.epoch,
            member.seq + 1,
            roster.signers(),
            bundle.keyring,
            "sealed" in entry.rights,
        )
        return GrantPost(entry.exchange, grant)
