"""Messages about alerts: rules, what they found, and what came of telling it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from reteamz.wire.accounts import EntryText
from reteamz.wire.encoding import Count, Id

RULES_MOST: Final = 200
"""Most rules of an account."""
HOOK_BYTES: Final = 2_000

DayMinutes = Annotated[int, msgspec.Meta(ge=0, le=24 * 60)]
Share = Annotated[int, msgspec.Meta(ge=0, le=100)]
TimeOfDay = Annotated[int, msgspec.Meta(ge=0, lt=24 * 60)]
"""Minutes from midnight."""
Side = Literal["above", "below"]
Delivery = Literal["waiting", "sent", "failed"]


class _Amount(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """More or less than an amount in a day: minutes, or per cent of what was tracked once that is ``least`` minutes."""

    side: Side = "above"
    measure: Literal["minutes", "share"] = "minutes"
    amount: DayMinutes
    least: DayMinutes = 60


class RatingTime(_Amount, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="rating"):
    """Time in a rating in a day (spec 9.2; 3 is uncategorised)."""

    rating: Annotated[int, msgspec.Meta(ge=0, le=3)]


class NameTime(_Amount, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="name"):
    """Time on a name (dictionary id) in a day."""

    name: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class FirstUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="first_use"):
    """A name of a field that the account never had before."""

    field: Literal["app", "site"]


class Idle(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="idle"):
    """Idle without a break for longer than some minutes of the working hours."""

    minutes: Annotated[int, msgspec.Meta(ge=1, le=24 * 60)]


class Absent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="absent"):
    """No activity until some minutes after the working hours began."""

    minutes: DayMinutes


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="late"):
    """First activity more than some minutes after begin and grace of the working hours."""

    minutes: DayMinutes


class Overtime(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="overtime"):
    """Work of a day more than some minutes beyond what the schedule expects."""

    minutes: DayMinutes


class Silent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="silent"):
    """A confirmed device that the server has not heard of for some hours."""

    hours: Annotated[int, msgspec.Meta(ge=1, le=24 * 90)]


class Unconfirmed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="unconfirmed"):
    """A device that waits for its confirmation for some minutes."""

    minutes: Annotated[int, msgspec.Meta(ge=1, le=24 * 60)]


class Fork(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="fork"):
    """A device sent another batch of a number that was stored (spec 9.9)."""


class Gap(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="gap"):
    """A device declared that batches which the server lost are lost for good (spec 9.8)."""


Kind = RatingTime | NameTime | FirstUse | Idle | Absent | Late | Overtime | Silent | Unconfirmed | Fork | Gap
KindName = Literal[
    "rating", "name", "first_use", "idle", "absent", "late", "overtime", "silent", "unconfirmed", "fork", "gap"
]


class QuietHours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Time of day, in the account's zone, in which mail and webhooks wait for the end; it may go past midnight."""

    begin: TimeOfDay
    end: TimeOfDay


class AlertRulePut(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule as a member wants it. ``name`` is a label; ``department`` None is the whole account; ``mail`` are members.

    ``hook`` is the address of a webhook, "" for none; ``new_secret`` makes the server give its secret out anew.
    """

    name: EntryText
    department: Id | None = None
    kind: Kind
    enabled: bool = True
    quiet: QuietHours | None = None
    mail: Annotated[list[Id], msgspec.Meta(max_length=50)] = msgspec.field(default_factory=list)
    hook: Annotated[str, msgspec.Meta(max_length=HOOK_BYTES)] = ""
    new_secret: bool = False


class AlertRuleView(msgspec.Struct, frozen=True, kw_only=True):
    """A rule. ``entry`` is the name of ``kind.name``; ``may_change`` whether the viewer may change it."""

    id: str
    name: str
    department: str | None
    kind: Kind
    entry: str
    enabled: bool
    quiet: QuietHours | None
    mail: list[str]
    hook: str
    since: int
    found: int
    failing: str
    may_change: bool


class AlertRuleMade(msgspec.Struct, frozen=True):
    """A rule that was stored. ``secret`` signs its webhooks and is told this once, "" when there is no new one."""

    id: str
    secret: str


class RecipientView(msgspec.Struct, frozen=True):
    """A member whom a rule may write to."""

    member: str
    email: str


class DeliveryView(msgspec.Struct, frozen=True):
    """What came of telling an alert. ``due`` is the next try, 0 for none; ``reason`` why the last one failed."""

    id: int
    channel: Literal["mail", "hook"]
    state: Delivery
    due: int
    tries: int
    reason: str


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule found. ``value`` and ``threshold`` are milliseconds, or per cent in tenths where ``unit`` says so.

    Attributes:
        rule_name, person_name, entry, computer: entries, "" where the alert has none.
        what, found, limit: the same in words, without names.
        link: the report that shows it, with the filter set; "" where the viewer has no such page.
    """

    id: int
    rule: str
    rule_name: str
    kind: KindName
    person: int
    person_name: str
    name: int
    entry: str
    device: str
    computer: str
    day: str
    value: int
    threshold: int
    unit: Literal["ms", "share", "time", "none"]
    side: Side
    what: str
    found: str
    limit: str
    at: int
    seen: bool
    link: str
    deliveries: list[DeliveryView]


class AlertPage(msgspec.Struct, frozen=True):
    """A page of the feed, newest first; ``unseen`` counts all, not this page's alone."""

    rows: list[AlertView]
    page: int
    pages: int
    count: int
    unseen: int


class AlertsSeen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Marks alerts as seen: those listed, or all up to ``until``."""

    ids: Annotated[list[Count], msgspec.Meta(max_length=500)] = msgspec.field(default_factory=list)
    until: Count = 0


class UnseenView(msgspec.Struct, frozen=True):
    """How many alerts the viewer has not seen; 100 stands for that many or more."""

    unseen: int


class HookRule(msgspec.Struct, frozen=True):
    """The rule of a webhook; ``entry`` is its name, a label."""

    id: str
    entry: str


class HookName(msgspec.Struct, frozen=True):
    """A name in a webhook: dictionary id, and its entry: a token, or the name in accounts that are not encrypted."""

    id: int
    entry: str


class HookDevice(msgspec.Struct, frozen=True):
    """A device in a webhook; ``computer`` is the entry of its name."""

    id: str
    computer: str


class AlertHook(msgspec.Struct, frozen=True, kw_only=True):
    """Body of a webhook (spec 15); ``value`` and ``threshold`` as in `AlertView`."""

    v: Literal[1] = 1
    id: int
    account: str
    rule: HookRule
    kind: KindName
    person: HookName | None
    name: HookName | None
    device: HookDevice | None
    day: str
    value: int
    threshold: int
    unit: Literal["ms", "share", "time", "none"]
    side: Side
    at: int
    link: str
