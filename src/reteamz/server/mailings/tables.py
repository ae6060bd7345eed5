"""Table of mailings; times in milliseconds, days are local days of the account."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from reteamz.server.store.control import Base
from reteamz.wire.mailings import Rhythm


class Mailing(Base):
    """A report that a member gets by mail. ``department`` is "" for everybody whom they may see."""

    __tablename__ = "mailing"
    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    member: Mapped[str] = mapped_column(ForeignKey("member.id"), index=True)
    rhythm: Mapped[Rhythm] = mapped_column(String(16))
    weekday: Mapped[int]
    day: Mapped[int]
    hour: Mapped[int]
    department: Mapped[str] = mapped_column(String(22))
    enabled: Mapped[bool]
    created: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int]
    """Counts changes: a report that was begun before one is not sent."""
    done: Mapped[date] = mapped_column(Date)
    """The last day on which it was due that is dealt with. A day, not a moment: clocks change."""
    due: Mapped[int] = mapped_column(BigInteger, index=True)
    """When it is due next."""
    first: Mapped[date | None] = mapped_column(Date)
    last: Mapped[date | None] = mapped_column(Date)
    """Days of the last report, also when it was left out."""
    sent: Mapped[int] = mapped_column(BigInteger)
    mail: Mapped[int] = mapped_column(BigInteger)
    """Its number in the outbox, 0 for none."""
    reason: Mapped[str] = mapped_column(String(200))
    """Why nothing was sent, "" when something was."""
