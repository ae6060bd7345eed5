"""What of past time becomes events: what was not told yet, as the policy of now allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from reteamz.agent.history.past import Brought, Past
from reteamz.agent.merge import DAY_MS, split_at_midnight
from reteamz.agent.policy import Policy
from reteamz.agent.samples import Event, Sample
from reteamz.agent.sessions.session import Session
from reteamz.agent.spool.spent import Span, free, union
from reteamz.wire.batch import ACTIVE
from reteamz.wire.errors import ReteamzError

_LONGEST_MS: Final = 14 * DAY_MS
"""Nobody looks at one window for longer."""


def checked(past: Sequence[Past], now: int) -> set[int]:
    """Return the days (since 1970, UTC) that past time touches. Raises ``input_invalid``."""
    for each in past:
        if not 0 <= each.start < each.end <= now or each.end - each.start > _LONGEST_MS or abs(each.offset) > 15 * 60:
            raise ReteamzError(
                "input_invalid", "Past time begins before it ends, and lies neither ahead nor weeks apart."
            )
    return {day for each in past for day in range(each.start // DAY_MS, each.end // DAY_MS + 1)}


def taken(past: Iterable[Past], known: list[Span], policy: Policy, session: Session) -> tuple[Brought, list[Event]]:
    """Return the events that past time becomes, and what became of all of it; ``known`` is the time that was told already."""
    brought, events = Brought(), []
    for each in past:
        parts = free(each.start, each.end, known)
        hours = [span for part in parts for span in policy.open_parts(*part, each.offset)]
        told = [event for part in hours for event in _events(each, part, policy, session)]
        length, fresh = sum(event.end - event.start for event in told), sum(end - start for start, end in parts)
        brought = brought.and_(Brought(len(told), length, each.end - each.start - fresh, fresh - length))
        events += told
        known = union([*known, *parts])
    return brought, events


def _events(past: Past, part: Span, policy: Policy, session: Session) -> list[Event]:
    start, end = part
    sample = Sample(
        start,
        ACTIVE,
        end - start,
        past.offset,
        person=session.person,
        app=past.app,
        title=past.title,
        url=past.url,
    )
    seen = policy.apply(sample)
    if seen is None:
        return []
    if not session.addresses:
        seen = msgspec.structs.replace(seen, url="")
    event = Event(
        start, end, seen.kind, seen.offset, seen.person, seen.app, seen.title, seen.site, seen.url, seen.document, 0
    )
    return split_at_midnight(event)
