"""Tables of rosters and grants."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from reteamz.server.store.control import Base


class RosterVersion(Base):
    """One version of an account's roster as it was signed."""

    __tablename__ = "roster"
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sha256: Mapped[str] = mapped_column(String(43))
    jws: Mapped[str] = mapped_column(Text)
    devices: Mapped[str] = mapped_column(Text)


class StoredGrant(Base):
    """The newest grant of a recipient (thumbprint of the exchange key)."""

    __tablename__ = "grant"
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    recipient: Mapped[str] = mapped_column(String(43), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    jws: Mapped[str] = mapped_column(Text)
