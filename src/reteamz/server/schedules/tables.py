"""Tables of schedules, holidays and absences; days are local days."""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON, ForeignKey, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from reteamz.server.store.control import Base
from reteamz.server.store.control.names import ENTRY, NAME

EVERYWHERE = ""
"""Department of what holds in the whole account."""
EVERYBODY = 0
"""Person of a schedule that is not one person's."""


class Schedule(Base):
    """Working hours from a day on: of the account, of a department, or of a person (dictionary id).

    ``week`` has seven entries, Monday first: begin, end, break in minutes, or None; a week of None takes the less specific schedule.
    """

    __tablename__ = "schedule"
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    department: Mapped[str] = mapped_column(String(22), primary_key=True)
    person: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=NAME)
    since: Mapped[date] = mapped_column(primary_key=True)
    week: Mapped[list[list[int] | None] | None] = mapped_column(JSON(none_as_null=True))
    grace: Mapped[int] = mapped_column(SmallInteger)


class Holiday(Base):
    """A day without work in the account or in a department; ``name`` is a label (token or plain entry)."""

    __tablename__ = "holiday"
    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    department: Mapped[str] = mapped_column(String(22))
    day: Mapped[date]
    name: Mapped[str] = mapped_column(Text, info=ENTRY)


class Absence(Base):
    """Days on which a person (dictionary id) does not work; ``half`` "" for whole days, ``note`` a label or ""."""

    __tablename__ = "absence"
    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    person: Mapped[int] = mapped_column(info=NAME)
    first: Mapped[date]
    last: Mapped[date]
    kind: Mapped[str] = mapped_column(String(16))
    half: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text, info=ENTRY)
