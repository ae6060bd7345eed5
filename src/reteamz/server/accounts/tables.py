"""Tables of accounts, members and sessions; times in milliseconds."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from reteamz.server.store.control import Base
from reteamz.server.store.control.names import ENTRY, NAME
from reteamz.wire.members import MemberState
from reteamz.wire.roster import Right, Role


class Account(Base):
    """An account; mode and epoch follow its roster."""

    __tablename__ = "account"
    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    company: Mapped[str] = mapped_column(Text, info=ENTRY)
    timezone: Mapped[str] = mapped_column(String(64))
    mode: Mapped[str] = mapped_column(String(16))
    epoch: Mapped[int]
    created: Mapped[int] = mapped_column(BigInteger)


class Member(Base):
    """Somebody who logs in; role, rights and departments follow the roster.

    ``state`` is ``waiting`` before the owner confirmed, ``active`` or ``removed``. Of a removed member only keys and label are kept.
    """

    __tablename__ = "member"
    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    auth: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of the auth key (spec 2.2)."""
    kdf: Mapped[dict[str, object]] = mapped_column(JSON)
    bundle: Mapped[str] = mapped_column(Text)
    identity: Mapped[dict[str, str]] = mapped_column(JSON)
    settings: Mapped[dict[str, str]] = mapped_column(JSON)
    exchange: Mapped[dict[str, str]] = mapped_column(JSON)
    role: Mapped[Role] = mapped_column(String(16))
    state: Mapped[MemberState] = mapped_column(String(16))
    rights: Mapped[list[Right]] = mapped_column(JSON)
    departments: Mapped[list[str]] = mapped_column(JSON)
    totp: Mapped[str] = mapped_column(String(64), default="")
    """Secret of the authenticator, "" for none."""
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)
    """Last time step that a code was taken for: no code is taken twice (RFC 6238 §5.2)."""
    person: Mapped[int | None] = mapped_column(default=None, info=NAME)
    """Dictionary id of the person that an employee is: all that they see."""
    label: Mapped[str] = mapped_column(Text, default="", info=ENTRY)
    """How colleagues see a manager: a label (token or plain entry), "" for none."""
    ticket: Mapped[str] = mapped_column(String(22), default="")
    redemption: Mapped[int] = mapped_column(default=0)
    invitation: Mapped[str] = mapped_column(Text, default="")
    """The owner's signed invitation (spec 14.1)."""
    joining: Mapped[str] = mapped_column(Text, default="")
    """The new member's signed joining (spec 14.3)."""
    joined: Mapped[int] = mapped_column(BigInteger, default=0)


class Session(Base):
    """A log-in; ``id`` is the SHA-256 of the cookie in base64."""

    __tablename__ = "session"
    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    member: Mapped[str] = mapped_column(ForeignKey("member.id"), index=True)
    created: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[int] = mapped_column(BigInteger)
    expires: Mapped[int] = mapped_column(BigInteger)
    client: Mapped[str] = mapped_column(String(64))
