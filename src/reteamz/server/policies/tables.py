"""Table of policies."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from reteamz.server.store.control import Base


class PolicyVersion(Base):
    """One version of an account's policy as it was signed; ``signer`` is the settings key of ``member``, ``issued`` in milliseconds."""

    __tablename__ = "policy_version"
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sha256: Mapped[str] = mapped_column(String(43))
    jws: Mapped[str] = mapped_column(Text)
    signer: Mapped[dict[str, str]] = mapped_column(JSON)
    member: Mapped[str] = mapped_column(ForeignKey("member.id"))
    issued: Mapped[int] = mapped_column(BigInteger)
