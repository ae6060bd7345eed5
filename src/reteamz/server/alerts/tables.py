"""Tables of alerts; times in milliseconds."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reteamz.server.store.control import Base
from reteamz.server.store.control.names import ENTRY, NAME

_Number = BigInteger().with_variant(Integer, "sqlite")


class AlertRule(Base):
    """What to look for. ``name`` is a label entry, ``department`` "" for the whole account.

    ``kind`` is as on the wire, but that a name it is about stands in ``about``: it follows when two entries turn out to be one.
    """

    __tablename__ = "alert_rule"
    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(Text, info=ENTRY)
    department: Mapped[str] = mapped_column(String(22))
    kind: Mapped[dict[str, Any]] = mapped_column(JSON)
    about: Mapped[int] = mapped_column(info=NAME)
    enabled: Mapped[bool]
    quiet: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    mail: Mapped[list[str]] = mapped_column(JSON)
    hook: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(String(43))
    hook_by: Mapped[str] = mapped_column(String(22))
    """The member who named the webhook, "" for none: it is called while they may change the rule."""
    since: Mapped[int] = mapped_column(BigInteger)
    """When it was made, or changed in what it looks for: it speaks of what happens from then on."""


class Alert(Base):
    """What a rule found; ``subject`` tells it from whatever else the rule found. Ids are of the dictionary, 0 for none.

    ``since`` and ``kind`` are the rule's when it found this: it may have been changed afterwards.
    """

    __tablename__ = "alert"
    __table_args__ = (UniqueConstraint("rule", "since", "subject"),)
    id: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    rule: Mapped[str] = mapped_column(ForeignKey("alert_rule.id", ondelete="CASCADE"), index=True)
    since: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[dict[str, Any]] = mapped_column(JSON)
    day: Mapped[date] = mapped_column(Date)
    subject: Mapped[str] = mapped_column(String(64))
    person: Mapped[int] = mapped_column(info=NAME)
    name: Mapped[int] = mapped_column(info=NAME)
    device: Mapped[str] = mapped_column(String(22))
    value: Mapped[int] = mapped_column(BigInteger)
    threshold: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger)


class AlertSeen(Base):
    """A member has seen an alert."""

    __tablename__ = "alert_seen"
    member: Mapped[str] = mapped_column(ForeignKey("member.id"), primary_key=True)
    alert: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("alert.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


class AlertDelivery(Base):
    """An alert on its way out. A mail is handed to the outbox when it is due, and ``mail`` is its number there from then on."""

    __tablename__ = "alert_delivery"
    id: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=True)
    alert: Mapped[int] = mapped_column(BigInteger, ForeignKey("alert.id", ondelete="CASCADE"), index=True)
    channel: Mapped[str] = mapped_column(String(8))
    member: Mapped[str] = mapped_column(String(22))
    state: Mapped[str] = mapped_column(String(16))
    since: Mapped[int] = mapped_column(BigInteger)
    """When the first try was due."""
    due: Mapped[int] = mapped_column(BigInteger, index=True)
    tries: Mapped[int]
    reason: Mapped[str] = mapped_column(String(200))
    mail: Mapped[int] = mapped_column(BigInteger)
    settled: Mapped[int] = mapped_column(BigInteger)
