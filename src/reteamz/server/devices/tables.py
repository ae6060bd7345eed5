"""Tables of tickets and devices; times in milliseconds."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from reteamz.server.store.control import Base
from reteamz.server.store.control.names import ENTRY


class Ticket(Base):
    """What the server knows of an enrolment code (spec 7.5)."""

    __tablename__ = "ticket"
    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    type: Mapped[str] = mapped_column(String(16))
    expires: Mapped[int] = mapped_column(BigInteger)
    uses: Mapped[int]
    redemptions: Mapped[int] = mapped_column(default=0)
    invitation: Mapped[str] = mapped_column(Text, default="")
    """What the owner signed for the one who redeems a ticket of type ``member`` (spec 14.1)."""
    label: Mapped[str] = mapped_column(Text, default="", info=ENTRY)
    """How colleagues will see an invited manager (token or plain entry)."""


class Device(Base):
    """A computer with an agent. ``computer`` is its name as a token or plain entry, "" before it was told."""

    __tablename__ = "device"
    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    signing: Mapped[dict[str, str]] = mapped_column(JSON)
    exchange: Mapped[dict[str, str]] = mapped_column(JSON)
    signing_print: Mapped[str] = mapped_column(String(43))
    exchange_print: Mapped[str] = mapped_column(String(43))
    platform: Mapped[str] = mapped_column(String(16))
    ticket: Mapped[str] = mapped_column(String(22))
    redemption: Mapped[int]
    mac: Mapped[str] = mapped_column(String(43))
    redeemed: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[int] = mapped_column(BigInteger, default=0)
    version: Mapped[str] = mapped_column(String(64), default="")
    computer: Mapped[str] = mapped_column(Text, default="", info=ENTRY)
