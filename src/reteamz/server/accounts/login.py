"""Log-in without sending the password, and without telling whether an address exists (spec 2.2)."""

from __future__ import annotations

import hashlib
import hmac

import pyotp
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.tables import Member
from reteamz.wire import limits
from reteamz.wire.accounts import Kdf, Login
from reteamz.wire.encoding import b64decode, b64encode
from reteamz.wire.errors import ReteamzError

STEP_S = 30
"""Time step of an authenticator, in seconds (RFC 6238)."""


async def kdf_of(session: AsyncSession, email: str, secret: bytes) -> Kdf:
    """Return how to stretch the password of an address; for an unknown one a salt that stays the same."""
    kdf = await session.scalar(select(Member.kdf).where(Member.email == email.lower(), Member.state != "removed"))
    # Made in both cases, so that both take the same work.
    fake = hmac.digest(secret, b"reteamz/salt\0" + email.lower().encode(), "sha256")[:16]
    if kdf is None:
        return Kdf("PBKDF2-SHA256", b64encode(fake), limits.KDF_ITERATIONS)
    return Kdf(**kdf)  # type: ignore[arg-type]  # stored from a decoded Kdf


async def authenticate(session: AsyncSession, login: Login, now: int) -> Member:
    """Return the member whose auth key this is; ``now`` in milliseconds.

    Raises:
        ReteamzError: ``login_failed`` for an unknown address and for a wrong password alike, ``totp_required``, ``totp_wrong``.
    """
    member = await session.scalar(select(Member).where(Member.email == login.email.lower(), Member.state != "removed"))
    given = hashlib.sha256(b64decode(login.auth)).digest()
    known = member.auth if member is not None else bytes(32)
    if not hmac.compare_digest(given, known) or member is None:
        raise ReteamzError("login_failed", "Address or password is wrong; check both.")
    if member.totp:
        if login.totp is None:
            raise ReteamzError("totp_required", "Type the code that your authenticator shows.")
        check_totp(member, login.totp, now)
    return member


def check_totp(member: Member, code: str, now: int) -> None:
    """Take a code of the member's authenticator, once, one step early or late. Raises ``totp_wrong``."""
    step = totp_step(member.totp, code, now)
    if step is None or step <= member.totp_step:
        raise ReteamzError("totp_wrong", "The code is wrong or was used before; wait for the next one.")
    member.totp_step = step


def totp_step(secret: str, code: str, now: int) -> int | None:
    """Return the time step whose code this is, None for none near ``now`` (ms)."""
    current = now // 1000 // STEP_S
    maker = pyotp.HOTP(secret)
    return next(
        (step for step in (current, current - 1, current + 1) if hmac.compare_digest(maker.at(step), code)), None
    )
