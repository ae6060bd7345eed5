"""Table of outgoing mail; times in milliseconds."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from reteamz.server.store.control import Base
from reteamz.server.store.control.names import PROSE


class OutgoingMail(Base):
    """A mail; ``state`` is waiting, sent or failed. What was in it is dropped once it is settled."""

    __tablename__ = "outgoing_mail"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    recipient: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text, info=PROSE)
    html: Mapped[str] = mapped_column(Text, info=PROSE)
    queued: Mapped[int] = mapped_column(BigInteger)
    due: Mapped[int] = mapped_column(BigInteger, index=True)
    tries: Mapped[int] = mapped_column(default=0)
    state: Mapped[Literal["waiting", "sent", "failed"]] = mapped_column(String(16), default="waiting")
    reason: Mapped[str] = mapped_column(String(200), default="")
    """Why the last try failed, for people."""
    settled: Mapped[int] = mapped_column(BigInteger, default=0)
