"""An owner at work: unlocked keys, verified roster, and the ceremonies that change them (spec 2, 3, 6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import httpx
import msgspec

from reteamz.crypto.bundle import MemberBundle, bundle_header, new_bundle, new_id, open_bundle, seal_bundle
from reteamz.crypto.kdf import auth_key, new_kdf, stretch, wrap_key
from reteamz.crypto.keyring import masters, new_epoch, sealing_public
from reteamz.crypto.recovery import Kit, make_kit, new_code
from reteamz.crypto.roster import TrustedRoster, owner_entry, sign_roster
from reteamz.crypto.tokens import TokenCipher, TokenReader, plain_entry
from reteamz.owner.connection import Connection
from reteamz.wire.accounts import (
    AccountView,
    BundleView,
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
)
from reteamz.wire.batch import RosterHead
from reteamz.wire.encoding import b64decode, b64encode, sha256
from reteamz.wire.errors import ReteamzError
from reteamz.wire.roster import DeviceEntry, Mode
from reteamz.wire.tokens import Field

Clock = Callable[[], int]
"""Milliseconds since 1970-01-01T00:00Z."""


class Unlocked(msgspec.Struct):
    """What an open account holds in memory; changes with every ceremony."""

    bundle: MemberBundle
    sealed: str
    wrap: bytes
    kdf: Kdf
    trusted: TrustedRoster


class Owner:
    """The owner of an account, logged in and unlocked.

    Made by :meth:`sign_up` or :meth:`log_in`. Nothing that the server says is believed before :mod:`reteamz.crypto` verified it.
    """

    def __init__(self, connection: Connection, open: Unlocked, now: Clock) -> None:
        self.connection: Final = connection
        self._open = open
        self._now = now

    @classmethod
    def sign_up(
        cls,
        http: httpx.Client,
        origin: str,
        email: str,
        password: str,
        company: str,
        now: Clock,
        encrypted: bool = True,
        timezone: str = "UTC",
    ) -> Owner:
        """Make an account with all its keys, here.

        Args:
            http: keeps the session; the caller closes it.
            origin: address of the server.
            company: its name, a label of the account.
            now: clock in milliseconds.
            encrypted: whether encryption is on from the start.
            timezone: IANA name for local days without a person's own.

        Raises:
            ReteamzError: what the server says, ``server_unreachable``.
        """
        connection = Connection(http, origin)
        kdf = new_kdf()
        stretched = stretch(password, kdf)
        bundle = new_bundle(new_id(), new_id())
        if encrypted:
            bundle = msgspec.structs.replace(bundle, keyring={"1": new_epoch()})
        mode: Mode = "encrypted" if encrypted else "plain"
        at = now()
        roster, devices = sign_roster(
            bundle.identity,
            bundle.account,
            None,
            at,
            mode,
            int(encrypted),
            sealing_public(bundle.keyring, 1) if encrypted else None,
            [owner_entry(bundle, at)],
            [],
        )
        bundle = msgspec.structs.replace(bundle, roster=RosterHead(1, sha256(roster.encode())))
        sealed = seal_bundle(bundle, wrap_key(stretched), kdf)
        trusted = TrustedRoster.first(
            bundle.account, bundle.identity.public(), bundle.owner, bundle.roster, roster, devices
        )
        connection.post(
            "/api/signup",
            Signup(
                email=email,
                account=bundle.account,
                member=bundle.member,
                mode=mode,
                timezone=timezone,
                company=_entry(bundle, trusted, "label", company),
                kdf=kdf,
                auth=b64encode(auth_key(stretched)),
                bundle=sealed,
                identity=bundle.identity.public(),
                settings=bundle.settings.public(),
                exchange=bundle.exchange.public(),
                roster=roster,
                devices=devices,
            ),
            LoggedIn,
        )
        return cls(connection, Unlocked(bundle, sealed, wrap_key(stretched), kdf, trusted), now)

    @classmethod
    def log_in(
        cls,
        http: httpx.Client,
        origin: str,
        email: str,
        password: str,
        now: Clock,
        totp: str | None = None,
        least: int = 0,
        pinned: str | None = None,
    ) -> Owner:
        """Log in without sending the password, open the bundle, verify the roster (spec 2.1, 3.3, 6).

        Args:
            totp: code of an authenticator where one is set up.
            least: iterations that this account used last, 0 when unknown.
            pinned: thumbprint of the owner's identity key out of a recovery kit, when there is one.

        Raises:
            ReteamzError: ``login_failed``, ``totp_required``, ``kdf_refused``, ``bundle_mismatch``, those of bundle and roster.
        """
        connection = Connection(http, origin)
        kdf = connection.post("/api/login/start", LoginStart(email), LoginKdf).kdf
        stretched = stretch(password, kdf, least)
        who = connection.post("/api/login", Login(email, b64encode(auth_key(stretched)), totp), LoggedIn)
        sealed = connection.get("/api/bundle", BundleView).bundle
        if bundle_header(sealed).kdf != kdf:
            raise ReteamzError("bundle_mismatch", "The server sent keys of another password; do not trust this server.")
        bundle = open_bundle(sealed, wrap_key(stretched), who.account, who.member)
        if pinned is not None and bundle.owner != pinned:
            raise ReteamzError(
                "owner_mismatch", "The server holds the keys of another owner; do not trust this server."
            )
        trusted = fetch_roster(connection, bundle)
        return cls(connection, Unlocked(bundle, sealed, wrap_key(stretched), kdf, trusted), now)

    @property
    def account(self) -> str:
        """Return the account's identifier."""
        return self._open.bundle.account

    @property
    def bundle(self) -> MemberBundle:
        """Return the member's keys."""
        return self._open.bundle

    @property
    def trusted(self) -> TrustedRoster:
        """Return the verified roster."""
        return self._open.trusted

    @property
    def reader(self) -> TokenReader:
        """Return what decrypts names of every epoch."""
        return TokenReader(masters(self.bundle.keyring))

    def now(self) -> int:
        """Return the time in milliseconds."""
        return self._now()

    def view(self) -> AccountView:
        """Return the account as the server describes it; for display only."""
        return self.connection.get("/api/account", AccountView)

    def keys(self) -> KeysView:
        """Return everyone's public keys as the server names them; believed only where the roster or a MAC agrees."""
        return self.connection.get("/api/keys", KeysView)

    def entry(self, field: Field, text: str) -> str:
        """Return a name as it may leave this end: a token, or a plain entry in a plain account."""
        return _entry(self.bundle, self.trusted, field, text)

    def refresh(self) -> None:
        """Take over versions of the roster that were signed elsewhere."""
        self._open.trusted = follow(self.connection, self.trusted)

    def kit(self) -> tuple[Kit, str]:
        """Return a recovery kit with its code ("Backup Keys")."""
        code = new_code()
        return make_kit(self.bundle, code, self.connection.origin), code

    def sign_next(
        self,
        devices: Sequence[DeviceEntry],
        grants: Sequence[GrantPost] = (),
        bundle: MemberBundle | None = None,
        grant: Callable[[RosterHead, MemberBundle], Sequence[GrantPost]] | None = None,
        mode: Mode | None = None,
    ) -> None:
        """Sign and store the next roster with its bundle and grants: all of it or nothing.

        Args:
            devices: the whole device list.
            grants: grants that are ready.
            bundle: the member's keys when they change.
            grant: makes grants that name the new roster.
            mode: the account's mode when it changes.

        Raises:
            ReteamzError: ``roster_conflict`` when something changed elsewhere meanwhile: refresh and repeat.
        """
        old = self.trusted.roster
        mode = mode or old.mode
        keys = bundle or self.bundle
        epoch = max((int(number) for number in keys.keyring), default=0)
        jws, listed = sign_roster(
            keys.identity,
            keys.account,
            self.trusted.head,
            self._now(),
            mode,
            epoch,
            sealing_public(keys.keyring, epoch) if epoch else None,
            old.members,
            devices,
        )
        trusted = self.trusted.update(jws, listed)
        keys = msgspec.structs.replace(keys, roster=trusted.head)
        sealed = seal_bundle(keys, self._open.wrap, self._open.kdf)
        given = [*grants, *(grant(trusted.head, keys) if grant else ())]
        self.connection.post(
            "/api/rosters",
            RosterPost(jws, listed, sealed, sha256(self._open.sealed.encode()), given),
            RosterHead,
        )
        self._open = Unlocked(keys, sealed, self._open.wrap, self._open.kdf, trusted)


def fetch_roster(connection: Connection, bundle: MemberBundle) -> TrustedRoster:
    """Return the newest roster, verified from the one that the bundle vouches for on (spec 3.3, 6.4, 6.6)."""
    least = max(bundle.roster.version, 1)
    found = connection.get("/api/rosters", Rosters, {"since": least - 1}).rosters
    if not found:
        raise ReteamzError("roster_rollback", "The server withholds the roster; do not trust this server.")
    first = found[0]
    trusted = TrustedRoster.first(
        bundle.account, bundle.identity.public(), bundle.owner, bundle.roster, first.roster, first.devices
    )
    for version in found[1:]:
        trusted = trusted.update(version.roster, version.devices)
    trusted = follow(connection, trusted)
    trusted.require_bundle(bundle)
    return trusted


def follow(connection: Connection, trusted: TrustedRoster) -> TrustedRoster:
    """Return the newest roster that follows from a trusted one."""
    while found := connection.get("/api/rosters", Rosters, {"since": trusted.head.version}).rosters:
        before = trusted.head
        for version in found:
            trusted = trusted.update(version.roster, version.devices)
        if trusted.head == before:
            raise ReteamzError("roster_rollback", "The server sends old rosters as new; do not trust this server.")
    return trusted


def _entry(bundle: MemberBundle, trusted: TrustedRoster, field: Field, text: str) -> str:
    if trusted.roster.mode == "plain":
        return plain_entry(field, text)
    epoch = trusted.roster.epoch
    return TokenCipher(b64decode(bundle.keyring[str(epoch)].master), epoch).encrypt(field, text)
