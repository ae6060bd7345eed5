"""Table of the audit log."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from reteamz.server.store.control import Base


class Audit(Base):
    """One entry; ``at`` in milliseconds, ``subject`` an identifier, never a name."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    at: Mapped[int] = mapped_column(BigInteger)
    member: Mapped[str] = mapped_column(String(22))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(64))
