"""What a member changes of their own: keys, password, second factor."""

from __future__ import annotations

import hashlib
import hmac

import msgspec
import pyotp
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.access import Viewer
from reteamz.server.accounts.login import check_totp, totp_step
from reteamz.server.accounts.sessions import close_others
from reteamz.server.accounts.tables import Account, Member
from reteamz.server.alerts.feed import unseen_of
from reteamz.server.audit.record import record
from reteamz.server.roster.post import head_of, replace_bundle
from reteamz.wire.accounts import AccountView, BundlePut, Kdf, TotpEnable, TotpStart
from reteamz.wire.encoding import b64decode
from reteamz.wire.errors import ReteamzError


async def account_view(session: AsyncSession, viewer: Viewer) -> AccountView:
    """Return the viewer's account and themselves."""
    account = await session.get_one(Account, viewer.account)
    member = await session.get_one(Member, viewer.member)
    return AccountView(
        account=account.id,
        member=member.id,
        email=member.email,
        company=account.company,
        timezone=account.timezone,
        mode=account.mode,  # type: ignore[arg-type]  # written from a decoded roster only
        epoch=account.epoch,
        role=viewer.role,
        rights=sorted(viewer.rights),
        totp=bool(member.totp),
        roster=await head_of(session, account.id),
        kdf=Kdf(**member.kdf),  # type: ignore[arg-type]  # stored from a decoded Kdf
        alerts=await unseen_of(session, viewer),
    )


async def put_bundle(session: AsyncSession, viewer: Viewer, put: BundlePut, now: int) -> None:
    """Replace the viewer's bundle, with a new password where one is given; then other sessions end.

    Raises:
        ReteamzError: ``bundle_conflict``, ``login_failed`` when the password so far is wrong, ``input_invalid``.
    """
    member = await replace_bundle(session, viewer.member, put.base, put.bundle)
    if put.auth is None and put.kdf is None and put.old_auth is None:
        return
    if put.auth is None or put.kdf is None or put.old_auth is None:
        raise ReteamzError("input_invalid", "A new password needs the one so far; load the page again.")
    given = hashlib.sha256(b64decode(put.old_auth)).digest()
    if not hmac.compare_digest(given, member.auth):
        raise ReteamzError("login_failed", "The password so far is wrong; check it.")
    member.auth = hashlib.sha256(b64decode(put.auth)).digest()
    member.kdf = msgspec.to_builtins(put.kdf)
    await close_others(session, viewer)
    record(session, now, viewer.account, viewer.member, "password_changed")


async def start_totp(session: AsyncSession, viewer: Viewer) -> TotpStart:
    """Return a new secret for an authenticator; nothing is in force yet."""
    member = await session.get_one(Member, viewer.member)
    secret = pyotp.random_base32()
    return TotpStart(secret, pyotp.TOTP(secret).provisioning_uri(name=member.email, issuer_name="Reteamz"))


async def enable_totp(session: AsyncSession, viewer: Viewer, enable: TotpEnable, now: int) -> None:
    """Put a secret in force once it gave a right code. Raises ``totp_wrong``, ``input_invalid``."""
    member = await session.get_one(Member, viewer.member)
    if member.totp:
        raise ReteamzError("input_invalid", "A second factor is set up already; switch it off first.")
    step = totp_step(enable.secret, enable.code, now)
    if step is None:
        raise ReteamzError("totp_wrong", "The code is wrong; check the time of your device, then type the next code.")
    member.totp, member.totp_step = enable.secret, step
    await close_others(session, viewer)
    record(session, now, viewer.account, viewer.member, "second_factor_enabled")


async def disable_totp(session: AsyncSession, viewer: Viewer, code: str, now: int) -> None:
    """End the second factor. Raises ``totp_wrong``, ``input_invalid``."""
    member = await session.get_one(Member, viewer.member)
    if not member.totp:
        raise ReteamzError("input_invalid", "No second factor is set up.")
    check_totp(member, code, now)
    member.totp, member.totp_step = "", 0
    record(session, now, viewer.account, viewer.member, "second_factor_disabled")
