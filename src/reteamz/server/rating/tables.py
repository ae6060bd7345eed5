"""Table of ratings."""

from __future__ import annotations

from sqlalchemy import ForeignKey, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from reteamz.server.store.control import Base
from reteamz.server.store.control.names import NAME

EVERYWHERE = ""
"""Department of a rating that holds in the whole account."""


class Rating(Base):
    """How an account, or one of its departments, rates a name (dictionary id); ``rating`` as spec 9.2."""

    __tablename__ = "rating"
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    department: Mapped[str] = mapped_column(String(22), primary_key=True)
    name: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=NAME)
    rating: Mapped[int] = mapped_column(SmallInteger)
