"""What every member does: log in, open the keys, take grants, read reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import httpx
import msgspec

from reteamz.crypto import kdf as passwords
from reteamz.crypto.bundle import MemberBundle, bundle_header, open_bundle, seal_bundle
from reteamz.crypto.keyring import masters
from reteamz.crypto.membership import take_grant
from reteamz.crypto.recovery import Kit, make_kit
from reteamz.crypto.roster import TrustedRoster
from reteamz.crypto.tokens import TokenCipher, TokenReader, plain_entry
from reteamz.owner.http import Connection
from reteamz.wire.accounts import (
    AccountView,
    BundlePut,
    BundleView,
    Kdf,
    LoggedIn,
    Login,
    LoginKdf,
    LoginStart,
    Rosters,
)
from reteamz.wire.encoding import b64decode, b64encode, sha256
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import PublicOkp, thumbprint
from reteamz.wire.members import Membership
from reteamz.wire.tokens import Field

Clock = Callable[[], int]
M = TypeVar("M", bound="Member")


class Member:
    """A member with the account's keys open, as far as the owner granted them. Use :meth:`log_in`."""

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
    def log_in(
        cls: type[M],
        server: str,
        email: str,
        password: str,
        now: Clock,
        totp: str | None = None,
        least: int = 0,
        http: httpx.Client | None = None,
    ) -> M:
        """Log in and open the keys; nothing the server says is believed without its signature (spec 3.3, 14.6).

        Args:
            server: its address.
            email, password: as at sign-up.
            now: the clock, in milliseconds.
            totp: code of the authenticator.
            least: iterations that this account used last, as far as known here.
            http: a client to use.

        Raises:
            ReteamzError: ``login_failed``, ``totp_required``, ``kdf_refused``, ``member_waiting``, and those of bundle, roster and grant.
        """
        connection = Connection(server, http)
        try:
            return cls._open(connection, email, password, now, totp, least)
        except BaseException:
            connection.close()
            raise

    @classmethod
    def _open(
        cls: type[M], connection: Connection, email: str, password: str, now: Clock, totp: str | None, least: int
    ) -> M:
        kdf = connection.post("/api/login/start", LoginStart(email), LoginKdf).kdf
        stretched = passwords.stretch(password, kdf, least)
        auth = b64encode(passwords.auth_key(stretched))
        who = connection.post("/api/login", Login(email, auth, totp), LoggedIn)
        return cls.opened(connection, who, passwords.wrap_key(stretched), kdf, now)

    @classmethod
    def opened(cls: type[M], connection: Connection, who: LoggedIn, wrap: bytes, kdf: Kdf, now: Clock) -> M:
        """Open the keys of the member who is logged in; a new grant is taken and kept. Raises as :meth:`log_in`."""
        told = connection.get("/api/membership", Membership)
        if told.state == "waiting":
            raise ReteamzError("member_waiting", "The owner has not confirmed you yet; ask them, then log in again.")
        text = connection.get("/api/bundle", BundleView).bundle
        bundle = open_bundle(text, wrap, who.account, who.member)
        if bundle_header(text).kdf != kdf:
            raise ReteamzError(
                "bundle_mismatch", "The server sent other keys than the log-in's; do not trust this server."
            )
        roster = fetch_roster(connection, bundle, told.owner)
        granted = bundle if told.grant is None else take_grant(bundle, told.owner, roster, told.grant)
        roster.require_bundle(granted)
        member = cls(connection, bundle, wrap, kdf, text, roster, now)
        if granted is not bundle:
            member._keep(msgspec.structs.replace(granted, roster=roster.head))
        return member

    def _keep(self, bundle: MemberBundle) -> None:
        """Wrap the keys again and store them. Raises ``bundle_conflict``."""
        text = seal_bundle(bundle, self._wrap, self._kdf)
        self.connection.send("PUT", "/api/bundle", BundlePut(text, sha256(self._text.encode())))
        self.bundle, self._text = bundle, text

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
        return entry_of(self.bundle, self.epoch, field, text)

    def view(self) -> AccountView:
        """Return the account as the server shows it."""
        return self.connection.get("/api/account", AccountView)

    def kit(self, code: str) -> Kit:
        """Return the recovery kit for a code of :func:`reteamz.crypto.recovery.new_code`."""
        return make_kit(self.bundle, code, self.connection.server)

    def change_password(self, old: str, new: str) -> None:
        """Wrap the keys by a new password. Raises ``login_failed`` when the old one is wrong."""
        old_auth = b64encode(passwords.auth_key(passwords.stretch(old, self._kdf)))
        kdf = passwords.new_kdf()
        stretched = passwords.stretch(new, kdf)
        wrap = passwords.wrap_key(stretched)
        text = seal_bundle(self.bundle, wrap, kdf)
        auth = b64encode(passwords.auth_key(stretched))
        put = BundlePut(text, sha256(self._text.encode()), kdf, auth, old_auth)
        self.connection.send("PUT", "/api/bundle", put)
        self._wrap, self._kdf, self._text = wrap, kdf, text

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def entry_of(bundle: MemberBundle, epoch: int, field: Field, text: str) -> str:
    """Return the token of a name under an epoch, its plain entry under epoch 0."""
    if not epoch:
        return plain_entry(field, text)
    return TokenCipher(b64decode(bundle.keyring[str(epoch)].master), epoch).encrypt(field, text)


def fetch_roster(connection: Connection, bundle: MemberBundle, owner: PublicOkp) -> TrustedRoster:
    """Return the newest roster, every version from the bundle's on verified (spec 3.3, 6.4).

    ``owner`` is the owner's key as the server says; the bundle knows its thumbprint.
    """
    if bundle.owner == thumbprint(bundle.identity.public()):
        owner = bundle.identity.public()
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
    return trusted
