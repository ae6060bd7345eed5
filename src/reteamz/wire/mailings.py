"""Messages about mailings: reports that are mailed to a member when a day, a week or a month is over."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

import msgspec

from reteamz.wire.encoding import Id

MAILINGS_MOST: Final = 20
"""Most mailings of a member."""

Rhythm = Literal["daily", "weekly", "monthly"]
MailState = Literal["none", "waiting", "sent", "failed"]
Weekday = Annotated[int, msgspec.Meta(ge=0, le=6)]
"""Monday is 0."""
MonthDay = Annotated[int, msgspec.Meta(ge=1, le=28)]
"""A day that every month has."""
Hour = Annotated[int, msgspec.Meta(ge=0, le=23)]


class MailingPut(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a report goes out, in the account's zone, and of whom it speaks.

    ``weekday`` is that of a weekly one, ``day`` that of a monthly one; ``department`` None is everybody whom the member may see.
    """

    rhythm: Rhythm
    weekday: Weekday = 0
    day: MonthDay = 1
    hour: Hour = 7
    department: Id | None = None
    enabled: bool = True


class MailingView(msgspec.Struct, frozen=True, kw_only=True):
    """A mailing and what came of it.

    Attributes:
        member, email: who receives it; ``own`` whether that is who asks.
        next: when the next one goes out, in milliseconds, 0 for none.
        first, last: days of the last one, also when it was left out; None before there was one.
        sent: when the last one was written or left out, in milliseconds, 0 for never.
        state: of the last mail; "none" before there was one.
        due: when its next try is, 0 for none.
        reason: why the last try failed, or why nothing was sent.
    """

    id: str
    member: str
    email: str
    own: bool
    rhythm: Rhythm
    weekday: int
    day: int
    hour: int
    department: str | None
    enabled: bool
    next: int
    first: date | None
    last: date | None
    sent: int
    state: MailState
    due: int
    reason: str
