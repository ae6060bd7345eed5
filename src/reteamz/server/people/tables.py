"""Tables of departments and who is in them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from reteamz.server.store.control import Base
from reteamz.server.store.control.names import ENTRY, NAME


class Department(Base):
    """A department; ``name`` is a label (token or plain entry)."""

    __tablename__ = "department"
    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(Text, info=ENTRY)


class Placement(Base):
    """A person, by id of the dictionary, is in a department."""

    __tablename__ = "placement"
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    person: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=NAME)
    department: Mapped[str] = mapped_column(ForeignKey("department.id", ondelete="CASCADE"), index=True)
