"""Tables of erased history; times in milliseconds."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from reteamz.server.store.control import Base


class StoredPrune(Base):
    """The newest prune of an account as it was signed (spec 13.3)."""

    __tablename__ = "prune"
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(43))
    jws: Mapped[str] = mapped_column(Text)


class Erasure(Base):
    """How far the erasure of an account's plain names is; ``files`` are those that still hold some, by their place in the data folder."""

    __tablename__ = "erasure"
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    at: Mapped[int] = mapped_column(BigInteger)
    member: Mapped[str] = mapped_column(String(22))
    files: Mapped[list[str]] = mapped_column(JSON)
