"""What an owner does: sign up, open the keys, enable encryption, enrol and confirm computers, read reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import httpx
import msgspec

from reteamz.crypto import kdf as passwords
from reteamz.crypto.bundle import MemberBundle, bundle_header, new_bundle, new_id, open_bundle, seal_bundle
from reteamz.crypto.enrolment import EnrolmentCode, Ticket, check_mac, encode_code, ticket_secret
from reteamz.crypto.fingerprint import owner_fingerprint
from reteamz.crypto.grant import sign_agent_grant
from reteamz.crypto.keyring import masters, new_epoch, sealing_public
from reteamz.crypto.recovery import Kit, make_kit
from reteamz.crypto.roster import TrustedRoster, device_entry, owner_entry, sign_roster
from reteamz.crypto.tokens import TokenCipher, TokenReader, plain_entry
from reteamz.owner.history import join_names
from reteamz.owner.http import Connection
from reteamz.wire.accounts import (
    AccountView,
    BundleView,
    DeviceKeysView,
    GrantPost,
    Kdf,
    KeysView,
    LoggedIn,
    Login,
    LoginKdf,
    LoginStart,
    RosterPost,
    Rosters,
    Signup,
    TicketPost,
)
from reteamz.wire.batch import RosterHead
from reteamz.wire.encoding import b64decode, b64encode, sha256
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp, thumbprint
from reteamz.wire.roster import DeviceEntry, MemberEntry, Mode
from reteamz.wire.tokens import Field

Clock = Callable[[], int]
CODE_LIFETIME_MS: Final = 7 * 24 * 3600 * 1000


class Owner:
    """An owner with the account's keys open. Every change is signed here and stored whole.

    Use :meth:`sign_up` or :meth:`log_in`.
    """

    def __init__(
        self,
        connection: Connection,
        bundle: MemberBundle,
        wrap: bytes,
        kdf: Kdf,
        text: str,
        roster: TrustedRoster,
        now: Clock,
    ) -> None:
        self.connection: Final = connection
        self.bundle = bundle
        self.roster = roster
        self._wrap = wrap
        self._kdf = kdf
        self._text = text
        self._now = now

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
            company=_label(bundle, epoch, company),
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

    @classmethod
    def log_in(
        cls,
        server: str,
        email: str,
        password: str,
        now: Clock,
        totp: str | None = None,
        least: int = 0,
        http: httpx.Client | None = None,
    ) -> Owner:
        """Log in and open the keys; nothing the server says is believed without its signature (spec 3.3).

        Args:
            server: its address.
            email, password: as at sign-up.
            now: the clock, in milliseconds.
            totp: code of the authenticator.
            least: iterations that this account used last, as far as known here.
            http: a client to use.

        Raises:
            ReteamzError: ``login_failed``, ``totp_required``, ``kdf_refused``, and those of bundle and roster.
        """
        connection = Connection(server, http)
        try:
            return cls._open(connection, email, password, now, totp, least)
        except BaseException:
            connection.close()
            raise

    @classmethod
    def _open(
        cls, connection: Connection, email: str, password: str, now: Clock, totp: str | None, least: int
    ) -> Owner:
        kdf = connection.post("/api/login/start", LoginStart(email), LoginKdf).kdf
        stretched = passwords.stretch(password, kdf, least)
        auth = b64encode(passwords.auth_key(stretched))
        who = connection.post("/api/login", Login(email, auth, totp), LoggedIn)
        text = connection.get("/api/bundle", BundleView).bundle
        wrap = passwords.wrap_key(stretched)
        bundle = open_bundle(text, wrap, who.account, who.member)
        if bundle_header(text).kdf != kdf:
            raise ReteamzError(
                "bundle_mismatch", "The server sent other keys than the log-in's; do not trust this server."
            )
        roster = fetch_roster(connection, bundle)
        return cls(connection, bundle, wrap, kdf, text, roster, now)

    @property
    def account(self) -> str:
        """Identifier of the account."""
        return self.bundle.account

    @property
    def epoch(self) -> int:
        """The current epoch, 0 in a plain account."""
        return self.roster.roster.epoch

    def reader(self) -> TokenReader:
        """Return what turns tokens back into names."""
        return TokenReader(masters(self.bundle.keyring))

    def cipher(self) -> TokenCipher:
        """Return what makes tokens of the current epoch; there is none in a plain account."""
        return TokenCipher(b64decode(self.bundle.keyring[str(self.epoch)].master), self.epoch)

    def entry(self, field: Field, text: str) -> str:
        """Return the token or plain entry of a name in this account."""
        return self.cipher().encrypt(field, text) if self.epoch else plain_entry(field, text)

    def view(self) -> AccountView:
        """Return the account as the server shows it."""
        return self.connection.get("/api/account", AccountView)

    def enable_encryption(self) -> None:
        """Make epoch 1 and encrypt from now on; there is no way back. Confirmed computers get their grants, names their tokens.

        Raises:
            ReteamzError: ``input_invalid`` when it is enabled already, ``roster_conflict``.
        """
        if self.epoch:
            raise ReteamzError("input_invalid", "Encryption is enabled already.")
        bundle = msgspec.structs.replace(self.bundle, keyring={"1": new_epoch()})
        listed = self.roster.devices.devices
        keys = {key.id: key for key in self.keys().devices}
        confirmed = [keys[entry.id] for entry in listed if entry.state == "confirmed"]
        self._publish(bundle, "encrypted", 1, self.roster.roster.members, listed, confirmed)
        join_names(self.connection, self.cipher())

    def enrolment_code(self, uses: int = 1, lifetime_ms: int = CODE_LIFETIME_MS) -> str:
        """Make a ticket and return the code for computers that redeem it."""
        ticket, expires = new_id(), self._now() + lifetime_ms
        self.connection.send("POST", "/api/tickets", TicketPost(ticket, "device", expires, uses))
        return encode_code(
            EnrolmentCode(
                type="device",
                mode=self.roster.roster.mode,
                account=self.account,
                owner=owner_fingerprint(self.bundle.identity.public()),
                ticket=ticket,
                expires=expires,
                uses=uses,
                secret=ticket_secret(b64decode(self.bundle.enrol), ticket, "device", expires, uses),
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

    def kit(self, code: str) -> Kit:
        """Return the recovery kit for a code of :func:`reteamz.crypto.recovery.new_code`."""
        return make_kit(self.bundle, code, self.connection.server)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def _publish(
        self,
        bundle: MemberBundle,
        mode: Mode,
        epoch: int,
        members: Sequence[MemberEntry],
        devices: Sequence[DeviceEntry],
        recipients: Sequence[DeviceKeysView],
    ) -> None:
        """Sign the next roster and grants to ``recipients``; store roster, bundle and grants together."""
        sealing = sealing_public(bundle.keyring, epoch) if epoch else None
        roster, listed = sign_roster(
            bundle.identity, bundle.account, self.roster.head, self._now(), mode, epoch, sealing, members, devices
        )
        trusted = self.roster.update(roster, listed)
        bundle = msgspec.structs.replace(bundle, roster=trusted.head)
        text = seal_bundle(bundle, self._wrap, self._kdf)
        grants = [] if sealing is None else [self._grant(bundle, trusted, device) for device in recipients]
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
        keys = bundle.keyring[str(epoch)]
        grant = sign_agent_grant(
            bundle.identity,
            device.exchange,
            bundle.account,
            roster.head,
            epoch,
            device.seq + 1,
            roster.signers(),
            keys.master,
            keys.sealing.public(),
        )
        return GrantPost(entry.exchange, grant)


def fetch_roster(connection: Connection, bundle: MemberBundle) -> TrustedRoster:
    """Return the newest roster, every version from the bundle's on verified (spec 3.3, 6.4)."""
    owner = _owner_key(connection, bundle)
    since = max(bundle.roster.version, 1) - 1
    trusted: TrustedRoster | None = None
    while versions := connection.get("/api/rosters", Rosters, since=since).rosters:
        for version in versions:
            if trusted is None:
                trusted = TrustedRoster.first(
                    bundle.account, owner, bundle.owner, bundle.roster, version.roster, version.devices
                )
            else:
                trusted = trusted.update(version.roster, version.devices)
        if trusted is None or trusted.head.version <= since:
            break
        since = trusted.head.version
    if trusted is None:
        raise ReteamzError("roster_rollback", "The server sent an older roster than it had; do not trust this server.")
    trusted.require_bundle(bundle)
    return trusted


def _owner_key(connection: Connection, bundle: MemberBundle) -> PublicOkp:
    if bundle.owner == thumbprint(bundle.identity.public()):
        return bundle.identity.public()
    for member in connection.get("/api/keys", KeysView).members:
        if thumbprint(member.identity) == bundle.owner:
            return member.identity
    raise ReteamzError("owner_mismatch", "The server does not name the owner that this member trusts.")


def _label(bundle: MemberBundle, epoch: int, text: str) -> str:
    if not epoch:
        return plain_entry("label", text)
    return TokenCipher(b64decode(bundle.keyring[str(epoch)].master), epoch).encrypt("label", text)
