"""Tables of looks; times in milliseconds."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reteamz.server.store.control import Base
from reteamz.server.store.control.names import NAME


class Look(Base):
    """How often a member looked at a page on a day of the account, and whom it could show them.

    ``scope`` is ``all``, ``department`` (``subject`` names it, "" for several) or ``person``; ``LookPerson`` tells whom the last two meant.
    """

    __tablename__ = "look"
    __table_args__ = (UniqueConstraint("account", "day", "member", "page", "scope", "subject"),)
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"))
    day: Mapped[date]
    member: Mapped[str] = mapped_column(String(22))
    page: Mapped[str] = mapped_column(String(64))
    scope: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(22))
    first: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)
    count: Mapped[int]


class LookPerson(Base):
    """A person whom a look could show at the time."""

    __tablename__ = "look_person"
    look: Mapped[int] = mapped_column(ForeignKey("look.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"))
    person: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True, info=NAME)
