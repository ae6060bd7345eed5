"""What somebody does who was invited: make keys, prove the code, wait, come in (spec 14)."""

from __future__ import annotations

from typing import Final

import httpx

from reteamz.crypto import kdf as passwords
from reteamz.crypto.bundle import new_bundle, new_id, seal_bundle
from reteamz.crypto.enrolment import EnrolmentCode, decode_code
from reteamz.crypto.membership import require_owner, sign_join
from reteamz.owner.http import Connection
from reteamz.owner.member import Clock, Member
from reteamz.wire.accounts import Kdf, LoggedIn
from reteamz.wire.encoding import b64encode
from reteamz.wire.jwk import thumbprint
from reteamz.wire.members import JoinOffer, JoinRequest, JoinStart


class Invited:
    """Somebody whose keys wait for the owner. Use :meth:`join`, then :meth:`enter` once the owner confirmed."""

    def __init__(self, connection: Connection, who: LoggedIn, wrap: bytes, kdf: Kdf, now: Clock) -> None:
        self.connection: Final = connection
        self.member: Final = who.member
        self._who = who
        self._wrap = wrap
        self._kdf = kdf
        self._now = now

    @classmethod
    def join(cls, code: str, email: str, password: str, now: Clock, http: httpx.Client | None = None) -> Invited:
        """Make all keys here and redeem the invitation; takes a second or two.

        Raises:
            ReteamzError: ``code_mistyped``, ``code_expired``, ``owner_mismatch``, ``ticket_unknown``, ``ticket_spent``, ``email_taken``.
        """
        told = decode_code(code, now())
        connection = Connection(told.server, http)
        try:
            return cls._join(connection, told, email, password, now)
        except BaseException:
            connection.close()
            raise

    @classmethod
    def _join(cls, connection: Connection, code: EnrolmentCode, email: str, password: str, now: Clock) -> Invited:
        owner = connection.post("/api/join/start", JoinStart(code.account, code.ticket), JoinOffer).owner
        require_owner(code, owner)
        bundle = new_bundle(code.account, new_id(), thumbprint(owner))
        kdf = passwords.new_kdf()
        stretched = passwords.stretch(password, kdf)
        wrap = passwords.wrap_key(stretched)
        post = JoinRequest(
            email=email,
            kdf=kdf,
            auth=b64encode(passwords.auth_key(stretched)),
            bundle=seal_bundle(bundle, wrap, kdf),
            join=sign_join(bundle, code),
        )
        connection.post("/api/join", post, LoggedIn)
        return cls(connection, LoggedIn(bundle.account, bundle.member), wrap, kdf, now)

    def enter(self) -> Member:
        """Open the keys that the owner granted. Raises ``member_waiting`` before that, and those of roster and grant."""
        return Member.opened(self.connection, self._who, self._wrap, self._kdf, self._now)
