"""Tables of verdicts."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from reteamz.server.store.control import Base


class Judging(Base):
    """How far the names of an account were evaluated under a version of its rules.

    Names with ids up to ``judged`` were; at ``target`` the version comes into force, and its forerunner is forgotten.
    """

    __tablename__ = "judging"
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    judged: Mapped[int]
    target: Mapped[int]
    applied: Mapped[bool] = mapped_column(Boolean)


class Verdicts(Base):
    """Ranks (spec 12.8) of the names from id ``first`` on, one after the other, as little-endian 16-bit numbers; 0 matches no rule.

    ``fields`` are those of names that a rule matches, joined by spaces: reports need not read the others.
    """

    __tablename__ = "verdicts"
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    first: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fields: Mapped[str] = mapped_column(String(32))
    ranks: Mapped[bytes] = mapped_column(LargeBinary)
