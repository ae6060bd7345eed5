"""New accounts: everything that was made at the end must fit together (spec 2.4, 6)."""

from __future__ import annotations

import hashlib
from zoneinfo import available_timezones

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reteamz.server.accounts.tables import Account, Member
from reteamz.server.roster.check import check_first
from reteamz.server.roster.tables import RosterVersion
from reteamz.wire.accounts import Signup
from reteamz.wire.encoding import b64decode, sha256
from reteamz.wire.errors import ReteamzError
from reteamz.wire.jwk import rsa_key, thumbprint
from reteamz.wire.tokens import split_plain, split_token


def check_label(text: str, mode: str) -> None:
    """Require a label: a token in an encrypted account, a plain entry otherwise. Raises ``plain_refused``, ``token_malformed``."""
    token, plain = split_token(text), split_plain(text)
    if mode == "encrypted" and token is None:
        raise ReteamzError("plain_refused", "This account is encrypted: readable names are not taken; reload the page.")
    if (token and token[0] != "label") or (token is None and (plain is None or plain[0] != "label")):
        raise ReteamzError("token_malformed", "This is not a name of a label; reload the page.")


async def sign_up(session: AsyncSession, signup: Signup, now: int) -> Member:
    """Store a new account with its owner; ``now`` in milliseconds.

    Raises:
        ReteamzError: ``email_taken``, ``input_invalid``, and those of a roster that is not in order.
    """
    roster = check_first(signup.account, signup.identity, signup.roster, signup.devices)
    entry = next((found for found in roster.members if found.id == signup.member), None)
    keys = (signup.identity, signup.settings, signup.exchange)
    if (
        entry is None
        or len(roster.members) != 1
        or entry.role != "owner"
        or (entry.identity, entry.settings, entry.exchange) != tuple(thumbprint(key) for key in keys)
        or roster.mode != signup.mode
        or roster.devices.count
    ):
        raise ReteamzError("input_invalid", "The parts of the sign-up do not fit together; load the page again.")
    rsa_key(signup.exchange)
    if signup.timezone not in available_timezones():
        raise ReteamzError("input_invalid", "There is no such time zone; choose one such as Europe/Berlin.")
    check_label(signup.company, signup.mode)
    email = signup.email.lower()
    taken = await session.scalar(select(Member.id).where(Member.email == email))
    known = await session.get(Account, signup.account)
    if taken or known:
        raise ReteamzError("email_taken", "There is an account for this address; log in, or use another address.")
    session.add(
        Account(
            id=signup.account,
            company=signup.company,
            timezone=signup.timezone,
            mode=roster.mode,
            epoch=roster.epoch,
            created=now,
        )
    )
    member = Member(
        id=signup.member,
        account=signup.account,
        email=email,
        auth=hashlib.sha256(b64decode(signup.auth)).digest(),
        kdf=msgspec.to_builtins(signup.kdf),
        bundle=signup.bundle,
        identity=msgspec.to_builtins(signup.identity),
        settings=msgspec.to_builtins(signup.settings),
        exchange=msgspec.to_builtins(signup.exchange),
        role="owner",
        state="active",
        rights=list(entry.rights),
        departments=[],
        totp="",
        totp_step=0,
    )
    # The foreign keys name each other's tables: write the account first.
    await session.flush()
    session.add(member)
    session.add(
        RosterVersion(
            account=signup.account,
            version=1,
            sha256=sha256(signup.roster.encode()),
            jws=signup.roster,
            devices=signup.devices,
        )
    )
    await session.flush()
    return member
